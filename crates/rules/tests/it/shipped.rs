//! The rules that ship inside the product: each alert has a test, and the tests hold.

use std::path::{Path, PathBuf};

use host::fs::RealFs;
use promql::parser::ParseOptions;
use rules::load::{self, LoadOptions};
use rules::unit_test::{TestOptions, run_file};

/// Failures of the tests of a file; the error if they could not be run.
pub(crate) fn failures(path: &Path, ignore_unknown_keys: bool, parse: ParseOptions) -> Vec<String> {
    let options = TestOptions {
        delayed_name_removal: false,
        parse,
        ignore_unknown_keys,
        diff: false,
        debug: false,
        runs: &|_| true,
        tell: &|_| {},
    };
    match run_file(&RealFs, path, &options) {
        Ok(cases) => cases.into_iter().flat_map(|case| case.failures).collect(),
        Err(error) => vec![error.to_string()],
    }
}

fn content() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules")
}

#[test]
fn shipped_rules_pass_their_tests() {
    for file in ["machine.test.yml", "narthex.test.yml"] {
        let failures = failures(&content().join(file), false, ParseOptions::default());
        assert_eq!(failures, [""; 0], "{file}");
    }
}

#[test]
fn each_shipped_alert_has_a_test_and_a_page() {
    let runbook = content().join("../../docs/operations/alerts.md");
    let runbook = host::Fs::read(&RealFs, &runbook).unwrap();
    let runbook = String::from_utf8(runbook).unwrap();
    for name in ["machine", "narthex"] {
        let pattern = content().join(format!("{name}.yml")).display().to_string();
        let files = load::files(&RealFs, &[pattern], &LoadOptions::default()).unwrap();
        let tests = content().join(format!("{name}.test.yml"));
        let tests = String::from_utf8(host::Fs::read(&RealFs, &tests).unwrap()).unwrap();
        let rules = files[0].file.groups.iter().flat_map(|group| &group.rules);
        for rule in rules.filter(|rule| !rule.name().contains(':')) {
            let alert = rule.name();
            assert!(
                tests.contains(&format!("alertname: {alert}\n")),
                "{alert} has a test"
            );
            assert!(
                runbook.contains(&format!("## {alert}\n")),
                "{alert} has a page"
            );
        }
    }
}
