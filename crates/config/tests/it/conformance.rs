//! Upstream's own good and bad configuration and target files, from the conformance data outside
//! this repository.

use std::collections::BTreeMap;
use std::fs::read_dir;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::discovery::parse_target_file;
use config::{Problems, server};

/// A folder of the conformance data; `None`, with a line that says so, when it is not there.
fn conformance(folder: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = std::env::var_os("NARTHEX_CONFORMANCE")
        .map_or_else(|| workspace.join("../shared/conformance"), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no conformance data in {}", path.display());
    None
}

fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    #[allow(
        clippy::disallowed_types,
        reason = "a test reads its data without a host"
    )]
    let mut file = std::fs::File::open(path).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// (name, text) of the files in a folder whose names end so, sorted.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut found: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name.ends_with(ending))
        .map(|(name, path)| (name, read(&path)))
        .collect();
    found.sort();
    found
}

/// Reads as the file's name says: for an agent or a server.
fn load(name: &str, text: &str) -> Result<server::Config, Problems> {
    match name.starts_with("agent_mode.") {
        true => server::load_for_agent(text, name, |_| None),
        false => server::load(text, name, |_| None),
    }
}

/// As a server starts: with the jobs of further files.
fn load_fully(folder: &Path, name: &str, text: &str) -> Result<server::Config, Problems> {
    let mut config = load(name, text)?;
    for file in config.scrape_config_files.clone() {
        if !file.contains('*') {
            config.add_jobs(&read(&folder.join(&file)), &file)?;
        }
    }
    Ok(config)
}

/// Good files that are not named so, and those that only a server refuses which is an agent, or which
/// cannot take what they ask for, with its words.
const OTHERS: [(&str, Option<&str>); 14] = [
    (
        "agent_mode.with_alert_manager.yml",
        Some("field alerting is not allowed in agent mode"),
    ),
    (
        "agent_mode.with_alert_relabels.yml",
        Some("field alerting is not allowed in agent mode"),
    ),
    (
        "agent_mode.with_remote_reads.yml",
        Some("field remote_read is not allowed in agent mode"),
    ),
    (
        "agent_mode.with_rule_files.yml",
        Some("field rule_files is not allowed in agent mode"),
    ),
    ("agent_mode.without_remote_writes.yml", None),
    (
        "config_with_deprecated_am_api_config.yml",
        Some("expected Alertmanager api version to be one of [v2] but got v1"),
    ),
    (
        "otlp_allow_utf8.incompatible.yml",
        Some("is not allowed when UTF8 is disabled"),
    ),
    ("otlp_empty.yml", None),
    (
        "otlp_no_translation.incompatible.yml",
        Some("is not allowed when UTF8 is disabled"),
    ),
    ("scrape_config_default_validation_mode.yml", None),
    ("scrape_config_global_validation_mode.yml", None),
    ("scrape_config_local_global_validation_mode.yml", None),
    ("scrape_config_local_infer_escaping.yml", None),
    ("scrape_config_local_validation_mode.yml", None),
];

#[test]
fn good_files_load_and_print_themselves() {
    let Some(folder) = conformance("prometheus-config") else {
        return;
    };
    let good = files(&folder, ".good.yml");
    assert_eq!(good.len(), 54);
    let mut wrong = Vec::new();
    for (name, text) in &good {
        match load_fully(&folder, name, text) {
            Ok(config) => check_print(name, &config),
            Err(problems) => wrong.push(problems.to_string()),
        }
    }
    println!("good files: {} loaded", good.len() - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is printed loads again and prints the same, but for the settings that upstream leaves out when
/// they are false. What external labels got from the environment would be replaced again, so files
/// with such values print only.
fn check_print(name: &str, config: &server::Config) {
    let printed = config.to_yaml();
    let labels = &config.global.external_labels;
    if labels.iter().any(|(_, value)| value.contains('$')) {
        return;
    }
    let again = load("printed.yml", &printed);
    let again = again
        .map_err(|problems| format!("{name} prints\n{printed}\n{problems}"))
        .unwrap();
    let left_out = LEFT_OUT.contains(&name);
    assert_eq!(again.to_yaml() == printed, !left_out, "{name}\n{printed}");
}

/// Files with settings that are not printed, so that their defaults hold when the print is loaded.
const LEFT_OUT: [&str; 2] = [
    "otlp_label_underscore_sanitization_disabled.good.yml",
    "otlp_sanitize_default_resource_attributes.good.yml",
];

#[test]
fn other_files_load_or_are_refused_in_upstreams_words() {
    let Some(folder) = conformance("prometheus-config") else {
        return;
    };
    for (name, words) in OTHERS {
        let outcome = load_fully(&folder, name, &read(&folder.join(name)));
        match (outcome, words) {
            (Ok(config), None) => check_print(name, &config),
            (Err(problems), Some(words)) => assert!(tells(&problems, words), "{problems}"),
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
}

#[test]
fn bad_files_are_refused_in_upstreams_words() {
    let Some(folder) = conformance("prometheus-config") else {
        return;
    };
    let table = read(&folder.join("expected-errors.tsv"));
    let rows = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once('\t'));
    let expected: BTreeMap<&str, &str> = rows.collect();
    let bad = files(&folder, ".bad.yml");
    assert_eq!(bad.len(), 147);
    let mut wrong = Vec::new();
    for (name, text) in &bad {
        // Upstream says in front which file it was reading; ours do so with line and column.
        let words = expected.get(name.as_str()).copied().unwrap_or_default();
        let in_file = format!("parsing YAML file testdata/{name}: ");
        let words = words.strip_prefix(&in_file).unwrap_or(words);
        match load_fully(&folder, name, text) {
            Ok(_) => wrong.push(format!("{name}: loaded, but wanted: {words}")),
            Err(problems) if tells(&problems, words) => {}
            Err(problems) => wrong.push(format!("{problems}\n    wanted: {words}")),
        }
    }
    println!("bad files: {} refused as upstream", bad.len() - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// True if one of the problems has these words, and a place.
fn tells(problems: &Problems, words: &str) -> bool {
    let told = |problem: &config::Problem| problem.message.contains(words) && problem.line > 0;
    problems.0.iter().any(told)
}

#[test]
fn examples_load() {
    let Some(folder) = conformance("examples") else {
        return;
    };
    for (name, text) in files(&folder, ".yml") {
        match load(&name, &text) {
            Ok(config) => check_print(&name, &config),
            Err(problems) => panic!("{problems}"),
        }
    }
}

#[test]
fn target_files_are_accepted_or_refused() {
    let Some(folder) = conformance("file-sd") else {
        return;
    };
    for ending in [".json", ".yml"] {
        for (name, text) in files(&folder, ending) {
            let outcome = parse_target_file(&text, &name);
            assert_eq!(
                outcome.is_ok(),
                name.starts_with("valid"),
                "{name}: {outcome:?}"
            );
        }
    }
}
