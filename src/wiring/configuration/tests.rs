//! A reload takes a configuration exactly when a fresh start takes it, and takes it whole.

use std::path::Path;
use std::sync::Arc;

use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;

use super::*;

/// Seeded random numbers, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Values that fit some keys and not others.
const VALUES: [&str; 14] = [
    "", "0", "-1", "abc", "[]", "{}", "1h", "5MB", "true", "null", "'x'", "[a, b]", "{a: b}", "*",
];

/// A file with one or two faults, or none.
fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=dice.below(2) {
        let index = dice.below(lines.len());
        let other = dice.below(lines.len());
        match dice.below(7) {
            0 => drop(lines.remove(index)),
            1 => lines.insert(other, lines[index].clone()),
            2 => lines.swap(index, other),
            3 => lines[index].insert_str(0, "  "),
            4 => lines[index] = lines[index].trim_start().to_owned(),
            5 => lines.truncate(index + 1),
            _ => {
                let key = lines[index].split(':').next().unwrap_or_default();
                lines[index] = format!("{key}: {}", VALUES[dice.below(VALUES.len())]);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

/// Configurations that load, to begin with.
fn valid(fs: &RealFs, folder: &Path) -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/configuration");
    let entries = fs.read_dir(&corpus).unwrap();
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort();
    let texts = names
        .iter()
        .filter_map(|name| String::from_utf8(fs.read(&corpus.join(name)).unwrap()).ok());
    let path = folder.join("valid.yml");
    texts
        .filter(|text| {
            fs.write(&path, text.as_bytes()).unwrap();
            let source = ConfigSource::File(path.clone());
            text.lines().count() > 3 && source.load(fs, RETENTION).is_ok()
        })
        .collect()
}

#[test]
fn a_reload_takes_what_a_start_takes() {
    let (fs, folder) = (RealFs, tempfile::tempdir().unwrap());
    let jobs = "scrape_configs:\n- job_name: further\n  static_configs:\n  - targets: [a]\n";
    fs.write(&folder.path().join("jobs.yml"), jobs.as_bytes())
        .unwrap();
    let mut bases = valid(&fs, folder.path());
    let rules = "groups: [{name: g, rules: [{record: a:b, expr: sum(up)}]}]\n";
    fs.write(&folder.path().join("rules.yml"), rules.as_bytes())
        .unwrap();
    bases.push("rule_files:\n- rules.yml\n- r*.yml\nglobal:\n  scrape_interval: 1m\n".to_owned());
    bases.push(format!(
        "scrape_config_files:\n- jobs.yml\n{}",
        jobs.replace("further", "own")
    ));
    assert!(bases.len() > 4, "{} valid files", bases.len());

    let running = ConfigSource::File(folder.path().join("prometheus.yml"));
    let shown = Shown::new(Arc::new(RealClock::default()), &Registry::new());
    let shows = |shown: &Shown| shown.state().read().unwrap().yaml.clone();
    let (mut dice, mut taken, mut refused) = (Dice(0x9e37_79b9_7f4a_7c15), 0, 0);
    for round in 0..300 {
        let base = dice.below(bases.len());
        let text = mutated(&bases[base], &mut dice);
        let ConfigSource::File(path) = &running else {
            unreachable!("it is a file")
        };
        fs.write(path, text.as_bytes()).unwrap();
        let before = shows(&shown);
        let start = load(&fs, &running.clone());
        let mut applied = Vec::new();
        let reload = take(
            &shown,
            || load(&fs, &running),
            |config, groups| applied.push((config.to_yaml(), groups)),
        );
        assert_eq!(
            reload.is_ok(),
            start.is_ok(),
            "round {round}: {reload:?}\n{text}"
        );
        match start {
            Ok((config, groups)) => {
                assert_eq!(applied, [(config.to_yaml(), groups)], "round {round}");
                assert_eq!(shows(&shown), config.to_yaml(), "round {round}");
                taken += 1;
            }
            Err(_) => {
                assert!(applied.is_empty(), "round {round}");
                assert_eq!(shows(&shown), before, "round {round}");
                assert!(!shown.state().read().unwrap().reload_success);
                refused += 1;
            }
        }
    }
    assert!(
        taken > 40 && refused > 40,
        "{taken} taken, {refused} refused"
    );
}

/// Reads the configuration and the files of rules that it names, as a start does.
fn load(fs: &RealFs, source: &ConfigSource) -> anyhow::Result<(Config, usize)> {
    let config = source.load(fs, RETENTION)?;
    let options = ::rules::load::LoadOptions::default();
    let files = ::rules::load::files(fs, &config.rule_files, &options)?;
    Ok((config, files.len()))
}

const RETENTION: Retention = Retention {
    time: 1000,
    size: 0,
    percentage: 0.0,
};
