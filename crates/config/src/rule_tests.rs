//! Files of unit tests for rules.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Labels;
use model::date::parse_rfc3339;

use crate::discovery::read_labels;
use crate::document::{self, Node, Reader, Schema, Section, Value};
use crate::problem::Problems;

/// A file of tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleTestFile {
    /// Patterns of the files of rules; relative ones start at the folder of the tests.
    pub rule_files: Vec<String>,
    /// How often all groups are evaluated: 1m.
    pub evaluation_interval: Duration,
    /// Names of groups, those that are evaluated first in front.
    pub group_eval_order: Vec<String>,
    /// True if the last digit of an expected value may differ.
    pub fuzzy_compare: bool,
    /// The tests.
    pub tests: Vec<TestGroup>,
}

/// Series, and what is expected of rules and expressions over them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestGroup {
    /// Name, empty if it has none.
    pub name: String,
    /// Time between two values of a series; none: as often as rules are evaluated.
    pub interval: Option<Duration>,
    /// Time of the first values, in milliseconds since the Unix epoch.
    pub start_time: i64,
    /// The series: metric with labels, and values in the notation of scripts.
    pub input_series: Vec<(String, String)>,
    /// What is expected of alerts.
    pub alerts: Vec<AlertTest>,
    /// What is expected of expressions.
    pub expressions: Vec<ExpressionTest>,
    /// What templates see as external labels.
    pub external_labels: Labels,
    /// What templates see as the address of the server.
    pub external_url: String,
}

/// Alerts that fire at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertTest {
    /// Since the start of the test.
    pub eval_time: Duration,
    /// Name of the alert.
    pub alert: String,
    /// The alerts of this name that fire.
    pub expected: Vec<ExpectedAlert>,
}

/// An alert that fires.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedAlert {
    /// Its labels but for the name.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The value of an expression at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpressionTest {
    /// The expression.
    pub expr: String,
    /// Since the start of the test.
    pub eval_time: Duration,
    /// Its samples.
    pub expected: Vec<ExpectedSample>,
}

/// A sample of an expression's value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedSample {
    /// Metric with labels.
    pub labels: String,
    /// The number, unless it is a histogram.
    pub value: f64,
    /// The histogram in the notation of scripts, or nothing.
    pub histogram: String,
}

const FILE_SCHEMA: Schema = Schema {
    type_name: "main.unitTestFile",
    keys: &[
        "rule_files",
        "evaluation_interval",
        "group_eval_order",
        "tests",
        "fuzzy_compare",
    ],
};

const GROUP_SCHEMA: Schema = Schema {
    type_name: "main.testGroup",
    keys: &[
        "interval",
        "input_series",
        "alert_rule_test",
        "promql_expr_test",
        "external_labels",
        "external_url",
        "name",
        "start_timestamp",
    ],
};

const SERIES_SCHEMA: Schema = Schema {
    type_name: "main.series",
    keys: &["series", "values"],
};

const ALERT_TEST_SCHEMA: Schema = Schema {
    type_name: "main.alertTestCase",
    keys: &["eval_time", "alertname", "exp_alerts"],
};

const ALERT_SCHEMA: Schema = Schema {
    type_name: "main.alert",
    keys: &["exp_labels", "exp_annotations"],
};

const EXPRESSION_SCHEMA: Schema = Schema {
    type_name: "main.promqlTestCase",
    keys: &["expr", "eval_time", "exp_samples"],
};

const SAMPLE_SCHEMA: Schema = Schema {
    type_name: "main.sample",
    keys: &["labels", "value", "histogram"],
};

/// Reads a file of tests.
///
/// # Errors
/// Everything that is wrong in the file, each with its place.
pub fn load(text: &str, file_name: &str) -> Result<RuleTestFile, Problems> {
    let document = document::parse(text, file_name)?;
    let reader = Reader::new(file_name);
    let file = read_file(&reader, &document);
    reader.finish(file.unwrap_or_default())
}

fn read_file(reader: &Reader, document: &Node) -> Option<RuleTestFile> {
    let section = Section::open(reader, document, &FILE_SCHEMA)?;
    let interval = section.duration_above_zero("evaluation_interval");
    let group_eval_order = section.texts("group_eval_order");
    for (index, name) in group_eval_order.iter().enumerate() {
        if group_eval_order
            .iter()
            .take(index)
            .any(|earlier| earlier == name)
        {
            reader.invalid(
                section.blame("group_eval_order").place,
                format_args!("group name repeated in evaluation order: {name}"),
            );
        }
    }
    let tests = section.items("tests").iter();
    Some(RuleTestFile {
        rule_files: section.texts("rule_files"),
        evaluation_interval: interval.unwrap_or(Duration::from_secs(60)),
        group_eval_order,
        fuzzy_compare: section.boolean("fuzzy_compare").unwrap_or_default(),
        tests: tests.filter_map(|node| read_group(reader, node)).collect(),
    })
}

fn read_group(reader: &Reader, node: &Node) -> Option<TestGroup> {
    let section = Section::open(reader, node, &GROUP_SCHEMA)?;
    let text = |key: &str| section.text(key).unwrap_or_default();
    let series = section.items("input_series").iter().filter_map(|node| {
        let series = Section::open(reader, node, &SERIES_SCHEMA)?;
        let text = |key: &str| series.text(key).unwrap_or_default();
        Some((text("series"), text("values")))
    });
    let start = section.get("start_timestamp");
    let external_labels = section.get("external_labels");
    Some(TestGroup {
        name: text("name"),
        interval: section.duration_above_zero("interval"),
        start_time: start
            .and_then(|node| read_time(reader, node))
            .unwrap_or_default(),
        input_series: series.collect(),
        alerts: read_list(&section, "alert_rule_test", read_alert_test),
        expressions: read_list(&section, "promql_expr_test", read_expression),
        external_labels: external_labels
            .map(|node| read_labels(reader, node))
            .unwrap_or_default(),
        external_url: text("external_url"),
    })
}

