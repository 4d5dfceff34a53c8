//! What is expected beside what was found.

use std::collections::BTreeMap;

use model::quote::push_quoted;
use model::{Histogram, Labels};

/// An alert that fires, expected or found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundAlert {
    pub(super) labels: Labels,
    pub(super) annotations: BTreeMap<String, String>,
}

/// A sample, expected or found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundSample {
    labels: Labels,
    value: f64,
    /// In the notation of scripts; empty for a number.
    histogram: String,
}

impl FoundSample {
    pub(super) fn float(labels: Labels, value: f64) -> Self {
        Self {
            labels,
            value,
            histogram: String::new(),
        }
    }

    pub(super) fn histogram(labels: Labels, histogram: &Histogram) -> Self {
        Self {
            labels,
            value: 0.0,
            histogram: histogram.notation(),
        }
    }

    fn is_same(&self, other: &Self, fuzzy: bool) -> bool {
        self.labels == other.labels
            && self.histogram == other.histogram
            && same_number(self.value, other.value, fuzzy)
    }

    fn show(&self) -> String {
        let mut out = show_labels(self.labels.iter());
        out.push(' ');
        match self.histogram.is_empty() {
            true => out.push_str(&exponent(self.value)),
            false => out.push_str(&self.histogram),
        }
        out
    }
}

/// Equal, or neighbours if that is enough.
fn same_number(a: f64, b: f64, fuzzy: bool) -> bool {
    let is_same = a == b || (a.is_nan() && b.is_nan());
    is_same || (fuzzy && (a.next_up() == b || a.next_down() == b))
}

/// What differs between samples, in promtool's form; none if nothing does.
pub(super) fn samples_differ(
    mut expected: Vec<FoundSample>,
    mut got: Vec<FoundSample>,
    fuzzy: bool,
) -> Option<String> {
    expected.sort_by(|a, b| a.labels.cmp(&b.labels));
    got.sort_by(|a, b| a.labels.cmp(&b.labels));
    let is_same = expected.len() == got.len()
        && expected
            .iter()
            .zip(&got)
            .all(|(expected, got)| expected.is_same(got, fuzzy));
    if is_same {
        return None;
    }
    let show = |samples: &[FoundSample]| match samples {
        [] => "nil".to_owned(),
        _ => samples
            .iter()
            .map(FoundSample::show)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let (expected, got) = (show(&expected), show(&got));
    Some(format!("\n        exp: {expected}\n        got: {got}"))
}

/// What differs between alerts, in promtool's form; none if nothing does.
pub(super) fn alerts_differ(
    mut expected: Vec<FoundAlert>,
    mut got: Vec<FoundAlert>,
    as_diff: bool,
) -> Option<String> {
    expected.sort();
    got.sort();
    if expected == got {
        return None;
    }
    if as_diff {
        let difference = diff(&lines(&expected), &lines(&got)).join("\n            ");
        return Some(format!("        diff: {difference}"));
    }
    let (expected, got) = (show_alerts(&expected), show_alerts(&got));
    Some(format!("        exp:{expected}, \n        got:{got}"))
}

fn show_alerts(alerts: &[FoundAlert]) -> String {
    if alerts.is_empty() {
        return "[]".to_owned();
    }
    let one = |(index, alert): (usize, &FoundAlert)| {
        let labels = show_labels(alert.labels.iter());
        let annotations = show_labels(texts(&alert.annotations));
        format!("{index}:\n              Labels:{labels}\n              Annotations:{annotations}")
    };
    let shown: Vec<String> = alerts.iter().enumerate().map(one).collect();
    format!(
        "[\n            {}\n            ]",
        shown.join(",\n            ")
    )
}

fn texts(texts: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    texts
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// `{a="b", c="d"}`, the metric name among the others.
fn show_labels<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let shown = labels.map(|(name, value)| {
        let mut out = format!("{name}=");
        push_quoted(&mut out, value);
        out
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
}

/// A number with an exponent of two digits at least, as Go's format `E` with the digits that it
/// needs.
fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return model::number::general(value);
    }
    let text = format!("{value:E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}E{sign}{exponent:0>2}")
}

/// Alerts, one text a line.
fn lines(alerts: &[FoundAlert]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, alert) in alerts.iter().enumerate() {
        lines.push(format!("alert {index}"));
        let labels = alert.labels.iter();
        lines.extend(labels.map(|(name, value)| format!("  label {name}: {value:?}")));
        let annotations = texts(&alert.annotations);
        lines.extend(annotations.map(|(name, value)| format!("  annotation {name}: {value:?}")));
    }
    lines
}

/// The lines of both, those of one alone marked with `-` (expected) and `+` (found).
fn diff(expected: &[String], got: &[String]) -> Vec<String> {
    // Lengths of the longest common rest from each pair of positions on.
    let mut common = vec![vec![0_usize; got.len() + 1]; expected.len() + 1];
    for (i, want) in expected.iter().enumerate().rev() {
        for (j, have) in got.iter().enumerate().rev() {
            common[i][j] = match want == have {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < expected.len() || j < got.len() {
        if i < expected.len() && j < got.len() && expected[i] == got[j] {
            out.push(format!("  {}", expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if j >= got.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            out.push(format!("- {}", expected[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", got[j]));
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_same_if_that_is_enough() {
        let cases = [
            (1.0, 1.0, false, true),
            (f64::NAN, f64::NAN, false, true),
            (3.0, 3.0_f64.next_up(), false, false),
            (3.0, 3.0_f64.next_up(), true, true),
            (3.0, 3.0_f64.next_up().next_up(), true, false),
        ];
        for (a, b, fuzzy, want) in cases {
            assert_eq!(same_number(a, b, fuzzy), want, "{a} {b}");
        }
    }

    #[test]
    fn differences_are_told_as_promtool_tells_them() {
        let up = Labels::from_pairs([("__name__", "test")]);
        let sample = |value| vec![FoundSample::float(up.clone(), value)];
        assert_eq!(samples_differ(sample(1.0), sample(1.0), false), None);
        let told = samples_differ(sample(1.0), sample(0.25), false).unwrap();
        let want =
            "\n        exp: {__name__=\"test\"} 1E+00\n        got: {__name__=\"test\"} 2.5E-01";
        assert_eq!(told, want);
        let alert = FoundAlert {
            labels: Labels::from_pairs([("alertname", "A")]),
            annotations: BTreeMap::new(),
        };
        let told = alerts_differ(vec![alert.clone()], vec![], false).unwrap();
        let want = "        exp:[\n            0:\n              Labels:{alertname=\"A\"}\n              \
                    Annotations:{}\n            ], \n        got:[]";
        assert_eq!(told, want);
        let told = alerts_differ(vec![alert], vec![], true).unwrap();
        assert_eq!(
            told,
            "        diff: - alert 0\n            -   label alertname: \"A\""
        );
    }
}
