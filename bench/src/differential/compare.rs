//! How two answers differ.
//!
//! What Prometheus 3.14 does that cannot be done likewise is recognized here, case by case:
//! [`comparable`] the order of two duplicate series in an error, [`is_not_encoded`] trees that
//! it cannot write down, [`has_panicked`] its own faults, [`compare_texts`] which ten of more annotations are shown. `ask` leaves out
//! what it does not agree with itself about, as it goes over a Go map, and what is in `known`:
//! `info()` of series that are at another time or lose their names, subqueries at a fixed time in
//! calls that are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value as Json;

use crate::differential::answer::{Answer, Point, Series};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The API does not have the call.
    Missing,
    /// HTTP status, `status` or `errorType`.
    Status,
    /// The text of the error.
    Error,
    /// The type of the result.
    ResultType,
    /// The label sets.
    Labels,
    /// The times at which a series has points.
    Times,
    /// A histogram.
    Histogram,
    /// A value by more than one in a million.
    Value,
    /// A value by less than that, and more than one in 10¹².
    NearValue,
    /// A value by less than that.
    LastDigits,
    /// The order of the series, where it means something.
    Order,
    /// The warnings.
    Warnings,
    /// The infos.
    Infos,
    /// A tree or a formatted text.
    Data,
}

/// One difference: the kind, and what each said.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) theirs: String,
    pub(super) ours: String,
}

impl Difference {
    fn new(kind: Kind, theirs: impl fmt::Display, ours: impl fmt::Display) -> Self {
        let cut = |text: String| text.chars().take(MAX_SHOWN).collect();
        Self {
            kind,
            theirs: cut(theirs.to_string()),
            ours: cut(ours.to_string()),
        }
    }
}

/// Functions and aggregations whose order at one time is their result.
const ORDERED: [&str; 6] = [
    "sort(",
    "sort_desc(",
    "sort_by_label",
    "topk",
    "bottomk",
    "limitk",
];

const MAX_SHOWN: usize = 600;

/// All differences between what `expression` was answered with.
pub(super) fn compare(expression: &str, theirs: &Answer, ours: &Answer) -> Vec<Difference> {
    let status = |answer: &Answer| {
        let Answer {
            http_status,
            status,
            error_type,
            error,
            ..
        } = answer;
        format!("{http_status} {status} {error_type}: {error}")
    };
    if is_not_encoded(theirs) || has_panicked(theirs) {
        return Vec::new();
    }
    if (theirs.http_status, &theirs.status, &theirs.error_type)
        != (ours.http_status, &ours.status, &ours.error_type)
    {
        let is_missing = ours.http_status == 404;
        let kind = if is_missing {
            Kind::Missing
        } else {
            Kind::Status
        };
        return vec![Difference::new(kind, status(theirs), status(ours))];
    }
    if comparable(&theirs.error) != comparable(&ours.error) {
        return vec![Difference::new(Kind::Error, &theirs.error, &ours.error)];
    }
    if theirs.result_type != ours.result_type {
        let (theirs, ours) = (&theirs.result_type, &ours.result_type);
        return vec![Difference::new(Kind::ResultType, theirs, ours)];
    }
    let mut found = Vec::new();
    if theirs.other != ours.other {
        found.push(difference_of_data(&theirs.other, &ours.other));
    }
    found.extend(compare_series(theirs, ours));
    let is_ordered = ORDERED.iter().any(|name| expression.starts_with(name));
    if found.is_empty() && is_ordered && theirs.result_type == "vector" {
        found.extend(compare_order(&theirs.series, &ours.series));
    }
    let texts = [
        (Kind::Warnings, &theirs.warnings, &ours.warnings),
        (Kind::Infos, &theirs.infos, &ours.infos),
    ];
    for (kind, theirs, ours) in texts {
        found.extend(compare_texts(kind, theirs, ours));
    }
    found
}

/// True if Prometheus found an answer but could not write it down: its JSON of a tree has no text for
/// the numbers that are none in `fill(NaN)` and `fill(Inf)`.
fn is_not_encoded(theirs: &Answer) -> bool {
    theirs.http_status == 500
        && theirs.error.starts_with("v1.Response.Data: ")
        && theirs.error.contains("unsupported value: ")
}

