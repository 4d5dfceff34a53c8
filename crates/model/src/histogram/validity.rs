//! What makes a histogram valid.

use super::{Buckets, Histogram, Span, schema};
use crate::number::{general, plain};

/// Why a histogram is not valid. The texts are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistogramError {
    /// No such schema.
    #[error(
        "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, \
         or -53 for custom buckets, got schema {0}"
    )]
    InvalidSchema(i32),
    /// A fault of the buckets of one side: `positive`, `negative`, or both sides of custom buckets.
    #[error("{side}: {fault}")]
    Buckets {
        /// Which buckets.
        side: &'static str,
        /// What is wrong with them.
        fault: BucketsError,
    },
    /// Custom buckets have no zero bucket.
    #[error("custom buckets: must have zero count of 0")]
    CustomZeroCount,
    /// Custom buckets have no zero bucket.
    #[error("custom buckets: must have zero threshold of 0")]
    CustomZeroThreshold,
    /// Custom buckets have only one side.
    #[error("custom buckets: must not have negative spans")]
    CustomNegativeSpans,
    /// Custom buckets have only one side.
    #[error("custom buckets: must not have negative buckets")]
    CustomNegativeBuckets,
    /// Bounds of exponential buckets follow from the schema.
    #[error("histogram with exponential schema must not have custom bounds")]
    ExponentialWithBounds,
    /// Whole counts do not add up.
    #[error(
        "{found} observations found in buckets, but the Count field is {count}: histogram's \
         observation count should equal the number of observations found in the buckets (in absence \
         of NaN)"
    )]
    CountMismatch {
        /// Observations in buckets, as text.
        found: String,
        /// Observations, as text.
        count: String,
    },
    /// Buckets have more than there is, although some may be in none of them.
    #[error(
        "{found} observations found in buckets, but the Count field is {count}: histogram's \
         observation count should be at least the number of observations found in the buckets"
    )]
    CountTooSmall {
        /// Observations in buckets, as text.
        found: String,
        /// Observations, as text.
        count: String,
    },
}

/// A fault of the buckets of one side of a histogram.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketsError {
    /// A span starts before the one before it ends.
    #[error(
        "span number {number} with offset {offset}: histogram has a span whose offset is negative"
    )]
    NegativeOffset {
        /// Counted from 1.
        number: usize,
        /// Its offset.
        offset: i32,
    },
    /// Spans and counts do not go together.
    #[error(
        "spans need {needed} buckets, have {have} buckets: histogram spans specify different number of \
         buckets than provided"
    )]
    CountMismatch {
        /// Buckets of the spans.
        needed: u64,
        /// Counts.
        have: usize,
    },
    /// A bucket has a count below zero.
    #[error(
        "bucket number {number} has observation count of {count}: histogram has a bucket whose \
         observation count is negative"
    )]
    NegativeCount {
        /// Counted from 1.
        number: usize,
        /// The count as text.
        count: String,
    },
    /// A bound is NaN.
    #[error("histogram custom bounds must not be NaN")]
    BoundIsNan,
    /// Bounds do not rise.
    #[error(
        "previous bound is {previous} and current is {current}: histogram custom bounds must be in \
         strictly increasing order"
    )]
    BoundsDoNotRise {
        /// A bound as text.
        previous: String,
        /// The one after it.
        current: String,
    },
    /// The bound `+Inf` is given.
    #[error(
        "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite"
    )]
    InfiniteBound,
    /// There are more buckets than bounds.
    #[error(
        "only {bounds} custom bounds defined which is insufficient to cover total span length of \
         {length}: histogram custom bounds are too few"
    )]
    TooFewBounds {
        /// How many bounds there are.
        bounds: usize,
        /// Buckets that the spans cover, with the gaps.
        length: u64,
    },
}

impl Histogram {
    /// Checks that spans, counts, bounds and schema go together.
    ///
    /// That the count is at least the sum of the buckets is not checked: rounding may break it.
    pub fn validate(&self) -> Result<(), HistogramError> {
        if self.has_custom_buckets() {
            self.validate_custom()?;
        } else if schema::is_exponential(self.schema) {
            check_spans(&self.positive, &self.positive.spans).map_err(at(POSITIVE))?;
            check_spans(&self.negative, &self.negative.spans).map_err(at(NEGATIVE))?;
            check_counts(&self.negative.counts).map_err(at(NEGATIVE))?;
            if !self.custom_values.is_empty() {
                return Err(HistogramError::ExponentialWithBounds);
            }
        } else {
            return Err(HistogramError::InvalidSchema(self.schema));
        }
        check_counts(&self.positive.counts).map_err(at(POSITIVE))
    }

