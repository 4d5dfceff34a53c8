//! Upstream's scripts, where the outside test data is there.

use promql::script;

use crate::outside::outside_data;

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
