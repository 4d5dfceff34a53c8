//! `rate`, `increase`, `delta`, `irate` and `idelta` of native histograms in one window.

use std::borrow::Cow;

use model::Histogram;
use model::histogram::CounterResetHint::Gauge;

use super::rate::{Extrapolation, Span};
use super::start_timestamp::Neighbours;
use crate::eval::notices::{Notice, Notices};
use crate::eval::window::{HistogramWindow, Window};

/// The difference over the window, extrapolated to its borders. The window has no floats.
pub(crate) fn extrapolated(
    window: &Window<'_>,
    kind: Extrapolation,
    notices: &mut Notices,
) -> Option<Histogram> {
    let samples = &window.histograms;
    let first = samples.values.first()?;
    let mut difference = match samples.values.len() {
        1 => None,
        _ => Some(difference(samples, kind.counter, notices)?),
    };
    let span = Span::of(samples.timestamps, window);
    let start = samples.starts.first().copied().unwrap_or_default();
    let zero = difference.as_ref().and_then(|difference| {
        (difference.count > 0.0 && first.count >= 0.0).then(|| first.count / difference.count)
    });
    let factor = match kind.counter && span.begins_at(start) {
        true => {
            match &mut difference {
                None => difference = Some((**first).clone()),
                Some(difference) => add(difference, first, notices)?,
            }
            span.factor_from(start, kind)
        }
        false if samples.values.len() == 1 => return None,
        false => span.factor(zero, kind),
    };
    let mut result = difference?;
    result.mul(factor);
    Some(result)
}

/// The last histogram less the first, resets mended: a gauge.
fn difference(
    samples: &HistogramWindow<'_>,
    counter: bool,
    notices: &mut Notices,
) -> Option<Histogram> {
    let (first, last) = (samples.values.first()?, samples.values.last()?);
    let second = samples.values.get(1)?;
    let either_gauge = first.counter_reset_hint == Gauge || last.counter_reset_hint == Gauge;
    if counter && either_gauge {
        notices.add(Notice::NotCounter);
    }
    // What was before a reset counts as nothing, whatever its buckets were.
    let mut before = Cow::Borrowed(&**first);
    if counter && is_reset(samples, 1, first) {
        before = Cow::Owned(Histogram {
            schema: second.schema,
            custom_values: second.custom_values.clone(),
            ..Histogram::default()
        });
    }
    let custom = before.has_custom_buckets();
    if last.has_custom_buckets() != custom {
        notices.add(Notice::MixedSchemas);
        return None;
    }
    let mut schema = last.schema.min(before.schema);
    if counter {
        for histogram in &samples.values[1..samples.values.len() - 1] {
            if histogram.counter_reset_hint == Gauge {
                notices.add(Notice::NotCounter);
            }
            schema = schema.min(histogram.schema);
            if histogram.has_custom_buckets() != custom {
                notices.add(Notice::MixedSchemas);
                return None;
            }
        }
    }
    let mut difference = last.copy_to_schema(schema);
    subtract(&mut difference, &before, notices)?;
    if counter {
        let mut before: &Histogram = &before;
        for (index, histogram) in samples.values.iter().enumerate().skip(1) {
            if Neighbours::at(samples.starts, samples.timestamps, index)
                .is_some_and(Neighbours::overlap)
            {
                notices.add(Notice::OverlappingStarts);
            }
            if is_reset(samples, index, before) {
                add(&mut difference, before, notices)?;
            }
            before = histogram;
        }
    } else if first.counter_reset_hint != Gauge || last.counter_reset_hint != Gauge {
        notices.add(Notice::NotGauge);
    }
    difference.counter_reset_hint = Gauge;
    difference.compact(0);
    Some(difference)
}

fn is_reset(samples: &HistogramWindow<'_>, index: usize, before: &Histogram) -> bool {
    let times = Neighbours::at(samples.starts, samples.timestamps, index);
    times.is_some_and(Neighbours::is_reset) || samples.values[index].detect_reset(before)
}

/// `irate` and `idelta` of the last two histograms of a window.
pub(crate) fn from_last_two(
    samples: &HistogramWindow<'_>,
    is_rate: bool,
    notices: &mut Notices,
) -> Option<Histogram> {
    let last = samples.values.len().checked_sub(1)?;
    let before = &samples.values[last.checked_sub(1)?];
    let mut result = (*samples.values[last]).clone();
    let gauges = [&result, before].map(|histogram| histogram.counter_reset_hint == Gauge);
    match (is_rate, gauges) {
        (true, [false, false]) | (false, [true, true]) => {}
        (true, _) => notices.add(Notice::NotCounter),
        (false, _) => notices.add(Notice::NotGauge),
    }
    if !is_rate || !is_reset(samples, last, before) {
        subtract(&mut result, before, notices)?;
    }
    result.counter_reset_hint = Gauge;
    result.compact(0);
    if is_rate {
        let distance = samples.timestamps[last] - samples.timestamps[last - 1];
        result.div(distance as f64 / 1_000.0);
    }
    Some(result)
}

/// Adds, and notices what has to be told.
pub(crate) fn add(to: &mut Histogram, other: &Histogram, notices: &mut Notices) -> Option<()> {
    note(to.add(other).ok(), Notice::ReconciledAddition, notices)
}

/// Subtracts, and notices what has to be told.
pub(crate) fn subtract(
    from: &mut Histogram,
    other: &Histogram,
    notices: &mut Notices,
) -> Option<()> {
    note(from.sub(other).ok(), Notice::ReconciledSubtraction, notices)
}

fn note(
    combined: Option<model::histogram::Combined>,
    reconciled: Notice,
    notices: &mut Notices,
) -> Option<()> {
    match combined {
        None => notices.add(Notice::MixedSchemas),
        Some(combined) if combined.bounds_reconciled => notices.add(reconciled),
        Some(_) => {}
    }
    combined.map(|_| ())
}
