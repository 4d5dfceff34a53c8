//! What becomes of targets when their files change, break and go.

use exposition::{Collector as _, Registry};
use host::clock::SimulatedClock;
use host::fs::SimulatedFs;

use super::*;

struct Fixture {
    fs: SimulatedFs,
    registry: Registry,
    provider: FileProvider,
    /// What the last look found wrong.
    faults: Vec<String>,
}

fn fixture(patterns: &[&str]) -> Fixture {
    let fs = SimulatedFs::default();
    fs.create_dir_all(Path::new("/t")).unwrap();
    let registry = Registry::new();
    let discovery = FileDiscovery {
        files: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        refresh_interval: Duration::from_secs(300),
    };
    let clock = Arc::new(SimulatedClock::at(0));
    let metrics = FileMetrics::new(&registry);
    let provider = FileProvider::new(discovery, Arc::new(fs.clone()), clock, metrics);
    Fixture {
        fs,
        registry,
        provider,
        faults: Vec::new(),
    }
}

impl Fixture {
    fn write(&self, path: &str, text: &str) {
        self.fs.write(Path::new(path), text.as_bytes()).unwrap();
    }

    /// The groups after another look, as source, addresses and labels.
    fn refresh(&mut self) -> Vec<String> {
        self.faults = self.provider.refresh();
        let show = |group: &TargetGroup| {
            let addresses = group
                .targets
                .iter()
                .filter_map(|target| target.get("__address__"));
            let addresses: Vec<_> = addresses.collect();
            format!("{} {}{}", group.source, addresses.join(","), group.labels)
        };
        self.provider.groups().iter().map(show).collect()
    }

    fn read_errors(&self) -> f64 {
        self.provider.metrics.read_errors.get()
    }

    fn has_modified(&self, file: &str) -> bool {
        let mut families = Vec::new();
        self.registry.collect(&mut families);
        let family = families
            .iter()
            .find(|f| f.name == "prometheus_sd_file_mtime_seconds");
        family.is_some_and(|f| {
            f.metrics
                .iter()
                .any(|m| m.labels.iter().any(|(_, v)| v == file))
        })
    }
}

const A: &str = r#"/t/a.yml:0 web:1{__meta_filepath="/t/a.yml", zone="x"}"#;
const B: &str = r#"/t/b.json:0 web:2,web:3{__meta_filepath="/t/b.json"}"#;

#[test]
fn groups_of_all_files_are_found() {
    let mut fixture = fixture(&["/t/*.yml", "/t/b.json"]);
    assert_eq!(fixture.refresh(), Vec::<String>::new());
    fixture.write("/t/a.yml", "- targets: ['web:1']\n  labels: {zone: x}\n");
    fixture.write("/t/b.json", r#"[{"targets": ["web:2", "web:3"]}]"#);
    assert_eq!(fixture.refresh(), [A, B]);
    assert!(fixture.has_modified("/t/a.yml"));
    assert_eq!(fixture.read_errors(), 0.0);
}

#[test]
fn a_broken_file_keeps_its_last_targets_and_counts() {
    let mut fixture = fixture(&["/t/*"]);
    fixture.write("/t/a.yml", "- targets: ['web:1']\n  labels: {zone: x}\n");
    assert_eq!(fixture.refresh(), [A]);
    for (errors, broken) in [
        (1.0, "- tragets: []"),
        (2.0, "[null]"),
        (3.0, "{"),
        (4.0, "- 1"),
    ] {
        fixture.write("/t/a.yml", broken);
        assert_eq!(fixture.refresh(), [A], "{broken}");
        assert_eq!(fixture.read_errors(), errors);
        assert!(fixture.faults[0].starts_with("/t/a.yml:"), "{broken}");
    }
    fixture.write("/t/a.yml", "[]");
    assert_eq!(fixture.refresh(), Vec::<String>::new());
    assert_eq!(fixture.faults, Vec::<String>::new());
}

#[test]
fn a_file_that_is_gone_takes_its_targets_along() {
    let mut fixture = fixture(&["/t/a.yml", "/t/*.json"]);
    fixture.write("/t/a.yml", "- targets: ['web:1']\n  labels: {zone: x}\n");
    fixture.write("/t/b.json", r#"[{"targets": ["web:2", "web:3"]}]"#);
    assert_eq!(fixture.refresh(), [A, B]);
    fixture.fs.remove_file(Path::new("/t/a.yml")).unwrap();
    assert_eq!(fixture.refresh(), [B]);
    assert!(!fixture.has_modified("/t/a.yml"));
    assert_eq!(fixture.read_errors(), 0.0);
}

#[test]
fn what_is_wrong_is_told_with_file_and_place() {
    let fixture = fixture(&["/t/a.yml"]);
    fixture.write("/t/a.yml", "- targets: ['web:1']\n  label: {}\n");
    let error = fixture
        .provider
        .read(Path::new("/t/a.yml"))
        .unwrap_err()
        .to_string();
    let want = "/t/a.yml:2:3: unknown key \"label\": did you mean \"labels\"?";
    assert!(error.starts_with(want), "{error}");
}
