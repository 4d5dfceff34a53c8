//! Our own scripts.

use promql::script;

const SCRIPTS: [(&str, &str); 5] = [
    (
        "aggregations.test",
        include_str!("../../testdata/aggregations.test"),
    ),
    (
        "functions.test",
        include_str!("../../testdata/functions.test"),
    ),
    (
        "operators.test",
        include_str!("../../testdata/operators.test"),
    ),
    (
        "selectors.test",
        include_str!("../../testdata/selectors.test"),
    ),
    (
        "subqueries.test",
        include_str!("../../testdata/subqueries.test"),
    ),
];

#[test]
fn every_eval_of_our_scripts_holds() {
    for (name, text) in SCRIPTS {
        let report = script::run(name, text);
        assert!(
            report.failed.is_empty() && report.skipped.is_empty(),
            "{report}"
        );
        assert!(report.passed > 0, "{name} has no eval");
    }
}
