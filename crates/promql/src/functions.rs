//! The functions of the language: a closed enum and one table of signatures.

pub(crate) mod calendar;
pub(crate) mod compensated;
pub(crate) mod extended;
pub(crate) mod extended_histogram;
pub(crate) mod go_order;
pub(crate) mod histogram;
pub(crate) mod histogram_over_time;
pub(crate) mod histogram_rate;
pub(crate) mod label;
pub(crate) mod math;
pub(crate) mod natural_order;
pub(crate) mod over_time;
pub(crate) mod rate;
pub(crate) mod regression;
pub(crate) mod start_timestamp;

use std::fmt;

use crate::ast::ValueType;

use ValueType::{InstantVector, RangeVector, Scalar, Text};

/// How many arguments beyond the fixed ones a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly the listed ones.
    Fixed,
    /// The last one may be left out.
    LastOptional,
    /// The last one may be left out or repeated at will.
    LastRepeated,
    /// The last one may be left out or repeated this often.
    LastUpTo(u8),
}

/// What a function takes and yields.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The function's name in expressions.
    pub name: &'static str,
    /// Types of the arguments.
    pub arguments: &'static [ValueType],
    /// Whether the last argument is bound to come once.
    pub arity: Arity,
    /// What a call yields.
    pub returns: ValueType,
}

impl Signature {
    const fn new(
        name: &'static str,
        arguments: &'static [ValueType],
        arity: Arity,
        returns: ValueType,
    ) -> Self {
        Self {
            name,
            arguments,
            arity,
            returns,
        }
    }
}

