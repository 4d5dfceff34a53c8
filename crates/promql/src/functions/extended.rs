//! `rate`, `increase` and `delta` over ranges that are `anchored` or `smoothed`: the samples around
//! the range tell its value at both borders, and nothing is extrapolated.
//!
//! Windows have the samples around the range too, as far as the lookback delta reaches.

use crate::eval::window::Window;
use crate::functions::rate::Extrapolation;

/// The samples of a window that matter: `first` is the last one at or before the range's start, or
/// the first of all; `last` is the last one, or, if smoothed, the first at or after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Borders {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Borders {
    /// None if there is no sample that says anything of the range.
    pub(crate) fn of(timestamps: &[i64], start: i64, end: i64, smoothed: bool) -> Option<Self> {
        let borders = Self::around(timestamps, start, end, smoothed)?;
        let is_ahead = smoothed && timestamps[borders.first] > end;
        (!is_ahead).then_some(borders)
    }

    /// The same, but samples that are all ahead of the range count, too.
    fn around(timestamps: &[i64], start: i64, end: i64, smoothed: bool) -> Option<Self> {
        let mut last = timestamps.len().checked_sub(1)?;
        let before = &timestamps[..last];
        let first = before
            .partition_point(|&time| time <= start)
            .saturating_sub(1);
        if smoothed {
            last = before.partition_point(|&time| time < end);
        }
        let is_behind = timestamps[last] <= start;
        (!is_behind).then_some(Self { first, last })
    }
}

/// The floats between `start` and `end`, and the values at both. None if no sample says anything of
/// them; samples that are all ahead do, unlike in functions.
pub(crate) fn with_borders(
    times: &[i64],
    values: &[f64],
    start: i64,
    end: i64,
    smoothed: bool,
) -> Option<(Vec<i64>, Vec<f64>)> {
    let Borders { first, last } = Borders::around(times, start, end, smoothed)?;
    let left = match smoothed && times[first] < start {
        true => between(times, values, first, start, false),
        false => values[first],
    };
    let right = match smoothed && last > 0 && times[last] > end {
        true => between(times, values, last - 1, end, false),
        false => values[last],
    };
    let mut with_borders = (vec![start], vec![left]);
    for place in first..=last {
        if (start + 1..end).contains(&times[place]) {
            with_borders.0.push(times[place]);
            with_borders.1.push(values[place]);
        }
    }
    with_borders.0.push(end);
    with_borders.1.push(right);
    Some(with_borders)
}

/// The difference of the floats over the window.
pub(crate) fn difference(window: &Window<'_>, kind: Extrapolation, smoothed: bool) -> Option<f64> {
    let (times, values) = (window.timestamps, window.values);
    let Borders { first, last } = Borders::of(times, window.start, window.end, smoothed)?;
    let left = match smoothed && times[first] < window.start {
        true => between(times, values, first, window.start, kind.counter),
        false => values[first],
    };
    let right = match smoothed && last > 0 && times[last] > window.end {
        true => between(times, values, last - 1, window.end, kind.counter),
        false => values[last],
    };
    let mut difference = right - left;
    if kind.counter {
        // At the borders, resets are in `left` and `right` already.
        let from = first + usize::from(times[first] <= window.start);
        let to = last + usize::from(times[last] < window.end);
        difference += reset_correction(left, right, values.get(from..to).unwrap_or_default());
    }
    if kind.per_second {
        difference /= (window.end - window.start) as f64 / 1_000.0;
    }
    Some(difference)
}

/// The value at `time`, on the line from the sample at `index` to the next. A counter that fell
/// in between is taken to have begun again at 0.
pub(crate) fn between(
    times: &[i64],
    values: &[f64],
    index: usize,
    time: i64,
    counter: bool,
) -> f64 {
    let (mut from, to) = (values[index], values[index + 1]);
    if counter && to < from {
        from = 0.0;
    }
    let (start, end) = (times[index], times[index + 1]);
    from + (to - from) * (time - start) as f64 / (end - start) as f64
}

fn reset_correction(left: f64, right: f64, inside: &[f64]) -> f64 {
    let mut correction = 0.0;
    let mut before = left;
    for &value in inside.iter().chain([&right]) {
        if value < before {
            correction += before;
        }
        before = value;
    }
    correction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::window::tests::window;

    #[test]
    fn ranges_have_their_borders() {
        let (times, values) = ([10, 20, 30, 40], [1.0, 2.0, 3.0, 4.0]);
        type Case<'a> = (i64, i64, bool, Option<(&'a [i64], &'a [f64])>);
        let cases: [Case<'_>; 4] = [
            (
                15,
                40,
                false,
                Some((&[15, 20, 30, 40], &[1.0, 2.0, 3.0, 4.0])),
            ),
            (
                15,
                35,
                true,
                Some((&[15, 20, 30, 35], &[1.5, 2.0, 3.0, 3.5])),
            ),
            (10, 20, true, Some((&[10, 20], &[1.0, 2.0]))),
            (40, 60, false, None),
        ];
        for (start, end, smoothed, want) in cases {
            let got = with_borders(&times, &values, start, end, smoothed);
            let got = got
                .as_ref()
                .map(|(times, values)| (&times[..], &values[..]));
            assert_eq!(got, want, "{start} to {end}");
        }
    }

    #[test]
    fn borders_are_taken_from_the_samples_around() {
        let rising = [(0, 1.0), (60, 2.0), (180, 4.0)];
        let falling = [(0, 9.0), (60, 8.0), (120, 5.0), (180, 4.0)];
        type Case<'a> = (&'a [(i64, f64)], i64, i64, Option<f64>, Option<f64>);
        // samples, range from and to in seconds, increase anchored and smoothed
        let cases: [Case<'_>; 6] = [
            (&rising, 60, 120, None, Some(1.0)),
            (&rising, 100, 200, Some(2.0), Some(4.0 - (2.0 + 2.0 / 3.0))),
            (&rising, 180, 240, None, None),
            (&rising, -60, -30, Some(3.0), None),
            (&rising[..2], 30, 60, Some(1.0), Some(0.5)),
            (&falling, 15, 135, Some(5.0 - 9.0 + 9.0 + 8.0), Some(12.0)),
        ];
        for (samples, start, end, anchored, smoothed) in cases {
            let (times, values): (Vec<i64>, Vec<f64>) = samples
                .iter()
                .map(|&(time, value)| (time * 1_000, value))
                .unzip();
            let (start, end) = (start * 1_000, end * 1_000);
            // The window of an anchored range ends with the range.
            let inside = times.partition_point(|&time| time <= end.max(times[0]));
            let short = window(&times[..inside], &values[..inside], start, end);
            if end > 0 {
                let got = difference(&short, Extrapolation::INCREASE, false);
                assert_eq!(got, anchored, "{samples:?} anchored from {start} to {end}");
            }
            let got = difference(
                &window(&times, &values, start, end),
                Extrapolation::INCREASE,
                true,
            );
            assert_eq!(
                got.is_some(),
                smoothed.is_some(),
                "{samples:?} from {start} to {end}"
            );
            if let (Some(got), Some(want)) = (got, smoothed) {
                assert!((got - want).abs() < 1e-12, "{samples:?}: {got}, not {want}");
            }
        }
    }
}
