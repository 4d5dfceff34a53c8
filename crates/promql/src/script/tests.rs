//! The notation of scripts, and what a run reports.

use super::compare::almost_equal;
use super::series::{SequenceValue, parse_series};
use super::*;

/// Values as text, `_` where there is none.
fn values(line: &str) -> String {
    let series = parse_series(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let values = series.values.iter().map(|value| match value {
        SequenceValue::Omitted => "_".to_owned(),
        SequenceValue::Histogram(value) => value.histogram.notation(),
        SequenceValue::Float(value) if model::value::is_stale(*value) => "stale".to_owned(),
        SequenceValue::Float(value) => model::number::general(*value),
    });
    format!("{} {}", series.labels, values.collect::<Vec<_>>().join(" "))
}

#[test]
fn series_are_read_as_upstream_reads_them() {
    let cases = [
        ("a 1 2 3", "a 1 2 3"),
        (
            "a{b=\"c d\", e='f'} 0+10x3",
            "a{b=\"c d\", e=\"f\"} 0 10 20 30",
        ),
        ("{} 1-1x2", "{} 1 0 -1"),
        ("a -5x2 _ _x2 stale", "a -5 -5 -5 _ _ _ stale"),
        ("a 1e3+1e2x1 NaN Inf -inf", "a 1000 1100 NaN +Inf -Inf"),
        ("a .5 -1.5+.5x2", "a 0.5 -1.5 -1 -0.5"),
        (
            "a {{schema:1 sum:2}} {{count:1}}x2 3",
            "a {{schema:1 sum:2}} {{count:1}} {{count:1}} {{count:1}} 3",
        ),
        ("a {{count:1}}+{{count:2}}x1", "a {{count:1}} {{count:3}}"),
        (
            "{\"utf8.name\", \"l.x\"=\"}\"} 1",
            "{\"utf8.name\", \"l.x\"=\"}\"} 1",
        ),
        ("sum{by=\"x\"} 1", "sum{by=\"x\"} 1"),
    ];
    for (line, want) in cases {
        assert_eq!(values(line), want, "{line}");
    }
    for line in [
        "a 1x",
        "a 1+2",
        "a foo",
        "a _y",
        "a{b=~\"c\"} 1",
        "a{b=\"c\" 1",
        "a {{x",
    ] {
        assert!(parse_series(line).is_err(), "{line}");
    }
}

#[test]
fn floats_may_differ_by_rounding_only() {
    for (a, b) in [
        (1.0, 1.0 + 1e-7),
        (f64::NAN, f64::NAN),
        (f64::INFINITY, f64::INFINITY),
    ] {
        assert!(almost_equal(a, b), "{a} {b}");
    }
    let stale = model::value::STALE;
    for (a, b) in [
        (1.0, 1.00001),
        (0.0, 1e-9),
        (stale, f64::NAN),
        (f64::INFINITY, f64::MAX),
    ] {
        assert!(!almost_equal(a, b), "{a} {b}");
    }
    assert!(almost_equal(stale, stale));
}

#[test]
fn what_does_not_hold_is_reported_with_its_place() {
    let script = "eval instant at 1m 1 + 1\n  3\n\neval instant at 1m 2\n  2\n\nnonsense\n";
    let report = run("wrong.test", script);
    let want = "wrong.test:1: failed: 1 + 1 at 60000\n  expected:\n    scalar 3\n  got:\n    scalar 2\n\
        wrong.test:7: failed: nonsense\n  expected:\n    a valid command\n  got:\n    invalid command \"nonsense\"\n\
        1 passed, 2 failed";
    assert_eq!(report.to_string(), want);
}

#[test]
fn samples_have_start_timestamps() {
    let script = "load 1m\n  y@st -1m _ -10s\n  y 1 2 {{count:1}}\n\n\
        eval range from 0 to 2m step 1m start_timestamp(y)\n  {} -60 0 110\n";
    let report = run("start.test", script);
    assert_eq!(report.to_string(), "1 passed, 0 failed");
}

#[test]
fn commands_that_cannot_be_read_say_why() {
    let cases = [
        (
            "load 5x\n a 1",
            "invalid step definition \"5x\": unknown unit \"x\" in duration \"5x\"",
        ),
        (
            "load 1m\n a@st 1s\n b 1",
            "line 3: @st metric does not match the following sample line metric",
        ),
        (
            "load 1m\n a@st 1s\n a 1 2",
            "line 3: @st line has 1 values but sample line has 2",
        ),
        ("load 1m\n a@st 1s", "@st line has no following sample line"),
        ("load 1m\n a foo", "line 2: not a series value: \"foo\""),
        (
            "load 1m\n a 1x600000 1x600000",
            "line 2: more than 1000000 values of a series",
        ),
        (
            "eval sometimes 1",
            "invalid evaluation command: neither instant nor range",
        ),
        ("eval instant at 5m", "there is no query"),
        ("eval instant 1", "expected \"at\", found \"1\""),
        (
            "eval range from 5m to 1m step 1m 1",
            "the end 1m is before the start 5m",
        ),
        ("eval range from 1m to 5m step 0 1", "the step is 0"),
        (
            "eval instant at 0 1\n expect perhaps",
            "line 2: unknown expectation \"perhaps\"",
        ),
        (
            "eval instant at 0 1\n expect warn\n expect no_warn",
            "warn and no_warn cannot be used together",
        ),
    ];
    for (script, want) in cases {
        let report = run("x", script);
        assert_eq!(
            report.failed.first().map(|failure| failure.got.as_str()),
            Some(want),
            "{script}"
        );
    }
}