/// True if Prometheus ran into a fault of its own: `anchored` and `smoothed` ranges as the value of a
/// query look for samples that are not there.
fn has_panicked(theirs: &Answer) -> bool {
    theirs
        .error
        .starts_with("unexpected error: runtime error: ")
}

/// An error's text with two duplicate series in order: 3.14 has them as they come, and the test
/// scripts of later versions, which we pass, want them sorted.
fn comparable(error: &str) -> String {
    let parts = error
        .contains("found duplicate series for the match group")
        .then(|| {
            error
                .split_once(": [{")?
                .1
                .split_once("}]")?
                .0
                .split_once("}, {")
        });
    match parts.flatten() {
        Some((one, other)) if other < one => error.replace(
            &format!("{one}}}, {{{other}"),
            &format!("{other}}}, {{{one}"),
        ),
        _ => error.to_owned(),
    }
}

/// Of two trees, the first place where they differ.
fn difference_of_data(theirs: &Json, ours: &Json) -> Difference {
    let (mut left, mut right, mut path) = (theirs, ours, String::new());
    'deeper: loop {
        if let (Some(fields), Some(others)) = (left.as_object(), right.as_object()) {
            let names: BTreeSet<&String> = fields.keys().chain(others.keys()).collect();
            for name in names {
                if left[name] != right[name] && !left[name].is_null() && !right[name].is_null() {
                    path = format!("{path}.{name}");
                    (left, right) = (&left[name], &right[name]);
                    continue 'deeper;
                }
            }
        }
        if let (Some(items), Some(others)) = (left.as_array(), right.as_array())
            && items.len() == others.len()
            && let Some(place) = items
                .iter()
                .zip(others)
                .position(|(one, other)| one != other)
        {
            path = format!("{path}[{place}]");
            (left, right) = (&left[place], &right[place]);
            continue;
        }
        return Difference::new(
            Kind::Data,
            format!("{path} {left}"),
            format!("{path} {right}"),
        );
    }
}

fn compare_series(theirs: &Answer, ours: &Answer) -> Option<Difference> {
    let by_labels = |series: &'_ [Series]| -> BTreeMap<String, Vec<Point>> {
        series
            .iter()
            .map(|series| (series.labels.clone(), series.points.clone()))
            .collect()
    };
    let (left, right) = (by_labels(&theirs.series), by_labels(&ours.series));
    let only = |one: &BTreeMap<String, _>, other: &BTreeMap<String, _>| {
        let missing: Vec<_> = one
            .keys()
            .filter(|labels| !other.contains_key(*labels))
            .collect();
        let shown: Vec<&str> = missing
            .iter()
            .take(3)
            .map(|labels| labels.as_str())
            .collect();
        format!(
            "{} series, {} only here: {}",
            one.len(),
            missing.len(),
            shown.join(" ")
        )
    };
    if !left.keys().eq(right.keys()) || theirs.series.len() != ours.series.len() {
        return Some(Difference::new(
            Kind::Labels,
            only(&left, &right),
            only(&right, &left),
        ));
    }
    let pairs = left.iter().zip(right.values());
    let found = pairs.filter_map(|((labels, theirs), ours)| compare_points(labels, theirs, ours));
    // The gravest of all, the first of these.
    found.min_by_key(|difference| difference.kind)
}

fn compare_points(labels: &str, theirs: &[Point], ours: &[Point]) -> Option<Difference> {
    let times = |points: &[Point]| {
        points
            .iter()
            .map(|(time, _)| time.clone())
            .collect::<Vec<_>>()
    };
    let (left, right) = (times(theirs), times(ours));
    if left != right {
        let only = |one: &[String], other: &[String]| {
            let missing: Vec<_> = one
                .iter()
                .filter(|time| !other.contains(time))
                .take(3)
                .collect();
            format!("{labels} {} points, only here: {missing:?}", one.len())
        };
        return Some(Difference::new(
            Kind::Times,
            only(&left, &right),
            only(&right, &left),
        ));
    }
    let pairs = theirs.iter().zip(ours);
    let found = pairs.filter_map(|((time, theirs), (_, ours))| {
        let kind = kind_of_values(theirs, ours)?;
        let show = |value: &Json| format!("{labels} {time} {value}");
        Some(Difference::new(kind, show(theirs), show(ours)))
    });
    found.min_by_key(|difference| difference.kind)
}

