//! What a query yields.

use std::sync::Arc;

use model::{Histogram, Labels};

/// The value of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number, of an instant query.
    Scalar(Sample),
    /// A text, of an instant query.
    Text {
        /// Evaluation time in milliseconds since the Unix epoch.
        timestamp: i64,
        /// The text.
        text: String,
    },
    /// One sample a series, of an instant query. In the order of `sort` and `topk` where one of
    /// them is the outermost expression; else in an order that means nothing but is always the
    /// same.
    InstantVector(Vec<InstantSample>),
    /// Samples of each series: of a range query, or of an instant query for a range vector. Sorted
    /// by labels.
    RangeVector(Vec<RangeSeries>),
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The value.
    pub value: f64,
}

/// One series of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct InstantSample {
    /// The series' labels.
    pub labels: Labels,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The value.
    pub value: SampleValue,
}

/// What a sample of an instant vector holds.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    /// A number.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

impl SampleValue {
    /// The number, unless it is a histogram.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Histogram(_) => None,
        }
    }
}

/// A native histogram at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramSample {
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// The histogram.
    pub histogram: Arc<Histogram>,
}

/// One series of a range vector, in rising order of time: two columns of equal length for floats,
/// native histograms beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeSeries {
    /// The series' labels.
    pub labels: Labels,
    /// Milliseconds since the Unix epoch.
    pub timestamps: Vec<i64>,
    /// The floats.
    pub values: Vec<f64>,
    /// The native histograms, at other times than the floats.
    pub histograms: Vec<HistogramSample>,
}

impl RangeSeries {
    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.histograms.is_empty()
    }

    /// The floats in rising order of time.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample> + '_ {
        self.timestamps
            .iter()
            .zip(&self.values)
            .map(|(&timestamp, &value)| Sample { timestamp, value })
    }
}
