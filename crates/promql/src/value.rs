//! What a query yields.

use model::Labels;

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
    pub value: f64,
}

/// One series of a range vector: two columns of equal length, in rising order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeSeries {
    /// The series' labels.
    pub labels: Labels,
    /// Milliseconds since the Unix epoch.
    pub timestamps: Vec<i64>,
    /// The values.
    pub values: Vec<f64>,
}

impl RangeSeries {
    /// The samples in rising order of time.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample> + '_ {
        self.timestamps
            .iter()
            .zip(&self.values)
            .map(|(&timestamp, &value)| Sample { timestamp, value })
    }
}
