//! Selectors that are `anchored` or `smoothed`: they see the samples around the moment or range too,
//! as far as the lookback delta reaches.

use std::sync::Arc;

use model::Histogram;

use super::Evaluator;
use super::columns::StepValue;
use super::notices::{Notice, Notices};
use super::range_call::RangeCall;
use super::stream::{Scratch, Source, Stream};
use super::window::{HistogramSlider, HistogramWindow, Slider, Window};
use crate::ast::ExtendedRange;
use crate::functions::Function;
use crate::functions::extended::{self, between};
use crate::functions::extended_histogram::{self, Around};
use crate::functions::rate::Extrapolation;
use crate::limits::Interrupt;
use crate::query::QueryError;
use crate::value::RangeSeries;

/// A range that reaches beyond its borders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// How it is meant.
    pub(crate) how: ExtendedRange,
    /// How far it reaches in milliseconds: to both sides if smoothed, else to the past.
    pub(crate) lookback: i64,
}

impl Reach {
    /// Milliseconds beyond the end.
    pub(crate) fn after(self) -> i64 {
        match self.how {
            ExtendedRange::Anchored => 0,
            ExtendedRange::Smoothed => self.lookback,
        }
    }
}

impl Stream<'_> {
    /// The value at each moment, on the line between the samples around it. After the last sample
    /// its value stays.
    pub(super) fn smooth(&self, lookback: i64, scratch: &mut Scratch) {
        let (times, values) = (scratch.buffer.timestamps(), scratch.buffer.values());
        let mut slider = Slider::default();
        let mut histogram_slider = HistogramSlider::over(scratch.buffer.histograms(), false);
        for step in 0..self.moments.steps().count {
            let moment = self.moments.of(step);
            let (start, end) = (
                moment.saturating_sub(lookback),
                moment.saturating_add(lookback),
            );
            let around = slider.advance(times, start, end);
            let (times, values) = (&times[around.clone()], &values[around.clone()]);
            let histograms = histogram_slider.advance(start, end);
            let newly = slider.newly() + histogram_slider.newly();
            scratch
                .tally
                .count(step, times.len() + histograms.sample_size(), newly);
            if !histograms.values.is_empty() {
                let notices = &mut scratch.notices;
                let value = match times.is_empty() {
                    true => extended_histogram::at_moment(&histograms, moment, notices),
                    false => {
                        notices.add(Notice::MixedTypes);
                        None
                    }
                };
                scratch.column.push(value.map(histogram_value));
                continue;
            }
            let next = times.partition_point(|&time| time < moment);
            let value = match next.checked_sub(1) {
                _ if times.get(next) == Some(&moment) => Some(values[next]),
                None => None,
                Some(last) if next == times.len() => Some(values[last]),
                Some(before) => Some(between(times, values, before, moment, false)),
            };
            scratch.column.push(value.map(StepValue::Float));
        }
    }

    /// A function over each range with the samples around it.
    pub(super) fn slide_extended(
        &self,
        call: &RangeCall,
        range: i64,
        reach: Reach,
        scratch: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<(), QueryError> {
        let (times, values) = (scratch.buffer.timestamps(), scratch.buffer.values());
        let steps = self.moments.steps();
        let mut slider = Slider::default();
        let mut histogram_slider = HistogramSlider::over(scratch.buffer.histograms(), false);
        for step in 0..steps.count {
            let end = self.moments.of(step);
            let start = end.saturating_sub(range);
            let from = start.saturating_sub(reach.lookback);
            let to = end.saturating_add(reach.after());
            let around = slider.advance(times, from, to);
            let histograms = histogram_slider.advance(from, to);
            let count = around.len() + histograms.sample_size();
            let newly = slider.newly() + histogram_slider.newly();
            scratch.tally.count_window(step, count, newly, interrupt)?;
            let window = Window {
                timestamps: &times[around.clone()],
                values: &values[around],
                starts: &[],
                histograms,
                may_fall: true,
                start,
                end,
                step: steps.time(step),
            };
            let value = match call.extrapolation() {
                Some(kind) => difference(&window, kind, reach.how, &mut scratch.notices),
                None => anchored_part(&window).and_then(|window| {
                    call.evaluate(step, &window, &mut scratch.sorting, &mut scratch.notices)
                }),
            };
            scratch.column.push(value);
        }
        Ok(())
    }
}

