//! `rate`, `increase` and `delta` of native histograms over ranges that are `anchored` or `smoothed`,
//! see [`super::extended`].

use std::borrow::Cow;

use model::Histogram;
use model::histogram::CounterResetHint::{Gauge, Unknown};

use super::extended::Borders;
use super::histogram_rate::{add, subtract};
use super::rate::Extrapolation;
use crate::eval::notices::{Notice, Notices};
use crate::eval::window::HistogramWindow;

/// The histograms around one range.
pub(crate) struct Around<'a> {
    /// The samples.
    pub(crate) samples: HistogramWindow<'a>,
    /// Where the range begins and ends.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Values at the borders are interpolated.
    pub(crate) smoothed: bool,
}

impl Around<'_> {
    /// The difference over the range.
    pub(crate) fn difference(
        &self,
        kind: Extrapolation,
        notices: &mut Notices,
    ) -> Option<Histogram> {
        let times = self.samples.timestamps;
        let borders = Borders::of(times, self.start, self.end, self.smoothed)?;
        let Borders { first, last } = borders;
        self.check(borders, kind.counter, notices)?;
        let left = match self.smoothed && times[first] < self.start {
            true => Cow::Owned(self.between(first, self.start, kind.counter, notices)?),
            false => Cow::Borrowed(&*self.samples.values[first]),
        };
        let right = match self.smoothed && last > 0 && times[last] > self.end {
            true => Cow::Owned(self.between(last - 1, self.end, kind.counter, notices)?),
            false => Cow::Borrowed(&*self.samples.values[last]),
        };
        if !kind.counter && (left.counter_reset_hint != Gauge || right.counter_reset_hint != Gauge)
        {
            notices.add(Notice::NotGauge);
        }
        let mut difference = right.clone().into_owned();
        subtract(&mut difference, &left, notices)?;
        if kind.counter
            && let Some(correction) = self.correction(borders, &left, &right, notices)?
        {
            add(&mut difference, &correction, notices)?;
        }
        if kind.per_second {
            difference.div((self.end - self.start) as f64 / 1_000.0);
        }
        difference.counter_reset_hint = Gauge;
        difference.compact(0);
        Some(difference)
    }

    /// Nothing comes of exponential buckets among custom ones.
    fn check(&self, borders: Borders, counter: bool, notices: &mut Notices) -> Option<()> {
        let looked_at = &self.samples.values[borders.first..=borders.last];
        let custom = looked_at[0].has_custom_buckets();
        for histogram in looked_at {
            if histogram.has_custom_buckets() != custom {
                notices.add(Notice::MixedSchemas);
                return None;
            }
            if counter && histogram.counter_reset_hint == Gauge {
                notices.add(Notice::NotCounter);
            }
        }
        Some(())
    }

    /// What the resets inside the range took away.
    fn correction(
        &self,
        Borders { first, last }: Borders,
        left: &Histogram,
        right: &Histogram,
        notices: &mut Notices,
    ) -> Option<Option<Histogram>> {
        let (times, values) = (self.samples.timestamps, self.samples.values);
        let mut before = left;
        let mut from = first + 1;
        if self.smoothed
            && times[first] < self.start
            && values[first + 1].detect_reset(&values[first])
        {
            // The left border has been interpolated over this reset: it is in there.
            before = &values[first + 1];
            from += 1;
        }
        // The last sample is the right border, or its hint is. Looked at itself it would count twice.
        if from > last {
            return Some(None);
        }
        let mut correction: Option<Histogram> = None;
        for histogram in values[from..last].iter().map(|it| &**it).chain([right]) {
            if histogram.detect_reset(before) {
                match &mut correction {
                    Some(correction) => add(correction, before, notices)?,
                    None => correction = Some(before.clone()),
                }
            }
            before = histogram;
        }
        Some(correction)
    }

    fn between(
        &self,
        index: usize,
        time: i64,
        counter: bool,
        notices: &mut Notices,
    ) -> Option<Histogram> {
        between(&self.samples, index, time, counter, notices)
    }
}

/// The histogram at `time`, on the line from the one at `index` to the next. A counter that was reset
/// in between is taken to have begun again at 0.
pub(crate) fn between(
    samples: &HistogramWindow<'_>,
    index: usize,
    time: i64,
    counter: bool,
    notices: &mut Notices,
) -> Option<Histogram> {
    let (from, to) = (&samples.values[index], &samples.values[index + 1]);
    let (start, end) = (samples.timestamps[index], samples.timestamps[index + 1]);
    if time == start {
        return Some((**from).clone());
    }
    let mut result = (**to).clone();
    if time == end {
        return Some(result);
    }
    let fraction = (time - start) as f64 / (end - start) as f64;
    if counter && to.detect_reset(from) {
        result.mul(fraction);
        return Some(result);
    }
    subtract(&mut result, from, notices)?;
    result.mul(fraction);
    add(&mut result, from, notices)?;
    Some(result)
}

/// The histogram at `moment` of a selector that is `smoothed`.
pub(crate) fn at_moment(
    samples: &HistogramWindow<'_>,
    moment: i64,
    notices: &mut Notices,
) -> Option<Histogram> {
    let next = samples.timestamps.partition_point(|&time| time < moment);
    if samples.timestamps.get(next) == Some(&moment) {
        return Some((*samples.values[next]).clone());
    }
    let before = next.checked_sub(1)?;
    let last = &samples.values[before];
    let Some(following) = samples.values.get(next) else {
        // The hint spoke of the sample before, not of the value.
        let mut carried = (**last).clone();
        carried.counter_reset_hint = Unknown;
        return Some(carried);
    };
    if last.has_custom_buckets() != following.has_custom_buckets() {
        notices.add(Notice::MixedSchemas);
        return None;
    }
    let counter = last.counter_reset_hint != Gauge || following.counter_reset_hint != Gauge;
    between(samples, before, moment, counter, notices)
}
