//! Functions of the samples in one range, and of the values of one group.

use model::Labels;
use promql::functions::Function;

use super::evaluate::Fault;

/// The samples of one series in one range.
pub(super) struct Window {
    pub(super) labels: Labels,
    pub(super) drop_name: bool,
    /// Times in milliseconds.
    pub(super) samples: Vec<(i64, f64)>,
    /// The range is open here.
    pub(super) start: i64,
    pub(super) end: i64,
    /// The evaluation time, whatever the offset.
    pub(super) step: i64,
}

impl Window {
    /// What a function makes of it; `params` are its scalars.
    pub(super) fn call(&self, function: Function, params: &[f64]) -> Result<Option<f64>, Fault> {
        let values: Vec<f64> = self.samples.iter().map(|&(_, value)| value).collect();
        let several = values.len() > 1;
        Ok(Some(match function {
            Function::SumOverTime => sum(&values),
            Function::AvgOverTime => average(&values),
            Function::MinOverTime => minimum(&values),
            Function::MaxOverTime => maximum(&values),
            Function::CountOverTime => values.len() as f64,
            Function::PresentOverTime => 1.0,
            Function::StdvarOverTime => variance(&values),
            Function::StddevOverTime => variance(&values).sqrt(),
            Function::QuantileOverTime => quantile(params[0], &values),
            Function::MadOverTime => {
                let median = quantile(0.5, &values);
                let distances: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
                quantile(0.5, &distances)
            }
            Function::FirstOverTime => values[0],
            Function::LastOverTime => values[values.len() - 1],
            Function::TsOfFirstOverTime => seconds(self.samples[0].0),
            Function::TsOfLastOverTime => seconds(self.samples[values.len() - 1].0),
            Function::TsOfMinOverTime => self.time_of(|value, so_far| value <= so_far),
            Function::TsOfMaxOverTime => self.time_of(|value, so_far| value >= so_far),
            Function::Changes => {
                let changes = |w: &&[f64]| w[0] != w[1] && !(w[0].is_nan() && w[1].is_nan());
                values.windows(2).filter(changes).count() as f64
            }
            Function::Resets => values.windows(2).filter(|w| w[1] < w[0]).count() as f64,
            Function::Irate | Function::Idelta if several => self.last_two(function),
            Function::Rate | Function::Increase | Function::Delta if several => {
                self.extrapolated(function)
            }
            Function::Deriv if several => self.line(self.samples[0].0).0,
            Function::PredictLinear if several => {
                let (slope, intercept) = self.line(self.step);
                slope * params[0] + intercept
            }
            Function::DoubleExponentialSmoothing => return smooth(&values, params[0], params[1]),
            _ => return Ok(None),
        }))
    }

    fn time_of(&self, leads: impl Fn(f64, f64) -> bool) -> f64 {
        let (mut at, mut so_far) = self.samples[0];
        for &(time, value) in &self.samples {
            if leads(value, so_far) || so_far.is_nan() {
                (at, so_far) = (time, value);
            }
        }
        seconds(at)
    }

    fn last_two(&self, function: Function) -> f64 {
        let (before_time, before) = self.samples[self.samples.len() - 2];
        let (last_time, last) = self.samples[self.samples.len() - 1];
        match function {
            Function::Irate if last < before => last / seconds(last_time - before_time),
            Function::Irate => (last - before) / seconds(last_time - before_time),
            _ => last - before,
        }
    }

    /// The rise over the samples, carried on to the borders of the range where they are near.
    fn extrapolated(&self, function: Function) -> f64 {
        let counts = function != Function::Delta;
        let (first_time, first) = self.samples[0];
        let (last_time, last) = self.samples[self.samples.len() - 1];
        let mut rise = last - first;
        if counts {
            for pair in self.samples.windows(2) {
                if pair[1].1 < pair[0].1 {
                    rise += pair[0].1;
                }
            }
        }
        let sampled = seconds(last_time - first_time);
        let distance = sampled / (self.samples.len() - 1) as f64;
        let reach = |gap: f64| {
            if gap >= distance * 1.1 {
                distance / 2.0
            } else {
                gap
            }
        };
        let mut before = reach(seconds(first_time - self.start));
        let after = reach(seconds(self.end - last_time));
        if counts && rise > 0.0 && first >= 0.0 {
            before = before.min(sampled * (first / rise));
        }
        let increase = rise * ((sampled + before + after) / sampled);
        match function {
            Function::Rate => increase / seconds(self.end - self.start),
            _ => increase,
        }
    }

    /// Slope per second and value at `zero` of the line of least squares.
    fn line(&self, zero: i64) -> (f64, f64) {
        let first = self.samples[0].1;
        if self.samples.iter().all(|&(_, value)| value == first) {
            return match first.is_infinite() {
                true => (f64::NAN, f64::NAN),
                false => (0.0, first),
            };
        }
        let count = self.samples.len() as f64;
        let x = |time: i64| seconds(time - zero);
        let x_mean = self.samples.iter().map(|&(time, _)| x(time)).sum::<f64>() / count;
        let y_mean = self.samples.iter().map(|&(_, value)| value).sum::<f64>() / count;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for &(time, value) in &self.samples {
            covariance += (x(time) - x_mean) * (value - y_mean);
            variance += (x(time) - x_mean) * (x(time) - x_mean);
        }
        let slope = covariance / variance;
        (slope, y_mean - slope * x_mean)
    }
}

fn smooth(values: &[f64], smoothing: f64, trend_factor: f64) -> Result<Option<f64>, Fault> {
    let is_factor = |factor: f64| 0.0 < factor && factor < 1.0;
    if !is_factor(smoothing) || !is_factor(trend_factor) {
        return Err(Fault("invalid smoothing factor".to_owned()));
    }
    let &[first, second, ..] = values else {
        return Ok(None);
    };
    let (mut level, mut trend) = (first, second - first);
    for (index, value) in values.iter().enumerate().skip(1) {
        let before = level;
        level = smoothing * value + (1.0 - smoothing) * (before + trend);
        if index + 1 < values.len() {
            trend = trend_factor * (level - before) + (1.0 - trend_factor) * trend;
        }
    }
    Ok(Some(level))
}

pub(super) fn sum(values: &[f64]) -> f64 {
    // From 0, not from -0.
    values.iter().fold(0.0, |sum, value| sum + value)
}

pub(super) fn average(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// NaN only if there is nothing else.
pub(super) fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, |so_far, value| {
        let leads = value < so_far || so_far.is_nan();
        if leads { value } else { so_far }
    })
}

/// NaN only if there is nothing else.
pub(super) fn maximum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, |so_far, value| {
        let leads = value > so_far || so_far.is_nan();
        if leads { value } else { so_far }
    })
}

/// Of the population.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = average(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
    average(&squares)
}

/// Interpolated between neighbours; NaN is the smallest value.
pub(super) fn quantile(q: f64, values: &[f64]) -> f64 {
    if q.is_nan() || values.is_empty() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let (nans, mut sorted): (Vec<f64>, Vec<f64>) = values.iter().partition(|value| value.is_nan());
    sorted.sort_by(f64::total_cmp);
    let all: Vec<f64> = nans.into_iter().chain(sorted).collect();
    let rank = q * (all.len() - 1) as f64;
    let lower = rank.floor() as usize;
    let upper = (lower + 1).min(all.len() - 1);
    let weight = rank - rank.floor();
    all[lower] * (1.0 - weight) + all[upper] * weight
}

pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}