fn read_list<T>(section: &Section<'_>, key: &str, read: fn(&Reader, &Node) -> Option<T>) -> Vec<T> {
    let items = section.items(key).iter();
    items
        .filter_map(|node| read(section.reader, node))
        .collect()
}

/// RFC 3339, or seconds since the Unix epoch.
fn read_time(reader: &Reader, node: &Node) -> Option<i64> {
    let text = reader.text(node)?;
    let seconds = || {
        text.parse::<f64>()
            .ok()
            .map(|seconds| (seconds * 1000.0) as i64)
    };
    match parse_rfc3339(&text).or_else(seconds) {
        Some(time) => Some(time),
        None => reader.reject(
            node,
            format_args!(
                "start_timestamp must be a Unix timestamp or an RFC3339 formatted time: {text:?}"
            ),
        ),
    }
}

fn read_alert_test(reader: &Reader, node: &Node) -> Option<AlertTest> {
    let section = Section::open(reader, node, &ALERT_TEST_SCHEMA)?;
    Some(AlertTest {
        eval_time: section.duration("eval_time").unwrap_or_default(),
        alert: section.text("alertname").unwrap_or_default(),
        expected: read_list(&section, "exp_alerts", |reader, node| {
            let section = Section::open(reader, node, &ALERT_SCHEMA)?;
            Some(ExpectedAlert {
                labels: read_texts(&section, "exp_labels"),
                annotations: read_texts(&section, "exp_annotations"),
            })
        }),
    })
}

fn read_texts(section: &Section<'_>, key: &str) -> BTreeMap<String, String> {
    let reader = section.reader;
    let entries = section.get(key).map(|node| reader.mapping(node));
    let entries = entries.into_iter().flatten();
    entries
        .filter_map(|(_, name, value)| Some((name, reader.text(value)?)))
        .collect()
}

fn read_expression(reader: &Reader, node: &Node) -> Option<ExpressionTest> {
    let section = Section::open(reader, node, &EXPRESSION_SCHEMA)?;
    Some(ExpressionTest {
        expr: section.text("expr").unwrap_or_default(),
        eval_time: section.duration("eval_time").unwrap_or_default(),
        expected: read_list(&section, "exp_samples", |reader, node| {
            let section = Section::open(reader, node, &SAMPLE_SCHEMA)?;
            let value = section.get("value").map(|node| read_number(reader, node));
            Some(ExpectedSample {
                labels: section.text("labels").unwrap_or_default(),
                value: value.flatten().unwrap_or_default(),
                histogram: section.text("histogram").unwrap_or_default(),
            })
        }),
    })
}

/// A number; those that YAML writes with a dot in front among them.
fn read_number(reader: &Reader, node: &Node) -> Option<f64> {
    let text = match &node.value {
        Value::Typed(text) | Value::Text(text) => text.to_ascii_lowercase(),
        _ => return reader.float(node),
    };
    match text.as_str() {
        ".nan" | "nan" => Some(f64::NAN),
        ".inf" | "+.inf" | "inf" | "+inf" => Some(f64::INFINITY),
        "-.inf" | "-inf" => Some(f64::NEG_INFINITY),
        // YAML's other ways to write whole numbers.
        text if text.starts_with("0b") || text.starts_with("0x") || text.starts_with("0o") => {
            reader.integer(node).map(|number| number as f64)
        }
        _ => reader.float(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_all_it_states() {
        let file = load(
            "rule_files: [a.yml]
evaluation_interval: 30s
group_eval_order: [b, a]
fuzzy_compare: true
tests:
- name: t
  interval: 1m
  start_timestamp: 2024-01-01T00:00:00Z
  input_series: [{series: up, values: 1}]
  external_labels: {a: b}
  external_url: http://x
  alert_rule_test:
  - eval_time: 5m
    alertname: A
    exp_alerts: [{exp_labels: {b: 1}, exp_annotations: {c: d}}]
  promql_expr_test:
  - expr: up
    eval_time: 0
    exp_samples: [{labels: up, value: .inf}, {histogram: '{{}}'}, {value: 0b110}]
- start_timestamp: 12
",
            "t.yml",
        );
        let file = file.unwrap();
        assert_eq!(file.evaluation_interval, Duration::from_secs(30));
        assert!(file.fuzzy_compare);
        let test = &file.tests[0];
        assert_eq!(test.start_time, 1_704_067_200_000);
        assert_eq!(test.input_series, [("up".to_owned(), "1".to_owned())]);
        assert_eq!(test.alerts[0].expected[0].labels["b"], "1");
        let values = test.expressions[0]
            .expected
            .iter()
            .map(|sample| sample.value);
        assert_eq!(values.collect::<Vec<_>>(), [f64::INFINITY, 0.0, 6.0]);
        assert_eq!(file.tests[1].start_time, 12_000);
    }

    #[test]
    fn unknown_keys_and_repetitions_are_refused() {
        let cases = [
            ("test: []", "field test not found in type main.unitTestFile"),
            (
                "tests: [{input: 1}]",
                "field input not found in type main.testGroup",
            ),
            (
                "group_eval_order: [a, a]",
                "group name repeated in evaluation order: a",
            ),
            ("tests: [{start_timestamp: x}]", "start_timestamp must be"),
        ];
        for (text, want) in cases {
            let told = load(text, "t.yml").unwrap_err().to_string();
            assert!(told.contains(want), "{told}");
        }
    }
}
