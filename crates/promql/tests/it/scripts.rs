//! Our own scripts.

use promql::script;

const SCRIPTS: [(&str, &str); 10] = [
    (
        "aggregations.test",
        include_str!("../../testdata/aggregations.test"),
    ),
    (
        "annotations.test",
        include_str!("../../testdata/annotations.test"),
    ),
    ("fill.test", include_str!("../../testdata/fill.test")),
    (
        "functions.test",
        include_str!("../../testdata/functions.test"),
    ),
    (
        "histogram_vectors.test",
        include_str!("../../testdata/histogram_vectors.test"),
    ),
    (
        "matching_faults.test",
        include_str!("../../testdata/matching_faults.test"),
    ),
    (
        "operators.test",
        include_str!("../../testdata/operators.test"),
    ),
    (
        "samples_of_series.test",
        include_str!("../../testdata/samples_of_series.test"),
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
        assert!(report.failed.is_empty(), "{report}");
        assert!(report.passed > 0, "{name} has no eval");
    }
}
