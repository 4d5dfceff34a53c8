//! Native histograms with float counts: the form in which PromQL computes with them.
//!
//! A [`Histogram`] has exponential buckets (schemas -4 to 8) with a zero bucket and two sides, or
//! custom buckets (schema -53) that a list of upper bounds gives. The buckets of a side are
//! [`Buckets`]: counts, and [`Span`]s that tell which bucket each count belongs to. What can be done
//! with histograms stands in the modules, one for each concept.

use std::sync::Arc;

pub mod arithmetic;
mod bounds;
pub mod bucket;
mod compact;
pub mod compensated;
mod custom;
mod layout;
mod moments;
pub mod quantile;
pub mod reset;
mod resolution;
pub mod schema;
pub mod span;
#[cfg(test)]
mod tests;
mod text;
pub mod trim;
pub mod validity;
mod zero;

pub use arithmetic::{Combined, MixedSchemas};
pub use bucket::Bucket;
pub use compensated::{CompensatedHistogram, HistogramMean};
pub use quantile::{Fraction, NanEffect, Quantile};
pub use reset::CounterResetHint;
pub use span::{Buckets, Span};
pub use trim::Trim;
pub use validity::HistogramError;

/// A native histogram with float counts.
///
/// Equality is that of upstream's test runner: same buckets (also the empty ones) with bitwise the
/// same values; the counter reset hint is not compared.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Whether the histogram starts anew against the one before.
    pub counter_reset_hint: CounterResetHint,
    /// Resolution: -4 to 8, a power of two has 2^schema buckets; or -53, custom buckets.
    pub schema: i32,
    /// Width of the zero bucket to both sides.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// Observations.
    pub count: f64,
    /// Sum of the observations. The stale marker stands here too.
    pub sum: f64,
    /// Buckets above zero, and all custom buckets.
    pub positive: Buckets,
    /// Buckets below zero; their indexes rise with the distance from zero.
    pub negative: Buckets,
    /// Upper bounds of custom buckets in rising order, without `+Inf`.
    pub custom_values: Arc<[f64]>,
}

impl Histogram {
    /// A histogram without observations that has custom buckets with these upper bounds.
    pub fn with_custom_buckets(bounds: impl Into<Arc<[f64]>>) -> Self {
        Self {
            schema: schema::CUSTOM_BUCKETS,
            custom_values: bounds.into(),
            ..Self::default()
        }
    }

    /// The histogram that ends a series.
    pub fn stale() -> Self {
        Self {
            sum: crate::value::STALE,
            ..Self::default()
        }
    }

    /// True if this is the stale marker of a series of histograms.
    pub fn is_stale(&self) -> bool {
        crate::value::is_stale(self.sum)
    }

    /// True if the buckets have custom bounds.
    pub fn has_custom_buckets(&self) -> bool {
        self.schema == schema::CUSTOM_BUCKETS
    }

    /// How many samples the histogram counts for in limits and statistics of queries: as many as
    /// floats with their times would take the memory that it takes upstream.
    pub fn sample_size(&self) -> usize {
        let sides = [&self.positive, &self.negative];
        let parts: usize = sides
            .iter()
            .map(|side| side.spans.len() + side.counts.len())
            .sum();
        let bytes = UPSTREAM_STRUCT_BYTES + 8 * (parts + self.custom_values.len());
        (bytes + TIMESTAMP_BYTES) / FLOAT_SAMPLE_BYTES
    }

    /// Bytes of memory that the histogram holds, whether it shares them or not.
    pub fn memory_size(&self) -> usize {
        size_of::<Self>()
            + self.positive.heap_size()
            + self.negative.heap_size()
            + size_of_val::<[f64]>(&self.custom_values)
    }
}

impl Histogram {
    /// True if schema, bounds and buckets, also the empty ones, are the same, and so are all
    /// numbers by `same`. The counter reset hint is not compared.
    pub fn equals_by(&self, other: &Self, same: impl Fn(f64, f64) -> bool) -> bool {
        self.schema == other.schema
            && same(self.count, other.count)
            && same(self.sum, other.sum)
            && (!self.has_custom_buckets()
                || schema::same_bounds(&self.custom_values, &other.custom_values))
            && self.zero_threshold == other.zero_threshold
            && same(self.zero_count, other.zero_count)
            && self.positive.equals_by(&other.positive, &same)
            && self.negative.equals_by(&other.negative, &same)
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.equals_by(other, |a, b| a.to_bits() == b.to_bits())
    }
}

const UPSTREAM_STRUCT_BYTES: usize = 168;
const TIMESTAMP_BYTES: usize = 8;
const FLOAT_SAMPLE_BYTES: usize = 16;