macro_rules! functions {
    ($($variant:ident = $name:literal ($($argument:ident),*) $arity:ident $(($times:literal))? -> $returns:ident;)*) => {
        /// A function of the language, all of Prometheus 3.14.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl Function {
            /// All of them, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it takes and yields.
            pub const fn signature(self) -> &'static Signature {
                match self {
                    $(Self::$variant => {
                        const SIGNATURE: Signature =
                            Signature::new($name, &[$($argument),*], Arity::$arity $(($times))?, $returns);
                        &SIGNATURE
                    })*
                }
            }

            /// The function with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    Abs = "abs" (InstantVector) Fixed -> InstantVector;
    Absent = "absent" (InstantVector) Fixed -> InstantVector;
    AbsentOverTime = "absent_over_time" (RangeVector) Fixed -> InstantVector;
    Acos = "acos" (InstantVector) Fixed -> InstantVector;
    Acosh = "acosh" (InstantVector) Fixed -> InstantVector;
    Asin = "asin" (InstantVector) Fixed -> InstantVector;
    Asinh = "asinh" (InstantVector) Fixed -> InstantVector;
    Atan = "atan" (InstantVector) Fixed -> InstantVector;
    Atanh = "atanh" (InstantVector) Fixed -> InstantVector;
    AvgOverTime = "avg_over_time" (RangeVector) Fixed -> InstantVector;
    Ceil = "ceil" (InstantVector) Fixed -> InstantVector;
    Changes = "changes" (RangeVector) Fixed -> InstantVector;
    Clamp = "clamp" (InstantVector, Scalar, Scalar) Fixed -> InstantVector;
    ClampMax = "clamp_max" (InstantVector, Scalar) Fixed -> InstantVector;
    ClampMin = "clamp_min" (InstantVector, Scalar) Fixed -> InstantVector;
    Cos = "cos" (InstantVector) Fixed -> InstantVector;
    Cosh = "cosh" (InstantVector) Fixed -> InstantVector;
    CountOverTime = "count_over_time" (RangeVector) Fixed -> InstantVector;
    DayOfMonth = "day_of_month" (InstantVector) LastOptional -> InstantVector;
    DayOfWeek = "day_of_week" (InstantVector) LastOptional -> InstantVector;
    DayOfYear = "day_of_year" (InstantVector) LastOptional -> InstantVector;
    DaysInMonth = "days_in_month" (InstantVector) LastOptional -> InstantVector;
    Deg = "deg" (InstantVector) Fixed -> InstantVector;
    Delta = "delta" (RangeVector) Fixed -> InstantVector;
    Deriv = "deriv" (RangeVector) Fixed -> InstantVector;
    DoubleExponentialSmoothing = "double_exponential_smoothing" (RangeVector, Scalar, Scalar) Fixed -> InstantVector;
    End = "end" () Fixed -> Scalar;
    Exp = "exp" (InstantVector) Fixed -> InstantVector;
    FirstOverTime = "first_over_time" (RangeVector) Fixed -> InstantVector;
    Floor = "floor" (InstantVector) Fixed -> InstantVector;
    HistogramAvg = "histogram_avg" (InstantVector) Fixed -> InstantVector;
    HistogramCount = "histogram_count" (InstantVector) Fixed -> InstantVector;
    HistogramFraction = "histogram_fraction" (Scalar, Scalar, InstantVector) Fixed -> InstantVector;
    HistogramQuantile = "histogram_quantile" (Scalar, InstantVector) Fixed -> InstantVector;
    HistogramQuantiles = "histogram_quantiles" (InstantVector, Text, Scalar, Scalar) LastUpTo(9) -> InstantVector;
    HistogramStddev = "histogram_stddev" (InstantVector) Fixed -> InstantVector;
    HistogramStdvar = "histogram_stdvar" (InstantVector) Fixed -> InstantVector;
    HistogramSum = "histogram_sum" (InstantVector) Fixed -> InstantVector;
    Hour = "hour" (InstantVector) LastOptional -> InstantVector;
    Idelta = "idelta" (RangeVector) Fixed -> InstantVector;
    Increase = "increase" (RangeVector) Fixed -> InstantVector;
    Info = "info" (InstantVector, InstantVector) LastOptional -> InstantVector;
    Irate = "irate" (RangeVector) Fixed -> InstantVector;
    LabelJoin = "label_join" (InstantVector, Text, Text, Text) LastRepeated -> InstantVector;
    LabelReplace = "label_replace" (InstantVector, Text, Text, Text, Text) Fixed -> InstantVector;
    LastOverTime = "last_over_time" (RangeVector) Fixed -> InstantVector;
    Ln = "ln" (InstantVector) Fixed -> InstantVector;
    Log10 = "log10" (InstantVector) Fixed -> InstantVector;
    Log2 = "log2" (InstantVector) Fixed -> InstantVector;
    MadOverTime = "mad_over_time" (RangeVector) Fixed -> InstantVector;
    MaxOf = "max_of" (Scalar, Scalar) Fixed -> Scalar;
    MaxOverTime = "max_over_time" (RangeVector) Fixed -> InstantVector;
    MinOf = "min_of" (Scalar, Scalar) Fixed -> Scalar;
    MinOverTime = "min_over_time" (RangeVector) Fixed -> InstantVector;
    Minute = "minute" (InstantVector) LastOptional -> InstantVector;
    Month = "month" (InstantVector) LastOptional -> InstantVector;
    Pi = "pi" () Fixed -> Scalar;
    PredictLinear = "predict_linear" (RangeVector, Scalar) Fixed -> InstantVector;
    PresentOverTime = "present_over_time" (RangeVector) Fixed -> InstantVector;
    QuantileOverTime = "quantile_over_time" (Scalar, RangeVector) Fixed -> InstantVector;
    Rad = "rad" (InstantVector) Fixed -> InstantVector;
    Range = "range" () Fixed -> Scalar;
    Rate = "rate" (RangeVector) Fixed -> InstantVector;
    Resets = "resets" (RangeVector) Fixed -> InstantVector;
    Round = "round" (InstantVector, Scalar) LastOptional -> InstantVector;
    Scalar = "scalar" (InstantVector) Fixed -> Scalar;
    Sgn = "sgn" (InstantVector) Fixed -> InstantVector;
    Sin = "sin" (InstantVector) Fixed -> InstantVector;
    Sinh = "sinh" (InstantVector) Fixed -> InstantVector;
    Sort = "sort" (InstantVector) Fixed -> InstantVector;
    SortByLabel = "sort_by_label" (InstantVector, Text) LastRepeated -> InstantVector;
    SortByLabelDesc = "sort_by_label_desc" (InstantVector, Text) LastRepeated -> InstantVector;
    SortDesc = "sort_desc" (InstantVector) Fixed -> InstantVector;
    Sqrt = "sqrt" (InstantVector) Fixed -> InstantVector;
    Start = "start" () Fixed -> Scalar;
    StartTimestamp = "start_timestamp" (InstantVector) Fixed -> InstantVector;
    StddevOverTime = "stddev_over_time" (RangeVector) Fixed -> InstantVector;
    StdvarOverTime = "stdvar_over_time" (RangeVector) Fixed -> InstantVector;
    Step = "step" () Fixed -> Scalar;
    SumOverTime = "sum_over_time" (RangeVector) Fixed -> InstantVector;
    Tan = "tan" (InstantVector) Fixed -> InstantVector;
    Tanh = "tanh" (InstantVector) Fixed -> InstantVector;
    Time = "time" () Fixed -> Scalar;
    Timestamp = "timestamp" (InstantVector) Fixed -> InstantVector;
    TsOfFirstOverTime = "ts_of_first_over_time" (RangeVector) Fixed -> InstantVector;
    TsOfLastOverTime = "ts_of_last_over_time" (RangeVector) Fixed -> InstantVector;
    TsOfMaxOverTime = "ts_of_max_over_time" (RangeVector) Fixed -> InstantVector;
    TsOfMinOverTime = "ts_of_min_over_time" (RangeVector) Fixed -> InstantVector;
    Vector = "vector" (Scalar) Fixed -> InstantVector;
    Year = "year" (InstantVector) LastOptional -> InstantVector;
}

impl Function {
    /// The name in expressions.
    pub const fn name(self) -> &'static str {
        self.signature().name
    }

    /// True for functions that Prometheus 3.14 has only behind
    /// `--enable-feature=promql-experimental-functions`.
    pub const fn is_experimental(self) -> bool {
        matches!(
            self,
            Self::DoubleExponentialSmoothing
                | Self::End
                | Self::HistogramQuantiles
                | Self::Info
                | Self::MadOverTime
                | Self::MaxOf
                | Self::MinOf
                | Self::Range
                | Self::SortByLabel
                | Self::SortByLabelDesc
                | Self::Start
                | Self::StartTimestamp
                | Self::Step
                | Self::TsOfFirstOverTime
                | Self::TsOfLastOverTime
                | Self::TsOfMaxOverTime
                | Self::TsOfMinOverTime
        )
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_function() {
        assert_eq!(Function::ALL.len(), 90);
        for &function in Function::ALL {
            assert_eq!(Function::from_name(function.name()), Some(function));
        }
        assert!(Function::ALL.is_sorted_by_key(|function| function.name()));
        let experimental = Function::ALL.iter().filter(|f| f.is_experimental());
        assert_eq!(experimental.count(), 17);
    }
}
