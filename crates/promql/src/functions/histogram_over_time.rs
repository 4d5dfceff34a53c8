//! Functions over windows that have native histograms, alone or beside floats.

use std::sync::Arc;

use model::Histogram;
use model::histogram::MixedSchemas;
use model::histogram::{Combined, CompensatedHistogram, CounterResetHint, HistogramMean};

use super::start_timestamp::Neighbours;
use crate::eval::notices::{Notice, Notices};
use crate::eval::window::{HistogramWindow, Window};

/// `sum_over_time` of histograms.
pub(crate) fn sum(samples: &HistogramWindow<'_>, notices: &mut Notices) -> Option<Histogram> {
    let (first, others) = samples.values.split_first()?;
    let mut sum = CompensatedHistogram::new((**first).clone());
    for other in others {
        note(sum.add(other), notices)?;
    }
    note_collision(samples, notices);
    Some(sum.into_sum())
}

/// `avg_over_time` of histograms.
pub(crate) fn average(samples: &HistogramWindow<'_>, notices: &mut Notices) -> Option<Histogram> {
    let (first, others) = samples.values.split_first()?;
    let mut mean = HistogramMean::new((**first).clone());
    for other in others {
        note(mean.add(other), notices)?;
    }
    note_collision(samples, notices);
    Some(mean.into_mean())
}

fn note(outcome: Result<Combined, MixedSchemas>, notices: &mut Notices) -> Option<()> {
    match outcome {
        Err(MixedSchemas) => {
            notices.add(Notice::MixedSchemas);
            return None;
        }
        Ok(combined) if combined.bounds_reconciled => notices.add(Notice::ReconciledAggregation),
        Ok(_) => {}
    }
    Some(())
}

fn note_collision(samples: &HistogramWindow<'_>, notices: &mut Notices) {
    let has = |hint| {
        samples
            .values
            .iter()
            .any(|it| it.counter_reset_hint == hint)
    };
    if has(CounterResetHint::Reset) && has(CounterResetHint::NotReset) {
        notices.add(Notice::CollidingResets);
    }
}

/// A sample of a window, with its start and time.
struct Sample<'a> {
    times: (i64, i64),
    value: SampleKind<'a>,
}

enum SampleKind<'a> {
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

/// The samples of both kinds in order of time.
fn samples<'a>(window: &Window<'a>) -> impl Iterator<Item = Sample<'a>> {
    let start = |starts: &[i64], index: usize| starts.get(index).copied().unwrap_or_default();
    let window = *window;
    let (mut float, mut histogram) = (0, 0);
    std::iter::from_fn(move || {
        let histograms = window.histograms;
        let next_float = window.timestamps.get(float);
        let next_histogram = histograms.timestamps.get(histogram);
        let takes_float = match (next_float, next_histogram) {
            (Some(float), Some(histogram)) => float < histogram,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return None,
        };
        if takes_float {
            let index = float;
            float += 1;
            return Some(Sample {
                times: (start(window.starts, index), window.timestamps[index]),
                value: SampleKind::Float(window.values[index]),
            });
        }
        let index = histogram;
        histogram += 1;
        Some(Sample {
            times: (
                start(histograms.starts, index),
                histograms.timestamps[index],
            ),
            value: SampleKind::Histogram(&histograms.values[index]),
        })
    })
}

/// `changes`: how often a sample differs from the one before.
pub(crate) fn changes(window: &Window<'_>) -> f64 {
    count_pairs(window, |before, sample| {
        match (&before.value, &sample.value) {
            (SampleKind::Float(before), SampleKind::Float(value)) => {
                before != value && !(before.is_nan() && value.is_nan())
            }
            (SampleKind::Histogram(before), SampleKind::Histogram(value)) => before != value,
            _ => true,
        }
    })
}

/// `resets`: how often a counter began again; it does so where samples become of another kind.
pub(crate) fn resets(window: &Window<'_>) -> f64 {
    count_pairs(window, |before, sample| {
        let times = Neighbours {
            before: before.times,
            after: sample.times,
        };
        match (&before.value, &sample.value) {
            (SampleKind::Float(before), SampleKind::Float(value)) => {
                value < before || times.is_reset()
            }
            (SampleKind::Histogram(before), SampleKind::Histogram(value)) => {
                times.is_reset() || value.detect_reset(before)
            }
            _ => true,
        }
    })
}

fn count_pairs(window: &Window<'_>, counts: impl Fn(&Sample<'_>, &Sample<'_>) -> bool) -> f64 {
    let mut samples = samples(window);
    let Some(mut before) = samples.next() else {
        return 0.0;
    };
    let mut count = 0.0;
    for sample in samples {
        if counts(&before, &sample) {
            count += 1.0;
        }
        before = sample;
    }
    count
}
