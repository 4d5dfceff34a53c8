//! Outside test data: rule files are taken and refused, unit tests pass and fail, as upstream.

use std::path::{Path, PathBuf};

use host::Fs as _;
use host::fs::RealFs;
use host::fs::glob::glob;
use promql::parser::ParseOptions;
use rules::load::{LoadOptions, load_text};

use crate::shipped::failures;

/// A folder of the outside test data; `None`, with a line that says so, when it is not there.
fn conformance(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let root = std::env::var_os("NARTHEX_CONFORMANCE").map_or(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no outside test data in {}", path.display());
    None
}

fn read(path: &Path) -> String {
    String::from_utf8(RealFs.read(path).unwrap()).unwrap()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    glob(&RealFs, &folder.join("*.y*ml").display().to_string()).unwrap()
}

/// What is wrong with a file of rules.
fn faults(path: &Path) -> Option<String> {
    let options = LoadOptions::default();
    let loaded = load_text(&read(path), &path.display().to_string(), &options);
    loaded.err().map(|problems| problems.to_string())
}

#[test]
fn rule_files_are_taken_and_refused_in_upstreams_words() {
    let Some(folder) = conformance("rule-files") else {
        return;
    };
    let expected = read(&folder.join("expected-errors.tsv"));
    let words: Vec<(&str, &str)> = expected
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some((columns.next()?, columns.next()?))
        })
        .collect();
    let mut count = 0;
    for path in yaml_files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let told = faults(&path);
        count += 1;
        // Refused under the legacy scheme of names only.
        if !name.contains(".bad.") || name.starts_with("legacy_validation") {
            assert_eq!(told, None, "{name}");
            continue;
        }
        let told = told.unwrap_or_else(|| panic!("{name} is taken"));
        let (_, want) = words.iter().find(|(file, _)| *file == name).unwrap();
        assert!(told.contains(want), "{name}: {told}");
    }
    println!("{count} rule files");
}

#[test]
fn fixtures_are_taken_but_for_the_invalid_one() {
    let Some(folder) = conformance("rules") else {
        return;
    };
    for path in yaml_files(&folder) {
        let is_invalid = path.ends_with("invalid_rules.yaml");
        assert_eq!(faults(&path).is_some(), is_invalid, "{}", path.display());
    }
}

#[test]
fn unit_tests_pass_and_fail_as_upstream() {
    let (Some(promtool), Some(mixin)) = (conformance("promtool"), conformance("rule-tests")) else {
        return;
    };
    let passing = [
        "unittest.yml",
        "long-period.yml",
        "start-time-test.yml",
        "no-test-group-interval.yml",
        "at-modifier-test.yml",
        "negative-offset-test.yml",
    ];
    let failing = [
        "failing.yml",
        "bad-input-series.yml",
        "bad-promql.yml",
        "bad-rules-error-test.yml",
        "bad-rules-syntax-test.yml",
        "rules_run.yml",
        "rules_run_extrafields.yml",
        "rules_run_fuzzy.yml",
        "rules_run_no_fuzzy.yml",
    ];
    let run = |path: &Path| failures(path, false, ParseOptions::default());
    for name in passing {
        assert_eq!(run(&promtool.join(name)), [""; 0], "{name}");
    }
    for name in failing {
        assert!(!run(&promtool.join(name)).is_empty(), "{name} passes");
    }
    let lenient = failures(
        &promtool.join("rules_run_extrafields.yml"),
        true,
        ParseOptions::default(),
    );
    assert_eq!(lenient, [""; 0]);
    let tests = [
        mixin.join("ksm-alerts-test.yaml"),
        mixin.join("kubernetes-mixin/tests.yaml"),
    ];
    let more = glob(
        &RealFs,
        &mixin
            .join("kubernetes-mixin/*-test.yaml")
            .display()
            .to_string(),
    );
    for path in tests.into_iter().chain(more.unwrap()) {
        assert_eq!(run(&path), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_rules_of_kube_prometheus_are_taken() {
    let Some(folder) = conformance("kube-prometheus/manifests") else {
        return;
    };
    let mut count = 0;
    for path in yaml_files(&folder) {
        let text = read(&path);
        if !text.contains("kind: PrometheusRule") {
            continue;
        }
        // The rules stand in a resource, below `spec:` and deeper by two blanks.
        let (_, spec) = text.split_once("\nspec:\n").unwrap();
        let rules: Vec<&str> = spec
            .lines()
            .map(|line| line.strip_prefix("  ").unwrap_or(line))
            .collect();
        let loaded = load_text(&rules.join("\n"), "rules", &LoadOptions::default());
        assert!(
            loaded.is_ok(),
            "{}: {}",
            path.display(),
            loaded.unwrap_err()
        );
        count += 1;
    }
    assert_eq!(count, 8);
}
