//! `deriv` and `predict_linear`: a straight line through the samples of one window.

use crate::eval::window::Window;
use crate::functions::compensated::CompensatedSum;

/// `deriv`: the slope per second; none of less than two samples.
pub(crate) fn derivative(window: &Window<'_>) -> Option<f64> {
    // A time near the samples keeps the squares small.
    let &near = window.timestamps.first()?;
    (window.values.len() >= 2).then(|| line(window, near).slope)
}

/// `predict_linear`: the value `seconds` after the step; none of less than two samples.
pub(crate) fn predict(window: &Window<'_>, seconds: f64) -> Option<f64> {
    (window.values.len() >= 2).then(|| {
        let line = line(window, window.step);
        line.slope * seconds + line.intercept
    })
}

/// `double_exponential_smoothing`: the last value of a mean in which the weight of older values falls
/// by `smoothing`, and that of older trends by `trend`; none of less than two samples.
pub(crate) fn smoothed(values: &[f64], smoothing: f64, trend: f64) -> Option<f64> {
    let (&first, rest) = values.split_first()?;
    let mut slope = rest.first()? - first;
    let mut mean = first;
    let mut mean_before = 0.0;
    for (index, &value) in rest.iter().enumerate() {
        if index > 0 {
            slope = trend * (mean - mean_before) + (1.0 - trend) * slope;
        }
        let next = smoothing * value + (1.0 - smoothing) * (mean + slope);
        (mean_before, mean) = (mean, next);
    }
    Some(mean)
}

struct Line {
    /// Rise per second.
    slope: f64,
    /// Value at the time that was asked for.
    intercept: f64,
}

/// Least squares, with time counted in seconds from `zero`.
fn line(window: &Window<'_>, zero: i64) -> Line {
    let first = window.values[0];
    if window.values.iter().all(|&value| value == first) {
        return constant(first);
    }
    let [mut x_sum, mut y_sum, mut xy_sum, mut xx_sum] = [CompensatedSum::default(); 4];
    for (&timestamp, &y) in window.timestamps.iter().zip(window.values) {
        let x = (timestamp - zero) as f64 / 1e3;
        x_sum.add(x);
        y_sum.add(y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    let n = window.values.len() as f64;
    let (x, y) = (x_sum.value(), y_sum.value());
    let covariance = xy_sum.value() - x * y / n;
    let variance = xx_sum.value() - x * x / n;
    let slope = covariance / variance;
    Line {
        slope,
        intercept: y / n - slope * x / n,
    }
}

fn constant(value: f64) -> Line {
    if value.is_infinite() {
        return Line {
            slope: f64::NAN,
            intercept: f64::NAN,
        };
    }
    Line {
        slope: 0.0,
        intercept: value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::window::tests::window;

    #[test]
    fn a_line_is_found_again() {
        let rising = window(&[0, 10_000, 20_000], &[5.0, 25.0, 45.0], -1, 20_000);
        assert_eq!(derivative(&rising), Some(2.0));
        assert_eq!(predict(&rising, 10.0), Some(65.0));
        let flat = window(&[0, 10_000], &[5.0, 5.0], -1, 20_000);
        assert_eq!(derivative(&flat), Some(0.0));
        assert_eq!(predict(&flat, 1e9), Some(5.0));
    }

    #[test]
    fn infinity_has_no_slope_and_one_sample_no_line() {
        let infinite = window(&[0, 10_000], &[f64::INFINITY; 2], -1, 20_000);
        assert!(derivative(&infinite).is_some_and(f64::is_nan));
        assert_eq!(derivative(&window(&[0], &[1.0], -1, 0)), None);
        assert_eq!(predict(&window(&[], &[], -1, 0), 1.0), None);
    }
}