impl Evaluator<'_> {
    /// The samples of an extended range as the value of a query: those inside, and the values at both
    /// borders.
    pub(super) fn extended_samples(
        &self,
        source: &Source<'_>,
        end: i64,
        range: i64,
        reach: Reach,
    ) -> Result<Vec<RangeSeries>, QueryError> {
        let start = end.saturating_sub(range);
        let from = start.saturating_sub(reach.lookback);
        let to = end.saturating_add(reach.after());
        let samples = self.collect_samples(source, from)?;
        let mut out = Vec::with_capacity(samples.len());
        for mut series in samples {
            self.interrupt.check()?;
            if series
                .histograms
                .iter()
                .any(|sample| sample.timestamp <= to)
            {
                let how = reach.how.as_str();
                let message = format!("{how} modifier is not supported with histograms");
                return Err(QueryError::Execution(message));
            }
            let count = series.timestamps.partition_point(|&time| time <= to);
            let (times, values) = (&series.timestamps[..count], &series.values[..count]);
            let smoothed = reach.how == ExtendedRange::Smoothed;
            let with_borders = extended::with_borders(times, values, start, end, smoothed);
            if let Some((timestamps, values)) = with_borders {
                (series.timestamps, series.values) = (timestamps, values);
                out.push(series);
            }
        }
        Ok(out)
    }
}

/// The difference of the samples over an extended range: of floats or of native histograms.
fn difference(
    window: &Window<'_>,
    kind: Extrapolation,
    how: ExtendedRange,
    notices: &mut Notices,
) -> Option<StepValue> {
    let smoothed = how == ExtendedRange::Smoothed;
    if window.histograms.values.is_empty() {
        return extended::difference(window, kind, smoothed).map(StepValue::Float);
    }
    if !window.values.is_empty() {
        notices.add(Notice::MixedTypes);
        return None;
    }
    let around = Around {
        samples: window.histograms,
        start: window.start,
        end: window.end,
        smoothed,
    };
    around.difference(kind, notices).map(histogram_value)
}

fn histogram_value(histogram: Histogram) -> StepValue {
    StepValue::Histogram(Arc::new(histogram))
}

/// The window from its anchor on: the last sample at or before its start. None if no sample is
/// behind that.
fn anchored_part<'a>(window: &Window<'a>) -> Option<Window<'a>> {
    let (times, histograms) = (window.timestamps, window.histograms);
    let is_behind = |times: &[i64]| times.last().is_some_and(|&last| last > window.start);
    if !is_behind(times) && !is_behind(histograms.timestamps) {
        return None;
    }
    let up_to_start = |times: &[i64]| times.partition_point(|&time| time <= window.start);
    let (floats, others) = (up_to_start(times), up_to_start(histograms.timestamps));
    let last = |times: &[i64], count: usize| times[..count].last().copied();
    let anchor = last(times, floats).max(last(histograms.timestamps, others));
    let from = |times: &[i64], count: usize| {
        count - usize::from(anchor.is_some() && last(times, count) == anchor)
    };
    let (float, other) = (from(times, floats), from(histograms.timestamps, others));
    Some(Window {
        timestamps: &times[float..],
        values: &window.values[float..],
        histograms: HistogramWindow {
            timestamps: &histograms.timestamps[other..],
            values: &histograms.values[other..],
            starts: &[],
        },
        ..*window
    })
}

/// The functions that can be asked for with a range that is extended this way, sorted by name.
pub(crate) fn functions_for(how: ExtendedRange) -> &'static [Function] {
    match how {
        ExtendedRange::Anchored => &[
            Function::Changes,
            Function::Delta,
            Function::Increase,
            Function::Rate,
            Function::Resets,
        ],
        ExtendedRange::Smoothed => &[Function::Delta, Function::Increase, Function::Rate],
    }
}
