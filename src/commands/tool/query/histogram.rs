//! Native histograms in answers of the API.

use serde_json::Value as Json;

use super::show;

/// One bucket of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    /// Which of its bounds belong to it, in the API's numbers.
    pub(super) boundaries: i64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) count: f64,
}

/// The buckets of a histogram.
pub(super) fn buckets(histogram: &Json) -> Vec<Bucket> {
    let list = histogram.get("buckets").and_then(Json::as_array);
    list.into_iter().flatten().map(bucket).collect()
}

fn bucket(bucket: &Json) -> Bucket {
    let float = |index: usize| number(bucket.get(index));
    Bucket {
        boundaries: bucket.get(0).and_then(Json::as_i64).unwrap_or_default(),
        lower: float(1),
        upper: float(2),
        count: float(3),
    }
}

fn number(text: Option<&Json>) -> f64 {
    let text = text.and_then(Json::as_str).unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// A time and a histogram as they are printed.
pub(super) fn at_time(sample: &Json) -> String {
    let histogram = sample.get(1).unwrap_or(&Json::Null);
    let float = |key: &str| number(histogram.get(key));
    let shown: Vec<String> = buckets(histogram).iter().map(Bucket::shown).collect();
    format!(
        "Count: {:.6}, Sum: {:.6}, Buckets: [{}] @[{}]",
        float("count"),
        float("sum"),
        shown.join(" "),
        show::timestamp(sample)
    )
}

impl Bucket {
    /// `(0.5,1]:3`.
    fn shown(&self) -> String {
        let start = if matches!(self.boundaries, 1 | 3) {
            '['
        } else {
            '('
        };
        let end = if matches!(self.boundaries, 0 | 3) {
            ']'
        } else {
            ')'
        };
        let (lower, upper) = (
            model::number::general(self.lower),
            model::number::general(self.upper),
        );
        let count = model::number::plain(self.count);
        format!("{start}{lower},{upper}{end}:{count}")
    }
}
