//! Upstream's scripts and expressions, where the outside test data is there.

use std::path::PathBuf;

use promql::parser::{ParseOptions, parse};
use promql::script;

/// Reads a file of the outside test data; none, with a line that says so, if that is not there.
#[allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its data without a host and says when there is none"
)]
fn outside_data(path: &str) -> Option<String> {
    let beside_the_workspace =
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let root =
        std::env::var_os("NARTHEX_CONFORMANCE").map_or_else(beside_the_workspace, PathBuf::from);
    let text = std::fs::read_to_string(root.join(path)).ok();
    if text.is_none() {
        println!("skipped: no {path} in the outside test data; set NARTHEX_CONFORMANCE");
    }
    text
}

/// Runs one of upstream's scripts; at least `least` evals must hold and none may fail.
#[allow(clippy::print_stdout, reason = "the report names what is skipped")]
fn holds(name: &str, least: usize) {
    let Some(text) = outside_data(&format!("promql/{name}")) else {
        return;
    };
    let report = script::run(name, &text);
    println!("{report}");
    assert!(report.failed.is_empty(), "{report}");
    assert!(report.passed >= least, "{report}");
}

#[test]
fn literals() {
    holds("literals.test", 25);
}

/// What is skipped needs native histograms.
#[test]
fn operators() {
    holds("operators.test", 142);
}

/// What is skipped needs native histograms, `limitk` or `limit_ratio`.
#[test]
fn aggregators() {
    holds("aggregators.test", 123);
}

#[test]
fn selectors() {
    holds("selectors.test", 31);
}

#[test]
fn at_modifier() {
    holds("at_modifier.test", 77);
}

#[test]
fn duration_expression() {
    holds("duration_expression.test", 59);
}

/// What is skipped needs native histograms or an experimental function.
#[test]
fn functions() {
    holds("functions.test", 251);
}

/// What is skipped needs native histograms.
#[test]
fn classic_histograms() {
    holds("histograms.test", 83);
}

/// Expressions of rules in the field, each printed and read again.
#[test]
fn expressions_of_rules_parse() {
    let Some(text) = outside_data("dashboards/rule-exprs.json") else {
        return;
    };
    let rules: Vec<(String, String)> = serde_json::from_str(&text).unwrap();
    assert!(!rules.is_empty());
    for (file, expression) in rules {
        let parsed = parse(&expression, &ParseOptions::default());
        let expr = parsed.unwrap_or_else(|error| panic!("{file}: {expression}: {error}"));
        let printed = expr.to_string();
        let again = parse(&printed, &ParseOptions::default())
            .unwrap()
            .to_string();
        assert_eq!(again, printed, "{file}");
    }
}