/// How far apart two values are; none if they are the same.
fn kind_of_values(theirs: &Json, ours: &Json) -> Option<Kind> {
    if theirs == ours {
        return None;
    }
    let number = |value: &Json| value.as_str()?.parse::<f64>().ok();
    let (Some(left), Some(right)) = (number(theirs), number(ours)) else {
        return Some(Kind::Histogram);
    };
    let apart = (left - right).abs() / left.abs().max(right.abs());
    Some(if apart <= 1e-12 {
        Kind::LastDigits
    } else if apart <= 1e-6 {
        Kind::NearValue
    } else {
        Kind::Value
    })
}

fn compare_order(theirs: &[Series], ours: &[Series]) -> Option<Difference> {
    let show = |series: &Series| {
        let value = series
            .points
            .first()
            .map_or(Json::Null, |(_, value)| value.clone());
        format!("{} {value}", series.labels)
    };
    let mut pairs = theirs.iter().zip(ours);
    let (left, right) = pairs.find(|(left, right)| left.labels != right.labels)?;
    Some(Difference::new(Kind::Order, show(left), show(right)))
}

fn compare_texts(
    kind: Kind,
    theirs: &BTreeSet<String>,
    ours: &BTreeSet<String>,
) -> Option<Difference> {
    // Upstream shows any ten of more, and says how many are left.
    let cut =
        |texts: &BTreeSet<String>| texts.iter().find(|text| text.contains("omitted")).cloned();
    if theirs == ours || (cut(theirs).is_some() && cut(theirs) == cut(ours)) {
        return None;
    }
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let texts: Vec<&str> = one.difference(other).map(String::as_str).collect();
        texts.join(" ; ")
    };
    Some(Difference::new(
        kind,
        only(theirs, ours),
        only(ours, theirs),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, comparable, compare};
    use crate::differential::answer::Answer;
    use crate::http::connection;

    fn read(body: &serde_json::Value) -> Answer {
        let body = body.to_string().into_bytes();
        Answer::read(&connection::Answer { status: 200, body })
    }

    fn vector(values: &[(&str, &str)]) -> serde_json::Value {
        let series =
            |(name, value): &(&str, &str)| json!({"metric": {"n": name}, "value": [1, value]});
        let result: Vec<_> = values.iter().map(series).collect();
        json!({"status": "success", "data": {"resultType": "vector", "result": result}})
    }

    #[test]
    fn duplicate_series_may_come_in_any_order() {
        let text = |pair| {
            format!("found duplicate series for the match group {{}} on x: [{pair}];many-to-many")
        };
        let sorted = text("{a=\"1\"}, {a=\"2\"}");
        assert_eq!(comparable(&text("{a=\"2\"}, {a=\"1\"}")), sorted);
        assert_eq!(comparable(&sorted), sorted);
    }

    #[test]
    fn differences_have_a_kind() {
        let one = vector(&[("a", "1"), ("b", "2")]);
        let cases = [
            (one.clone(), None),
            (vector(&[("b", "2"), ("a", "1")]), Some(Kind::Order)),
            (vector(&[("a", "1")]), Some(Kind::Labels)),
            (vector(&[("a", "1"), ("b", "3")]), Some(Kind::Value)),
            (
                vector(&[("a", "1"), ("b", "2.0000001")]),
                Some(Kind::NearValue),
            ),
            (
                vector(&[("a", "1"), ("b", "2.0000000000000004")]),
                Some(Kind::LastDigits),
            ),
            (
                json!({"status": "error", "errorType": "execution"}),
                Some(Kind::Status),
            ),
        ];
        for (other, kind) in cases {
            let found = compare("topk(2, x)", &read(&one), &read(&other));
            assert_eq!(
                found.first().map(|difference| difference.kind),
                kind,
                "{other}"
            );
        }
    }
}
