//! Expressions of dashboards and rules in the field: each is printed, on one line and on several, and
//! reads the same; and each has the same values at single times as over a range.

use std::collections::BTreeSet;

use model::{Labels, MatchOp};
use promql::ast::Expr;
use promql::parser::{ParseOptions, parse};
use promql::{Engine, EngineOptions, InstantQuery, RangeQuery, SampleValue, Value};
use regex::Regex;
use storage::memory::MemoryStore;
use storage::{Append, Appendable};

use crate::outside::outside_data;

#[test]
fn expressions_of_dashboards_read_as_they_print() {
    read_as_they_print("dashboards/dashboard-exprs.json", 600);
}

#[test]
fn expressions_of_rules_read_as_they_print() {
    read_as_they_print("dashboards/rule-exprs.json", 250);
}

#[test]
fn expressions_of_dashboards_have_values() {
    have_values("dashboards/dashboard-exprs.json", 600);
}

#[test]
fn expressions_of_rules_have_values() {
    have_values("dashboards/rule-exprs.json", 250);
}

/// Evaluates each expression over series that it selects: over a range, and at single times.
fn have_values(path: &str, least: usize) {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let (mut evaluated, mut with_values) = (0, 0);
    for (file, expression) in expressions(path, least) {
        let store = store_for(&parsed(&file, &expression));
        let query = RangeQuery::new(&expression, START, END, STEP);
        let range = engine.range(&store, &query);
        let range = range.map_err(|error| format!("{file}: {expression}: {error}"));
        let Value::RangeVector(series) = range.expect("an expression with a value").value else {
            unreachable!("a range query yields a range vector");
        };
        evaluated += 1;
        with_values += usize::from(!series.is_empty());
        for time in [START, START + STEP, END] {
            let instant = engine.instant(&store, &InstantQuery::new(&expression, time));
            let instant = instant.expect("a value at one time, as over a range").value;
            let at_time: BTreeSet<String> = series
                .iter()
                .flat_map(|series| {
                    let samples = series.samples().filter(|sample| sample.timestamp == time);
                    samples.map(|sample| shown(&series.labels, sample.value))
                })
                .collect();
            assert_eq!(samples_of(instant), at_time, "{file}: {expression}");
        }
    }
    // The conditions of some do not hold.
    assert!(
        with_values * 10 >= evaluated * 6,
        "{with_values} of {evaluated}"
    );
}

fn samples_of(value: Value) -> BTreeSet<String> {
    match value {
        Value::Scalar(sample) => BTreeSet::from([shown(&Labels::empty(), sample.value)]),
        Value::InstantVector(samples) => samples
            .iter()
            .map(|sample| match &sample.value {
                SampleValue::Float(value) => shown(&sample.labels, *value),
                SampleValue::Histogram(_) => unreachable!("the store has no histograms"),
            })
            .collect(),
        other => unreachable!("no expression of a dashboard yields {other:?}"),
    }
}

/// Sums may be summed in another order: the last digits are left out.
fn shown(labels: &Labels, value: f64) -> String {
    format!("{labels} {value:.9e}")
}

