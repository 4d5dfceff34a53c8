//! Series for whatever some expressions select, found out from the peer's tree of each.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value as Json;

use crate::differential::dataset::{BEGIN, Series};
use crate::http::connection::{Connection, push_parameter};

/// Series of one metric.
const VARIANTS: usize = 4;

/// Seconds between samples: these are many.
const INTERVAL: i64 = 30;

const BOUNDS: [&str; 5] = ["0.05", "0.5", "1", "5", "+Inf"];

/// Of one metric: its labels, each with the values that some selector wants.
type Wanted = BTreeMap<String, BTreeSet<String>>;

/// Series of every metric in `expressions`, with labels that the selectors match and that the
/// operators around them join and group by.
pub(super) fn all(connection: &mut Connection, expressions: &[String]) -> Result<Vec<Series>> {
    let mut metrics: BTreeMap<String, Wanted> = BTreeMap::new();
    for expression in expressions {
        let mut form = String::new();
        push_parameter(&mut form, "query", expression);
        let answer = connection.post_form("/api/v1/parse_query", &form)?;
        let tree: Json = serde_json::from_slice(&answer.body)?;
        let mut labels = BTreeSet::new();
        collect_labels(&tree["data"], &mut labels);
        collect_selectors(&tree["data"], &labels, &mut metrics);
    }
    let own = |name: &str| name.starts_with("demo_") || name.starts_with("t_") || name == "up";
    let metrics = metrics.into_iter().filter(|(name, _)| !own(name));
    Ok(metrics
        .flat_map(|(name, wanted)| series(&name, &wanted))
        .collect())
}

/// Names of labels that the expression groups or matches by.
fn collect_labels(node: &Json, labels: &mut BTreeSet<String>) {
    if let Some(fields) = node.as_object() {
        for (name, value) in fields {
            if matches!(name.as_str(), "grouping" | "labels" | "include") {
                let names = value.as_array().into_iter().flatten();
                labels.extend(names.filter_map(Json::as_str).map(str::to_owned));
            }
            collect_labels(value, labels);
        }
    }
    for item in node.as_array().into_iter().flatten() {
        collect_labels(item, labels);
    }
}

fn collect_selectors(
    node: &Json,
    labels: &BTreeSet<String>,
    metrics: &mut BTreeMap<String, Wanted>,
) {
    if let Some(matchers) = node["matchers"].as_array() {
        let text = |matcher: &Json, field: &str| matcher[field].as_str().unwrap_or("").to_owned();
        let named = matchers
            .iter()
            .find(|matcher| matcher["name"] == "__name__");
        let name = named.map(|matcher| example(&text(matcher, "value")));
        let wanted = metrics.entry(name.unwrap_or_default()).or_default();
        for label in labels {
            wanted.entry(label.clone()).or_default();
        }
        for matcher in matchers {
            let values = wanted.entry(text(matcher, "name")).or_default();
            match matcher["type"].as_str() {
                Some("=") => values.extend([text(matcher, "value")]),
                Some("=~") => {
                    let pattern = text(matcher, "value");
                    values.extend(pattern.split('|').map(example));
                }
                _ => {}
            }
        }
    }
    for child in node
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.values())
    {
        collect_selectors(child, labels, metrics);
    }
    for child in node.as_array().into_iter().flatten() {
        collect_selectors(child, labels, metrics);
    }
}

/// A text that a simple pattern matches: metacharacters dropped, anything taken for `x`.
fn example(pattern: &str) -> String {
    let plain = pattern.replace(".*", "x").replace(".+", "x");
    plain
        .chars()
        .filter(|letter| !"()^$?\\|".contains(*letter))
        .collect()
}

fn series(name: &str, wanted: &Wanted) -> Vec<Series> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for variant in 0..VARIANTS {
        let labels: Vec<(&str, String)> = wanted
            .iter()
            .filter(|(label, _)| !matches!(label.as_str(), "__name__" | "le"))
            .map(|(label, values)| (label.as_str(), value(label, values, variant)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if !seen.insert(labels.clone()) {
            continue;
        }
        let labels: Vec<(&str, &str)> = labels.iter().map(|(l, v)| (*l, v.as_str())).collect();
        if name.ends_with("_bucket") {
            for (place, bound) in BOUNDS.into_iter().enumerate() {
                let labels = [&labels[..], &[("le", bound)]].concat();
                all.push(one(name, &labels, (place + 1) as f64));
            }
        } else {
            all.push(one(name, &labels, (variant + 1) as f64));
        }
    }
    all
}

fn value(label: &str, values: &BTreeSet<String>, variant: usize) -> String {
    match values.len() {
        0 => format!("{label}-{}", variant % 3),
        count => values
            .iter()
            .nth(variant % count)
            .cloned()
            .unwrap_or_default(),
    }
}

fn one(name: &str, labels: &[(&str, &str)], scale: f64) -> Series {
    let counts = ["_total", "_count", "_sum", "_bucket"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_time = name.ends_with("_timestamp_seconds") || name.ends_with("_created");
    let series = Series::of_floats(name, labels, move |at, random| {
        if counts {
            ((at % 307) as f64 * scale * 3.1 + random.unit()).floor()
        } else if is_time {
            (BEGIN + at / 20 * 600) as f64
        } else {
            (scale * (1.0 + (at as f64 / 31.0).sin()) + random.unit()) * 10.0
        }
    });
    series.every(INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::example;

    #[test]
    fn patterns_have_examples() {
        let cases = [
            ("node", "node"),
            ("kube-.+", "kube-x"),
            ("(a)?b$", "ab"),
            (".*", "x"),
        ];
        for (pattern, text) in cases {
            assert_eq!(example(pattern), text);
        }
    }
}
