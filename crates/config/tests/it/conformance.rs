//! Upstream's own good and bad configuration and target files, from the conformance data outside
//! this repository. Files that need keys of later versions are counted, not judged.

use std::collections::BTreeMap;
use std::fs::read_dir;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::discovery::parse_target_file;
use config::{ProblemKind, Problems, server};

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

fn load(name: &str, text: &str) -> Result<server::Config, Problems> {
    server::load(text, name, |_| None)
}

fn needs_later_version(problems: &Problems) -> bool {
    problems
        .0
        .iter()
        .any(|problem| problem.kind == ProblemKind::Unsupported)
}

#[test]
fn good_files_load_and_print_themselves() {
    let Some(folder) = conformance("prometheus-config") else {
        return;
    };
    let (mut loaded, mut later, mut wrong) = (0, 0, Vec::new());
    for (name, text) in files(&folder, ".good.yml") {
        match load(&name, &text) {
            Ok(config) => {
                let printed = config.to_yaml();
                let again = load("printed.yml", &printed);
                assert_eq!(again.as_ref(), Ok(&config), "{name} printed as\n{printed}");
                loaded += 1;
            }
            Err(problems) if needs_later_version(&problems) => {
                let invalid = problems.0.iter().filter(|p| p.kind == ProblemKind::Invalid);
                wrong.extend(invalid.map(ToString::to_string));
                later += 1;
            }
            Err(problems) => wrong.push(problems.to_string()),
        }
    }
    println!("good files: {loaded} loaded, {later} skipped for keys of later versions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(loaded > 0);
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
    let (mut refused, mut later, mut wrong) = (0, 0, Vec::new());
    for (name, text) in files(&folder, ".bad.yml") {
        let Some(words) = expected.get(name.as_str()) else {
            continue;
        };
        // Upstream says in front which file it was reading; ours do so with line and column.
        let words = words.strip_prefix(&format!("parsing YAML file testdata/{name}: "));
        let words = words.unwrap_or(expected[name.as_str()]);
        match load(&name, &text) {
            Ok(_) => wrong.push(format!("{name}: loaded, but wanted: {words}")),
            Err(problems) => {
                let told = problems
                    .0
                    .iter()
                    .any(|p| p.message.contains(words) && p.line > 0);
                if told {
                    refused += 1;
                } else if needs_later_version(&problems) {
                    later += 1;
                } else {
                    wrong.push(format!("{problems}\n    wanted: {words}"));
                }
            }
        }
    }
    println!(
        "bad files: {refused} refused as upstream, {later} skipped for keys of later versions"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 0);
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
