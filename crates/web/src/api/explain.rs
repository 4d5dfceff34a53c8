//! What each part of a query did, as JSON. A call of ours; times are seconds, as everywhere.

use std::time::Duration;

use promql::Explained;
use promql::ast::ValueType;
use promql::explain::Selection;
use serde::Serialize;
use storage::Projection;

/// A part of a query and what is below it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    text: &'a str,
    /// Bytes, the end exclusive.
    start: usize,
    end: usize,
    value_type: &'static str,
    step_invariant: bool,
    repeated: bool,
    copied: bool,
    read_while_aggregating: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluations: Option<u64>,
    /// Scalars have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// What is below included.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<Selected<'a>>,
    children: Vec<Shown<'a>>,
    /// True if there is more below.
    cut: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selected<'a> {
    matchers: &'a [String],
    labels: Labels<'a>,
    /// Both ends inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<[f64; 2]>,
    series: u64,
    samples_read: u64,
    sharded: bool,
    time: f64,
}

/// Labels that were read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Labels<'a> {
    All,
    Only(&'a [String]),
    Without(&'a [String]),
}

impl<'a> Shown<'a> {
    /// The tree below `node`, which the engine keeps shallow.
    pub(crate) fn new(node: &'a Explained) -> Self {
        let figures = node.figures.as_ref();
        Self {
            kind: node.kind,
            name: node.name,
            text: &node.text,
            start: node.span.start,
            end: node.span.end,
            value_type: type_name(node.value_type),
            step_invariant: node.is_step_invariant,
            repeated: node.is_repeated,
            copied: node.is_copied,
            read_while_aggregating: node.is_read_while_aggregating,
            evaluations: figures.map(|figures| figures.evaluations),
            series: figures
                .filter(|_| node.value_type != ValueType::Scalar)
                .map(|figures| figures.series),
            bytes: figures.map(|figures| figures.bytes),
            time: figures.map(|figures| figures.time.as_secs_f64()),
            selection: node.selection.as_ref().map(selected),
            children: node.children.iter().map(Self::new).collect(),
            cut: node.is_cut,
        }
    }
}

fn selected(selection: &Selection) -> Selected<'_> {
    Selected {
        matchers: &selection.matchers,
        labels: match &selection.projection {
            Projection::All => Labels::All,
            Projection::Only(names) => Labels::Only(names),
            Projection::Without(names) => Labels::Without(names),
        },
        range: selection
            .range
            .map(|range| [range.min_time, range.max_time].map(seconds)),
        series: selection.series,
        samples_read: selection.samples_read,
        sharded: selection.is_sharded,
        time: Duration::as_secs_f64(&selection.time),
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

/// As results name it.
fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Scalar => "scalar",
        ValueType::InstantVector => "vector",
        ValueType::RangeVector => "matrix",
        ValueType::Text => "string",
    }
}
