//! Selectors that are `anchored` or `smoothed`: they see the samples around the moment or range too,
//! as far as the lookback delta reaches.

use super::columns::StepValue;
use super::range_call::RangeCall;
use super::stream::{Scratch, Stream, WORK_BETWEEN_CHECKS};
use super::window::{HistogramWindow, Slider, Window};
use crate::ast::ExtendedRange;
use crate::functions::Function;
use crate::functions::extended::{self, between};
use crate::limits::Interrupt;
use crate::query::QueryError;

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
        for step in 0..self.moments.steps().count {
            let moment = self.moments.of(step);
            let (start, end) = (
                moment.saturating_sub(lookback),
                moment.saturating_add(lookback),
            );
            let around = slider.advance(times, start, end);
            let (times, values) = (&times[around.clone()], &values[around.clone()]);
            scratch.tally.samples_looked_at += times.len() as u64;
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
        for step in 0..steps.count {
            let end = self.moments.of(step);
            let start = end.saturating_sub(range);
            let around = slider.advance(
                times,
                start.saturating_sub(reach.lookback),
                end.saturating_add(reach.after()),
            );
            scratch.tally.samples_looked_at += around.len() as u64;
            scratch.work += around.len();
            if scratch.work > WORK_BETWEEN_CHECKS {
                scratch.work = 0;
                interrupt.check()?;
            }
            let window = Window {
                timestamps: &times[around.clone()],
                values: &values[around],
                starts: &[],
                histograms: HistogramWindow::default(),
                may_fall: true,
                start,
                end,
                step: steps.time(step),
            };
            let value = match call.extrapolation() {
                Some(kind) => {
                    let smoothed = reach.how == ExtendedRange::Smoothed;
                    extended::difference(&window, kind, smoothed).map(StepValue::Float)
                }
                None => anchored_part(&window)
                    .and_then(|window| call.evaluate(step, &window, &mut scratch.sorting)),
            };
            scratch.column.push(value);
        }
        Ok(())
    }
}

/// The window from its anchor on: the last sample at or before its start. None if no sample is
/// behind that.
fn anchored_part<'a>(window: &Window<'a>) -> Option<Window<'a>> {
    if window
        .timestamps
        .last()
        .is_none_or(|&last| last <= window.start)
    {
        return None;
    }
    let before = window
        .timestamps
        .partition_point(|&time| time <= window.start);
    let anchor = before.saturating_sub(1);
    Some(Window {
        timestamps: &window.timestamps[anchor..],
        values: &window.values[anchor..],
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
