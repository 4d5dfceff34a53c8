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

/// Runs one of upstream's scripts of which a part needs what functions over ranges do not do yet with
/// native histograms.
#[allow(clippy::print_stdout, reason = "the report names what does not hold")]
fn holds_in_part(name: &str, least: usize) {
    let Some(text) = outside_data(&format!("promql/{name}")) else {
        return;
    };
    let report = script::run(name, &text);
    println!("{report}");
    assert!(report.passed >= least, "{report}");
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
    holds("at_modifier.test", 77);
}

#[test]
fn duration_expression() {
    holds("duration_expression.test", 59);
}

#[test]
fn functions() {
    holds_in_part("functions.test", 369);
}

#[test]
fn classic_histograms() {
    holds_in_part("histograms.test", 157);
}

#[test]
fn native_histograms() {
    holds_in_part("native_histograms.test", 430);
}