    /// Checks that counts which came as whole numbers add up. A sum that is no number says that
    /// some observations were none either; those are in no bucket.
    pub fn validate_whole_counts(&self) -> Result<(), HistogramError> {
        let buckets = self.positive.counts.iter().chain(&self.negative.counts);
        let found = self.zero_count + buckets.sum::<f64>();
        let texts = || (plain(found), plain(self.count));
        if self.sum.is_nan() && found > self.count {
            let (found, count) = texts();
            return Err(HistogramError::CountTooSmall { found, count });
        }
        if !self.sum.is_nan() && found != self.count {
            let (found, count) = texts();
            return Err(HistogramError::CountMismatch { found, count });
        }
        Ok(())
    }

    fn validate_custom(&self) -> Result<(), HistogramError> {
        check_bounds(&self.custom_values).map_err(at(CUSTOM))?;
        check_spans(&self.positive, &self.positive.spans).map_err(at(CUSTOM))?;
        check_coverage(&self.positive.spans, self.custom_values.len()).map_err(at(CUSTOM))?;
        if self.zero_count != 0.0 {
            return Err(HistogramError::CustomZeroCount);
        }
        if self.zero_threshold != 0.0 {
            return Err(HistogramError::CustomZeroThreshold);
        }
        if !self.negative.spans.is_empty() {
            return Err(HistogramError::CustomNegativeSpans);
        }
        if !self.negative.is_empty() {
            return Err(HistogramError::CustomNegativeBuckets);
        }
        Ok(())
    }
}

fn at(side: &'static str) -> impl Fn(BucketsError) -> HistogramError {
    move |fault| HistogramError::Buckets { side, fault }
}

fn check_spans(buckets: &Buckets, spans: &[Span]) -> Result<(), BucketsError> {
    for (index, span) in spans.iter().enumerate().skip(1) {
        if span.offset < 0 {
            return Err(BucketsError::NegativeOffset {
                number: index + 1,
                offset: span.offset,
            });
        }
    }
    let needed: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
    if needed != buckets.counts.len() as u64 {
        return Err(BucketsError::CountMismatch {
            needed,
            have: buckets.counts.len(),
        });
    }
    Ok(())
}

fn check_counts(counts: &[f64]) -> Result<(), BucketsError> {
    match counts.iter().position(|&count| count < 0.0) {
        None => Ok(()),
        Some(index) => Err(BucketsError::NegativeCount {
            number: index + 1,
            count: general(counts[index]),
        }),
    }
}

fn check_bounds(bounds: &[f64]) -> Result<(), BucketsError> {
    let mut previous = f64::NEG_INFINITY;
    for (index, &bound) in bounds.iter().enumerate() {
        if bound.is_nan() {
            return Err(BucketsError::BoundIsNan);
        }
        if index > 0 && bound <= previous {
            return Err(BucketsError::BoundsDoNotRise {
                previous: six_decimals(previous),
                current: six_decimals(bound),
            });
        }
        previous = bound;
    }
    if previous == f64::INFINITY {
        return Err(BucketsError::InfiniteBound);
    }
    Ok(())
}

/// Custom buckets start at index 0 and end with the one above the last bound.
fn check_coverage(spans: &[Span], bounds: usize) -> Result<(), BucketsError> {
    let mut length = 0_u64;
    for (index, span) in spans.iter().enumerate() {
        let Ok(offset) = u64::try_from(span.offset) else {
            return Err(BucketsError::NegativeOffset {
                number: index + 1,
                offset: span.offset,
            });
        };
        length += offset + u64::from(span.length);
    }
    if length > bounds as u64 + 1 {
        return Err(BucketsError::TooFewBounds { bounds, length });
    }
    Ok(())
}

/// A bound as Go's `%f` prints it.
fn six_decimals(bound: f64) -> String {
    if bound.is_infinite() {
        general(bound)
    } else {
        format!("{bound:.6}")
    }
}

const POSITIVE: &str = "positive side";
const NEGATIVE: &str = "negative side";
const CUSTOM: &str = "custom buckets";
