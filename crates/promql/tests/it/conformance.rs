//! Upstream's scripts, where the outside test data is there.

use promql::script;

use crate::outside::outside_data;

/// Runs one of upstream's scripts: `evals` evals must hold, and none may fail.
fn holds(name: &str, evals: usize) {
    let Some(text) = outside_data(&format!("promql/{name}")) else {
        return;
    };
    let report = script::run(name, &text);
    assert!(report.failed.is_empty(), "{report}");
    assert_eq!(report.passed, evals, "{name}");
}

#[test]
fn literals() {
    holds("literals.test", 25);
}

#[test]
fn operators() {
    holds("operators.test", 214);
}

#[test]
fn aggregators() {
    holds("aggregators.test", 160);
}

#[test]
fn selectors() {
    holds("selectors.test", 31);
}

#[test]
fn at_modifier() {
    holds("at_modifier.test", 78);
}

#[test]
fn duration_expression() {
    holds("duration_expression.test", 59);
}

#[test]
fn functions() {
    holds("functions.test", 431);
}

#[test]
fn classic_histograms() {
    holds("histograms.test", 185);
}

#[test]
fn native_histograms() {
    holds("native_histograms.test", 522);
}

#[test]
fn extended_vectors() {
    holds("extended_vectors.test", 169);
}

#[test]
fn info() {
    holds("info.test", 53);
}
