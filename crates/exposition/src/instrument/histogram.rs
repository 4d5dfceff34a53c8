//! Observations counted into buckets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::MetricValue;

use super::float::AtomicFloat;

/// Counts observations by size. Clones share the numbers.
#[derive(Clone, Debug)]
pub struct Histogram {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    /// Inclusive, ascending, finite.
    upper_bounds: Vec<f64>,
    /// One more than bounds; not cumulative, so that an observation touches one of them.
    counts: Vec<AtomicU64>,
    sum: AtomicFloat,
}

impl Histogram {
    /// A histogram with these upper bounds; they are sorted, and `+Inf` is always there.
    pub fn new(upper_bounds: &[f64]) -> Self {
        let mut upper_bounds: Vec<f64> = upper_bounds
            .iter()
            .copied()
            .filter(|bound| bound.is_finite())
            .collect();
        upper_bounds.sort_by(f64::total_cmp);
        upper_bounds.dedup();
        let counts = (0..=upper_bounds.len())
            .map(|_| AtomicU64::default())
            .collect();
        Self {
            parts: Arc::new(Parts {
                upper_bounds,
                counts,
                sum: AtomicFloat::default(),
            }),
        }
    }

    /// Counts one observation.
    pub fn observe(&self, value: f64) {
        // Not a number lies under no bound and ends in `+Inf`.
        let index = self.parts.upper_bounds.partition_point(|&bound| {
            value
                .partial_cmp(&bound)
                .is_none_or(std::cmp::Ordering::is_gt)
        });
        if let Some(count) = self.parts.counts.get(index) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.parts.sum.add(value);
    }

    /// The buckets, sum and count now.
    pub fn value(&self) -> MetricValue {
        let mut total = 0;
        let mut cumulative = self.parts.counts.iter().map(|count| {
            total += count.load(Ordering::Relaxed);
            total as f64
        });
        let bounds = self.parts.upper_bounds.iter().copied();
        let buckets = bounds.zip(cumulative.by_ref()).collect();
        let count = cumulative.next().unwrap_or_default();
        MetricValue::Histogram {
            buckets,
            sum: self.parts.sum.get(),
            count,
        }
    }
}

/// `count` bounds from `first` on, each `factor` times the one before.
pub fn exponential_buckets(first: f64, factor: f64, count: usize) -> Vec<f64> {
    std::iter::successors(Some(first), |bound| Some(bound * factor))
        .take(count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive_and_counts_cumulative() {
        let histogram = Histogram::new(&[1.0, 0.5, f64::INFINITY]);
        for value in [0.5, 0.6, 1.0, 7.0] {
            histogram.observe(value);
        }
        assert_eq!(
            histogram.value(),
            MetricValue::Histogram {
                buckets: vec![(0.5, 1.0), (1.0, 3.0)],
                sum: 9.1,
                count: 4.0,
            }
        );
        assert_eq!(exponential_buckets(1.0, 2.0, 3), [1.0, 2.0, 4.0]);
    }
}
