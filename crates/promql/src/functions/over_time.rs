//! `*_over_time` over the values of one window, which is never empty, and the quantile that
//! `quantile` shares with them.

use std::cmp::Ordering;

use crate::eval::window::Window;
use crate::functions::compensated::{CompensatedSum, Mean};

/// `sum_over_time`
pub(crate) fn sum(values: &[f64]) -> f64 {
    let mut sum = CompensatedSum::default();
    values.iter().for_each(|&value| sum.add(value));
    sum.value()
}

/// `avg_over_time`
pub(crate) fn average(values: &[f64]) -> Option<f64> {
    let (&first, rest) = values.split_first()?;
    let mut mean = Mean::new(first);
    rest.iter().for_each(|&value| mean.add(value));
    Some(mean.value())
}

/// `max_over_time`: NaN only if nothing else is there.
pub(crate) fn maximum(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(larger)
}

/// `min_over_time`: NaN only if nothing else is there.
pub(crate) fn minimum(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(smaller)
}

/// The larger of two; NaN gives way.
#[inline]
pub(crate) fn larger(so_far: f64, value: f64) -> f64 {
    if so_far < value || so_far.is_nan() {
        value
    } else {
        so_far
    }
}

/// The smaller of two; NaN gives way.
#[inline]
pub(crate) fn smaller(so_far: f64, value: f64) -> f64 {
    if so_far > value || so_far.is_nan() {
        value
    } else {
        so_far
    }
}

/// `stdvar_over_time`: population variance in one pass (Welford), compensated.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mut mean = CompensatedSum::default();
    let mut squares = CompensatedSum::default();
    let mut count = 0.0;
    for &value in values {
        count += 1.0;
        let delta = value - mean.value();
        mean.add(delta / count);
        squares.add(delta * (value - mean.value()));
    }
    squares.value() / count
}

/// The `q`-quantile of the values, which get sorted, NaN first: interpolated between neighbours,
/// infinite for a `q` outside of 0 to 1, NaN of nothing and for NaN.
pub(crate) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(nan_first);
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = (rank.floor() as usize).min(last);
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

/// `mad_over_time`: the median of the distances from the median; NaN if a value is. Sorts the values.
pub(crate) fn median_deviation(values: &mut [f64]) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let median = quantile(0.5, values);
    for value in values.iter_mut() {
        *value = (*value - median).abs();
    }
    quantile(0.5, values)
}

/// `ts_of_max_over_time` and `ts_of_min_over_time`: when the value was there that is `better` than
/// those before it or as good; in seconds.
pub(crate) fn time_of(window: &Window<'_>, better: impl Fn(f64, f64) -> bool) -> f64 {
    let (mut best, mut at) = (f64::NAN, 0);
    for (&time, &value) in window.timestamps.iter().zip(window.values) {
        if best.is_nan() || better(value, best) {
            (best, at) = (value, time);
        }
    }
    at as f64 / 1_000.0
}

/// `ts_of_first_over_time`: the first of two rising lists' times, in seconds.
pub(crate) fn earliest(times: &[i64], others: &[i64]) -> f64 {
    let first = times.first().into_iter().chain(others.first()).min();
    first.copied().unwrap_or_default() as f64 / 1_000.0
}

/// `ts_of_last_over_time`: the last of two rising lists' times, in seconds.
pub(crate) fn latest(times: &[i64], others: &[i64]) -> f64 {
    let last = times.last().into_iter().chain(others.last()).max();
    last.copied().unwrap_or_default() as f64 / 1_000.0
}

/// Rising order with NaN in front.
pub(crate) fn nan_first(left: &f64, right: &f64) -> Ordering {
    left.partial_cmp(right)
        .unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_ignore_nan_where_they_can() {
        assert_eq!(maximum(&[f64::NAN, 1.0, 3.0, 2.0]), Some(3.0));
        assert_eq!(minimum(&[2.0, 1.0, f64::NAN]), Some(1.0));
        assert!(maximum(&[f64::NAN]).is_some_and(f64::is_nan));
    }

    #[test]
    fn variance_of_equal_values_is_zero() {
        assert_eq!(variance(&[1.599_050_563_727_786_8; 3]), 0.0);
        assert!((variance(&[0.0, 8.0, 8.0, 2.0, 3.0]) - 10.56).abs() < 1e-12);
    }

    #[test]
    fn quantiles_interpolate() {
        let cases: [(f64, &[f64], f64); 8] = [
            (0.5, &[1.0, 0.0], 0.5),
            (0.75, &[0.0, 1.0, 4.0], 2.5),
            (1.0, &[0.0, 1.0, 4.0], 4.0),
            (0.0, &[3.0], 3.0),
            (0.8, &[f64::NAN, 0.0, 1.0], 0.6),
            (-1.0, &[1.0], f64::NEG_INFINITY),
            (2.0, &[1.0], f64::INFINITY),
            (0.2, &[0.0, 1.0, f64::NAN], f64::NAN),
        ];
        for (q, values, want) in cases {
            let got = quantile(q, &mut values.to_vec());
            let same = (got - want).abs() < 1e-12 || got.to_bits() == want.to_bits();
            assert!(
                same || (got.is_nan() && want.is_nan()),
                "{q} of {values:?}: {got}"
            );
        }
    }
}
