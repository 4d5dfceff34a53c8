//! Compares what came with what was expected.

use model::value::is_stale;
use model::{Histogram, Labels, number};

use super::command::EvalTime;
use super::expectation::{Expectation, ExpectedValue};
use super::histogram::HistogramValue;
use super::series::{SequenceValue, SeriesLine};
use crate::value::{InstantSample, RangeSeries, SampleValue, Value};

/// The value is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) expected: String,
    pub(super) got: String,
}

/// Compares `got`, evaluated at `time`, with the expectation.
pub(super) fn compare(
    expectation: &Expectation,
    time: EvalTime,
    got: &Value,
) -> Result<(), Mismatch> {
    let is_same = match (&expectation.value, got) {
        (ExpectedValue::Scalar(want), Value::Scalar(sample)) => almost_equal(*want, sample.value),
        (ExpectedValue::Text(want), Value::Text { text, .. }) => want == text,
        (ExpectedValue::Series(want), Value::InstantVector(samples)) => {
            same_vector(want, samples, expectation.ordered)
        }
        (ExpectedValue::Series(want), Value::RangeVector(series)) => {
            !expectation.ordered
                && series.is_sorted_by(|a, b| a.labels <= b.labels)
                && same_ranges(want, series, expectation.range.unwrap_or(time))
        }
        _ => false,
    };
    if is_same {
        return Ok(());
    }
    Err(Mismatch {
        expected: show_expected(&expectation.value),
        got: show(got),
    })
}

/// Upstream's test for floats that went through different roundings.
pub(super) fn almost_equal(a: f64, b: f64) -> bool {
    if is_stale(a) || is_stale(b) {
        return is_stale(a) && is_stale(b);
    }
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

fn same_vector(want: &[SeriesLine], got: &[InstantSample], ordered: bool) -> bool {
    want.len() == got.len()
        && got.iter().enumerate().all(|(index, sample)| {
            let position = want.iter().position(|line| line.labels == sample.labels);
            let Some(position) = position.filter(|&position| !ordered || position == index) else {
                return false;
            };
            let value = want.get(position).and_then(|line| line.values.first());
            match (value, &sample.value) {
                (Some(SequenceValue::Float(want)), SampleValue::Float(got)) => {
                    almost_equal(*want, *got)
                }
                (Some(SequenceValue::Histogram(want)), SampleValue::Histogram(got)) => {
                    same_histogram(want, got)
                }
                _ => false,
            }
        })
}

fn same_ranges(want: &[SeriesLine], got: &[RangeSeries], time: EvalTime) -> bool {
    let EvalTime::Range { start, step, .. } = time else {
        return false;
    };
    want.len() == got.len()
        && got.iter().all(|series| {
            let Some(line) = want.iter().find(|line| line.labels == series.labels) else {
                return false;
            };
            let times = (0..).map(|index: i64| start.saturating_add(index.saturating_mul(step)));
            let mut floats = series.samples();
            let mut histograms = series.histograms.iter();
            let is_same = times.zip(&line.values).all(|(time, want)| match want {
                SequenceValue::Omitted => true,
                SequenceValue::Float(want) => floats
                    .next()
                    .is_some_and(|got| got.timestamp == time && almost_equal(*want, got.value)),
                SequenceValue::Histogram(want) => histograms.next().is_some_and(|got| {
                    got.timestamp == time && same_histogram(want, &got.histogram)
                }),
            });
            is_same && floats.next().is_none() && histograms.next().is_none()
        })
}

/// Empty buckets do not count, and the hint only if the script speaks of it.
fn same_histogram(want: &HistogramValue, got: &Histogram) -> bool {
    let compacted = |histogram: &Histogram| {
        let mut histogram = histogram.clone();
        histogram.compact(0);
        histogram
    };
    (!want.has_hint || want.histogram.counter_reset_hint == got.counter_reset_hint)
        && compacted(&want.histogram).equals_by(&compacted(got), almost_equal)
}

fn show_expected(value: &ExpectedValue) -> String {
    match value {
        ExpectedValue::Scalar(value) => format!("scalar {}", number::general(*value)),
        ExpectedValue::Text(text) => format!("string {}", model::quote::quoted(text)),
        ExpectedValue::Series(lines) => {
            let lines = lines.iter().map(|line| {
                let values = line.values.iter().map(|value| match value {
                    SequenceValue::Float(value) => number::general(*value),
                    SequenceValue::Omitted => "_".to_owned(),
                    SequenceValue::Histogram(value) => value.histogram.notation(),
                });
                (&line.labels, values.collect())
            });
            show_lines(lines)
        }
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Scalar(sample) => format!("scalar {}", number::general(sample.value)),
        Value::Text { text, .. } => format!("string {}", model::quote::quoted(text)),
        Value::InstantVector(samples) => show_lines(
            samples
                .iter()
                .map(|sample| (&sample.labels, vec![show_sample(&sample.value)])),
        ),
        Value::RangeVector(series) => show_lines(series.iter().map(|series| {
            let samples = series.samples();
            let floats = samples
                .map(|sample| format!("{}@{}", number::general(sample.value), sample.timestamp));
            let histograms = series.histograms.iter();
            let histograms = histograms
                .map(|sample| format!("{}@{}", sample.histogram.notation(), sample.timestamp));
            (&series.labels, floats.chain(histograms).collect())
        })),
    }
}

fn show_sample(value: &SampleValue) -> String {
    match value {
        SampleValue::Float(value) => number::general(*value),
        SampleValue::Histogram(histogram) => histogram.notation(),
    }
}

fn show_lines<'a>(lines: impl Iterator<Item = (&'a Labels, Vec<String>)>) -> String {
    let lines: Vec<String> = lines
        .map(|(labels, values)| format!("{labels} {}", values.join(" ")))
        .collect();
    if lines.is_empty() {
        "nothing".to_owned()
    } else {
        lines.join("\n")
    }
}

/// Relative difference that two roundings may make.
const TOLERANCE: f64 = 1e-6;
