//! `rate`, `increase`, `delta`, `irate`, `idelta`, `changes` and `resets` over one window.

use super::start_timestamp::Neighbours;
use crate::eval::notices::{Notice, Notices};
use crate::eval::window::Window;

/// What the first three functions make of the difference between last and first sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extrapolation {
    /// The samples count something: a fall is a reset, and below zero there is nothing.
    pub(crate) counter: bool,
    /// The result is per second.
    pub(crate) per_second: bool,
}

impl Extrapolation {
    /// `rate`
    pub(crate) const RATE: Self = Self {
        counter: true,
        per_second: true,
    };
    /// `increase`
    pub(crate) const INCREASE: Self = Self {
        counter: true,
        per_second: false,
    };
    /// `delta`
    pub(crate) const DELTA: Self = Self {
        counter: false,
        per_second: false,
    };
}

/// The difference over the window, extrapolated to its borders; none of less than two samples, unless
/// the one says that it began to count inside the window.
pub(crate) fn extrapolated(
    window: &Window<'_>,
    kind: Extrapolation,
    notices: &mut Notices,
) -> Option<f64> {
    let (&first, &last) = (window.values.first()?, window.values.last()?);
    let start = window.starts.first().copied().unwrap_or_default();
    let span = Span::of(window.timestamps, window);
    let mut difference = last - first;
    if kind.counter && !window.starts.is_empty() {
        difference = add_started_resets(difference, window, notices);
    } else if kind.counter && window.may_fall {
        difference = add_resets(difference, window.values);
    }
    let factor = match kind.counter && span.begins_at(start) {
        true => {
            difference += first;
            span.factor_from(start, kind)
        }
        false if window.values.len() < 2 => return None,
        false => {
            let zero = (difference > 0.0 && first >= 0.0).then(|| first / difference);
            span.factor(zero, kind)
        }
    };
    Some(difference * factor)
}

/// Where the samples of a window stand in it; in seconds where not said otherwise.
pub(crate) struct Span {
    to_start: f64,
    to_end: f64,
    /// From the first to the last sample.
    sampled: f64,
    /// Mean distance of the samples.
    distance: f64,
    range: f64,
    /// Milliseconds since the Unix epoch: the window's left border, and its outermost samples.
    left: i64,
    first: i64,
    last: i64,
}

impl Span {
    /// Of samples at these times, of which there is one at least.
    #[inline]
    pub(crate) fn of(timestamps: &[i64], window: &Window<'_>) -> Self {
        let (first, last) = (timestamps[0], timestamps[timestamps.len() - 1]);
        let sampled = seconds(last - first);
        Self {
            to_start: seconds(first - window.start),
            to_end: seconds(window.end - last),
            sampled,
            distance: match timestamps.len() {
                1 => 0.0,
                samples => sampled / (samples - 1) as f64,
            },
            range: seconds(window.end - window.start),
            left: window.start,
            first,
            last,
        }
    }

    /// True if counting began inside the window: there the counter was 0.
    pub(crate) fn begins_at(&self, start: i64) -> bool {
        start != 0 && start > self.left && start < self.first
    }

    /// What a difference that begins where counting began has to be multiplied with.
    pub(crate) fn factor_from(&self, start: i64, kind: Extrapolation) -> f64 {
        self.factor_of(seconds(self.last - start), 0.0, kind)
    }

    /// What a difference has to be multiplied with. `zero` is how many times the sampled time the
    /// counter was zero before the first sample.
    ///
    /// To a border that is less than 1.1 mean sample distances away the slope is carried on; else
    /// the series is taken to begin or end half a distance beyond its outermost sample. A counter is
    /// never carried on to before the point where it was zero.
    #[inline]
    pub(crate) fn factor(&self, zero: Option<f64>, kind: Extrapolation) -> f64 {
        let mut to_start = self.to_start;
        if to_start >= self.distance * EXTRAPOLATION_THRESHOLD {
            to_start = self.distance / 2.0;
        }
        if let Some(zero) = zero.filter(|_| kind.counter) {
            to_start = to_start.min(self.sampled * zero);
        }
        self.factor_of(self.sampled, to_start, kind)
    }

    #[inline]
    fn factor_of(&self, sampled: f64, to_start: f64, kind: Extrapolation) -> f64 {
        let mut to_end = self.to_end;
        if to_end >= self.distance * EXTRAPOLATION_THRESHOLD {
            to_end = self.distance / 2.0;
        }
        let mut factor = 1.0;
        if sampled != 0.0 {
            factor = (sampled + to_start + to_end) / sampled;
        }
        if kind.per_second {
            factor /= self.range;
        }
        factor
    }
}

/// Resets of samples that say since when they count.
fn add_started_resets(mut difference: f64, window: &Window<'_>, notices: &mut Notices) -> f64 {
    for (index, pair) in window.values.windows(2).enumerate() {
        let times = Neighbours::at(window.starts, window.timestamps, index + 1);
        if times.is_some_and(Neighbours::overlap) {
            notices.add(Notice::OverlappingStarts);
        }
        if pair[1] < pair[0] || times.is_some_and(Neighbours::is_reset) {
            difference += pair[0];
        }
    }
    difference
}