/// A store with a series for each selector, a classic histogram for each that selects one.
fn store_for(expr: &Expr) -> MemoryStore {
    let mut all: BTreeSet<Vec<(String, String)>> = BTreeSet::new();
    expr.walk(&mut |expr| {
        let selector = match expr {
            Expr::InstantSelector(node) => node,
            Expr::RangeSelector(node) => &node.selector,
            _ => return,
        };
        let mut pairs = Vec::new();
        for matcher in &selector.matchers {
            let value = match matcher.op() {
                MatchOp::Equal => matcher.value().to_owned(),
                MatchOp::Regex => example(matcher.value()),
                _ => continue,
            };
            if !value.is_empty() && pairs.iter().all(|(name, _)| name != matcher.name()) {
                pairs.push((matcher.name().to_owned(), value));
            }
        }
        let is_bucket = pairs
            .iter()
            .any(|(name, value)| name == "__name__" && value.ends_with("_bucket"));
        let has_bound = pairs.iter().any(|(name, _)| name == "le");
        let bounds: &[&str] = match is_bucket && !has_bound {
            true => &["0.1", "1", "+Inf"],
            false => &[""],
        };
        for bound in bounds {
            let mut pairs = pairs.clone();
            if !bound.is_empty() {
                pairs.push(("le".to_owned(), (*bound).to_owned()));
            }
            pairs.sort();
            all.insert(pairs);
        }
    });
    let store = MemoryStore::default();
    let mut appender = store.appender();
    for (number, pairs) in all.iter().enumerate() {
        let labels = Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        for time in (START - HOUR..=END).step_by(30_000) {
            let age = (time - START + HOUR) / 30_000;
            let value = ((age * (number as i64 + 3)) % 997) as f64 + 1.0;
            let append = Append::new(&labels, time, value);
            appender.append(append).expect("a store in memory takes it");
        }
    }
    appender.commit().expect("a store in memory takes it");
    store
}

/// A text that a simple pattern matches.
fn example(pattern: &str) -> String {
    let first = pattern.split('|').next().unwrap_or_default();
    let plain = first.replace(".*", "x").replace(".+", "x");
    plain.chars().filter(|c| !"()^$?\\|".contains(*c)).collect()
}

const START: i64 = 1_767_225_600_000;
const HOUR: i64 = 3_600_000;
const STEP: i64 = 60_000;
const END: i64 = START + 10 * STEP;

fn read_as_they_print(path: &str, least: usize) {
    for (file, expression) in expressions(path, least) {
        let expr = parsed(&file, &expression);
        for printed in [expr.to_string(), expr.pretty()] {
            let again = parsed(&file, &printed);
            assert_eq!(shape(&again), shape(&expr), "{file}: {expression}");
            assert_eq!(again.to_string(), expr.to_string(), "{file}: {expression}");
        }
    }
}

/// The expressions of a file with the files that they are from; none if there is no such file.
fn expressions(path: &str, least: usize) -> Vec<(String, String)> {
    let Some(text) = outside_data(path) else {
        return Vec::new();
    };
    let mut expressions: Vec<(String, String)> =
        serde_json::from_str(&text).expect("pairs of file and expression");
    assert!(expressions.len() >= least, "{}", expressions.len());
    for (_, expression) in &mut expressions {
        *expression = with_values(expression);
    }
    expressions
}

fn parsed(file: &str, text: &str) -> Expr {
    let expr = parse(text, &ParseOptions::default());
    let expr = expr.map_err(|error| format!("{file}: {text}: {error}"));
    expr.expect("an expression in use")
}

/// The expression with plausible values in the place of a dashboard's variables.
fn with_values(expression: &str) -> String {
    let variable = Regex::new(r"\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]|\$(\w+)").expect("a pattern");
    let value = |found: &regex::Captures<'_>| {
        let mut groups = found.iter().skip(1).flatten();
        let name = groups.next().map_or("", |name| name.as_str());
        let is_duration = ["interval", "range", "resolution"]
            .iter()
            .any(|word| name.contains(word));
        if is_duration { "5m" } else { "value" }.to_owned()
    };
    variable.replace_all(expression, value).into_owned()
}

/// The tree as text without places. Matchers print sorted, so that their order is left out too.
fn shape(expr: &Expr) -> String {
    let mut expr = expr.clone();
    sort_matchers(&mut expr);
    let places = Regex::new(r"span: Span \{ start: \d+, end: \d+ \}").expect("a pattern");
    places.replace_all(&format!("{expr:?}"), "").into_owned()
}

fn sort_matchers(expr: &mut Expr) {
    match expr {
        Expr::InstantSelector(node) => node.matchers.sort_by_key(ToString::to_string),
        Expr::RangeSelector(node) => node.selector.matchers.sort_by_key(ToString::to_string),
        _ => expr.for_each_child_mut(sort_matchers),
    }
}
