//! Functions over range vectors: one value of each window.

use super::columns::StepValue;
use super::selector::wants_counter;
use super::window::Window;
use crate::functions::Function;
use crate::functions::over_time;
use crate::functions::rate::{self, Extrapolation};
use crate::functions::regression;

/// A function over a range vector with its other argument evaluated.
pub(crate) struct RangeCall {
    /// The function.
    function: Function,
    /// The scalar beside the range vector, of functions that take one.
    argument: Option<Vec<f64>>,
}

impl RangeCall {
    pub(crate) fn new(function: Function, argument: Option<Vec<f64>>) -> Self {
        Self { function, argument }
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
    ) -> Option<StepValue> {
        if window.values.is_empty() {
            return None;
        }
        self.of_floats(step, window, sorting).map(StepValue::Float)
    }

    #[inline]
    fn of_floats(&self, step: usize, window: &Window<'_>, sorting: &mut Vec<f64>) -> Option<f64> {
        let values = window.values;
        match self.function {
            Function::Rate => rate::extrapolated(window, Extrapolation::RATE),
            Function::Increase => rate::extrapolated(window, Extrapolation::INCREASE),
            Function::Delta => rate::extrapolated(window, Extrapolation::DELTA),
            Function::Irate => rate::from_last_two(window, true),
            Function::Idelta => rate::from_last_two(window, false),
            Function::Changes => Some(rate::changes(values)),
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
                sorting.clear();
                sorting.extend_from_slice(values);
                Some(over_time::quantile(self.argument_at(step), sorting))
            }
            _ => unreachable!("{} takes no range vector", self.function),
        }
    }

    fn argument_at(&self, step: usize) -> f64 {
        let column = self.argument.as_deref().unwrap_or_default();
        column.get(step).copied().unwrap_or(f64::NAN)
    }
}
