//! Functions over range vectors: one value of each window.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::columns::StepValue;
use super::notices::{Notice, Notices};
use super::selector::wants_counter;
use super::window::Window;
use crate::ast::Span;
use crate::functions::Function;
use crate::functions::histogram_over_time;
use crate::functions::histogram_rate;
use crate::functions::over_time;
use crate::functions::rate::{self, Extrapolation};
use crate::functions::regression;
use crate::query::QueryError;

/// A function over a range vector with its other argument evaluated.
pub(crate) struct RangeCall {
    /// The function.
    pub(crate) function: Function,
    /// The scalars beside the range vector, of functions that take some.
    pub(crate) arguments: Vec<Vec<f64>>,
    /// Steps at which a quantile that is none was used, of `quantile_over_time`.
    pub(crate) bad_quantiles: Vec<AtomicBool>,
    /// Where the call's first argument stands.
    pub(crate) first_argument: Span,
    /// True if start timestamps count.
    pub(crate) use_starts: bool,
}

impl RangeCall {
    /// Refuses scalars that the function has no use for.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        if self.function != Function::DoubleExponentialSmoothing {
            return Ok(());
        }
        let names = [("smoothing", "sf"), ("trend", "tf")];
        for ((name, short), column) in names.into_iter().zip(&self.arguments) {
            if let Some(factor) = column
                .iter()
                .find(|&&factor| factor <= 0.0 || factor >= 1.0)
            {
                return Err(QueryError::Execution(format!(
                    "invalid {name} factor. Expected: 0 < {short} < 1, got: {factor:.6}"
                )));
            }
        }
        Ok(())
    }

    /// What is made of the difference between a range's ends, of functions that are about that.
    pub(crate) fn extrapolation(&self) -> Option<Extrapolation> {
        match self.function {
            Function::Rate => Some(Extrapolation::RATE),
            Function::Increase => Some(Extrapolation::INCREASE),
            Function::Delta => Some(Extrapolation::DELTA),
            _ => None,
        }
    }

    /// True for functions that make sense on counters only and say so.
    pub(crate) fn wants_counter(&self) -> bool {
        wants_counter(self.function)
    }

    /// The value of a window, which has at least one sample; none where the function needs more.
    /// `sorting` is memory to sort in.
    #[inline]
    pub(crate) fn evaluate(
        &self,
        step: usize,
        window: &Window<'_>,
        sorting: &mut Vec<f64>,
        notices: &mut Notices,
    ) -> Option<StepValue> {
        if !window.histograms.values.is_empty() {
            return self.of_histograms(step, window, sorting, notices);
        }
        self.of_floats(step, window, sorting, notices)
            .map(StepValue::Float)
    }

    /// Of a window with native histograms, which may have floats too.
    fn of_histograms(
        &self,
        step: usize,
        window: &Window<'_>,
        sorting: &mut Vec<f64>,
        notices: &mut Notices,
    ) -> Option<StepValue> {
        let histograms = &window.histograms;
        let has_floats = !window.values.is_empty();
        let float = |value: f64| Some(StepValue::Float(value));
        let result = match self.function {
            Function::Changes => return float(histogram_over_time::changes(window)),
            Function::Resets => return float(histogram_over_time::resets(window)),
            Function::CountOverTime => {
                return float((window.values.len() + histograms.values.len()) as f64);
            }
            Function::PresentOverTime | Function::AbsentOverTime => return float(1.0),
            Function::FirstOverTime => return first(window),
            Function::LastOverTime => return last(window),
            Function::TsOfFirstOverTime => {
                return float(over_time::earliest(
                    window.timestamps,
                    histograms.timestamps,
                ));
            }
            Function::TsOfLastOverTime => {
                return float(over_time::latest(window.timestamps, histograms.timestamps));
            }
            Function::Irate | Function::Idelta => return self.of_last_two(window, notices),
            Function::Rate
            | Function::Increase
            | Function::Delta
            | Function::SumOverTime
            | Function::AvgOverTime
                if has_floats =>
            {
                notices.add(Notice::MixedTypes);
                return None;
            }
            Function::SumOverTime => histogram_over_time::sum(histograms, notices),
            Function::AvgOverTime => histogram_over_time::average(histograms, notices),
            _ => match self.extrapolation() {
                Some(kind) => histogram_rate::extrapolated(window, kind, notices),
                None if !has_floats => None,
                None => {
                    notices.add(Notice::IgnoredHistograms);
                    return self
                        .of_floats(step, window, sorting, notices)
                        .map(StepValue::Float);
                }
            },
        };
        result.map(|histogram| StepValue::Histogram(Arc::new(histogram)))
    }

    /// `irate` and `idelta` where there are native histograms: the last two samples have to be alike.
    fn of_last_two(&self, window: &Window<'_>, notices: &mut Notices) -> Option<StepValue> {
        let (floats, histograms) = (window.timestamps, &window.histograms);
        let is_rate = self.function == Function::Irate;
        if floats.len() + histograms.timestamps.len() < 2 {
            return None;
        }
        // How many of the last two samples of all are floats.
        let newest = |times: &[i64], back: usize| times.len().checked_sub(back).map(|at| times[at]);
        let is_newer = |float: usize, histogram: usize| {
            newest(floats, float) > newest(histograms.timestamps, histogram)
        };
        match (is_newer(1, 1), is_newer(2, 1), is_newer(1, 2)) {
            (true, true, _) => rate::from_last_two(window, is_rate).map(StepValue::Float),
            (false, _, false) => histogram_rate::from_last_two(histograms, is_rate, notices)
                .map(|histogram| StepValue::Histogram(Arc::new(histogram))),
            _ => {
                notices.add(Notice::MixedTypes);
                None
            }
        }
    }

    #[inline]
    fn of_floats(
        &self,
        step: usize,
        window: &Window<'_>,
        sorting: &mut Vec<f64>,
        notices: &mut Notices,
    ) -> Option<f64> {
        let values = window.values;
        match self.function {
            Function::Rate => rate::extrapolated(window, Extrapolation::RATE, notices),
            Function::Increase => rate::extrapolated(window, Extrapolation::INCREASE, notices),
            Function::Delta => rate::extrapolated(window, Extrapolation::DELTA, notices),
            Function::Irate => rate::from_last_two(window, true),
            Function::Idelta => rate::from_last_two(window, false),
            Function::Changes => Some(rate::changes(values)),
            Function::Resets if !window.starts.is_empty() => {
                Some(histogram_over_time::resets(window))
            }
            Function::Resets => Some(rate::resets(values)),
            Function::Deriv => regression::derivative(window),
            Function::PredictLinear => regression::predict(window, self.argument_at(step)),
            Function::SumOverTime => Some(over_time::sum(values)),
            Function::AvgOverTime => over_time::average(values),
            Function::MinOverTime => over_time::minimum(values),
            Function::MaxOverTime => over_time::maximum(values),
            Function::CountOverTime => Some(values.len() as f64),
            Function::FirstOverTime => values.first().copied(),
            Function::LastOverTime => values.last().copied(),
            Function::PresentOverTime | Function::AbsentOverTime => Some(1.0),
            Function::StdvarOverTime => Some(over_time::variance(values)),
            Function::StddevOverTime => Some(over_time::variance(values).sqrt()),
            Function::QuantileOverTime => {
                let q = self.argument_at(step);
                if !(0.0..=1.0).contains(&q) {
                    notices.add(Notice::Quantile);
                    if let Some(is_bad) = self.bad_quantiles.get(step) {
                        is_bad.store(true, Ordering::Relaxed);
                    }
                }
                sorting.clear();
                sorting.extend_from_slice(values);
                Some(over_time::quantile(q, sorting))
            }
            Function::MadOverTime => {
                sorting.clear();
                sorting.extend_from_slice(values);
                Some(over_time::median_deviation(sorting))
            }
            Function::DoubleExponentialSmoothing => {
                regression::smoothed(values, self.argument_at(step), self.trend_at(step))
            }
            Function::TsOfFirstOverTime => Some(over_time::earliest(window.timestamps, &[])),
            Function::TsOfLastOverTime => Some(over_time::latest(window.timestamps, &[])),
            Function::TsOfMaxOverTime => Some(over_time::time_of(window, |new, old| new >= old)),
            Function::TsOfMinOverTime => Some(over_time::time_of(window, |new, old| new <= old)),
            _ => unreachable!("{} takes no range vector", self.function),
        }
    }

    fn argument_at(&self, step: usize) -> f64 {
        at(self.arguments.first(), step)
    }

    fn trend_at(&self, step: usize) -> f64 {
        at(self.arguments.get(1), step)
    }
}

fn at(column: Option<&Vec<f64>>, step: usize) -> f64 {
    column
        .and_then(|column| column.get(step))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The earliest sample of a window that has histograms.
fn first(window: &Window<'_>) -> Option<StepValue> {
    let histograms = &window.histograms;
    match (window.timestamps.first(), histograms.timestamps.first()) {
        (Some(float), Some(histogram)) if float < histogram => {
            window.values.first().copied().map(StepValue::Float)
        }
        _ => histograms.values.first().cloned().map(StepValue::Histogram),
    }
}

/// The latest sample of a window that has histograms.
fn last(window: &Window<'_>) -> Option<StepValue> {
    let histograms = &window.histograms;
    match (window.timestamps.last(), histograms.timestamps.last()) {
        (Some(float), Some(histogram)) if float > histogram => {
            window.values.last().copied().map(StepValue::Float)
        }
        _ => histograms.values.last().cloned().map(StepValue::Histogram),
    }
}