#[inline]
fn add_resets(mut difference: f64, values: &[f64]) -> f64 {
    for pair in values.windows(2) {
        if pair[1] < pair[0] {
            difference += pair[0];
        }
    }
    difference
}

/// `irate` and `idelta`: from the last two samples.
pub(crate) fn from_last_two(window: &Window<'_>, is_rate: bool) -> Option<f64> {
    let [.., before, last] = *window.values else {
        return None;
    };
    let [.., time_before, last_time] = *window.timestamps else {
        return None;
    };
    if last_time == time_before {
        return None;
    }
    let end = window.values.len() - 1;
    let times = Neighbours::at(window.starts, window.timestamps, end);
    let is_reset = is_rate && (last < before || times.is_some_and(Neighbours::is_reset));
    let difference = if is_reset { last } else { last - before };
    Some(if is_rate {
        difference / seconds(last_time - time_before)
    } else {
        difference
    })
}

/// `changes`: how often a value differs from the one before; NaN equals NaN here.
pub(crate) fn changes(values: &[f64]) -> f64 {
    count_pairs(values, |before, value| {
        before != value && !(before.is_nan() && value.is_nan())
    })
}

/// `resets`: how often a value is below the one before.
pub(crate) fn resets(values: &[f64]) -> f64 {
    count_pairs(values, |before, value| value < before)
}

fn count_pairs(values: &[f64], counts: impl Fn(f64, f64) -> bool) -> f64 {
    let pairs = values.windows(2);
    pairs.filter(|pair| counts(pair[0], pair[1])).count() as f64
}

fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// How many mean sample distances a border may be away to be reached. Upstream's
/// `extrapolationThreshold`.
const EXTRAPOLATION_THRESHOLD: f64 = 1.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::window::tests::window;

    const RATE: Extrapolation = Extrapolation::RATE;
    const INCREASE: Extrapolation = Extrapolation::INCREASE;
    const DELTA: Extrapolation = Extrapolation::DELTA;

    #[test]
    fn differences_are_extrapolated_to_the_borders() {
        // (kind, window from and to, samples, want), times in milliseconds
        let even = [(10_000, 10.0), (20_000, 20.0), (30_000, 30.0)];
        let reset = [(10_000, 100.0), (20_000, 110.0), (30_000, 5.0)];
        let high = [(10_000, 110.0), (20_000, 120.0), (30_000, 130.0)];
        let fall = [(10_000, 30.0), (20_000, 20.0), (30_000, 10.0)];
        let cases: [(_, _, &[(i64, f64)], _); 7] = [
            (INCREASE, (9_000, 31_000), &high, Some(22.0)),
            (RATE, (10_000, 30_000), &even, Some(1.0)),
            (INCREASE, (0, 30_000), &even, Some(30.0)),
            (INCREASE, (-60_000, 90_000), &high, Some(30.0)),
            (INCREASE, (10_000, 30_000), &reset, Some(15.0)),
            (DELTA, (10_000, 30_000), &fall, Some(-20.0)),
            (RATE, (0, 30_000), &even[..1], None),
        ];
        for (kind, (start, end), samples, want) in cases {
            let (timestamps, values): (Vec<_>, Vec<_>) = samples.iter().copied().unzip();
            let window = window(&timestamps, &values, start, end);
            let got = extrapolated(&window, kind, &mut Notices::default());
            assert_eq!(got, want, "{samples:?} in {start}..{end}");
        }
    }

    #[test]
    fn a_counter_is_not_extrapolated_below_zero() {
        let got = extrapolated(
            &window(&[10_000, 20_000], &[2.0, 12.0], 0, 20_000),
            INCREASE,
            &mut Notices::default(),
        );
        assert_eq!(got, Some(12.0));
    }

    #[test]
    fn the_last_two_samples_make_an_instant_rate() {
        let times = [0, 10_000, 20_000];
        let of =
            |values: &[f64], is_rate| from_last_two(&window(&times, values, -1, 20_000), is_rate);
        assert_eq!(of(&[9.0, 10.0, 30.0], true), Some(2.0));
        assert_eq!(of(&[9.0, 30.0, 10.0], true), Some(1.0));
        assert_eq!(of(&[9.0, 30.0, 10.0], false), Some(-20.0));
        assert_eq!(from_last_two(&window(&[0], &[1.0], -1, 0), true), None);
    }

    #[test]
    fn changes_and_resets_are_counted() {
        let cases: [(&[f64], f64, f64); 4] = [
            (&[1.0, 2.0, 3.0, 0.0, 1.0, 0.0, 0.0], 5.0, 2.0),
            (&[f64::NAN, f64::NAN], 0.0, 0.0),
            (&[0.0, f64::NAN, 0.0], 2.0, 0.0),
            (&[5.0], 0.0, 0.0),
        ];
        for (values, want_changes, want_resets) in cases {
            assert_eq!(changes(values), want_changes, "{values:?}");
            assert_eq!(resets(values), want_resets, "{values:?}");
        }
    }
}
