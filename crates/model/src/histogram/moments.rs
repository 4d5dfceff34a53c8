//! Average, variance and standard deviation of the observations of a histogram.

use super::compensated::accumulate;
use super::{Bucket, Histogram};

impl Histogram {
    /// The average observation.
    pub fn average(&self) -> f64 {
        self.sum / self.count
    }

    /// The variance, estimated from the middles of the buckets.
    pub fn variance(&self) -> f64 {
        let mean = self.average();
        let (mut sum, mut lost) = (0.0, 0.0);
        for bucket in self.populated_buckets() {
            let delta = self.middle_of(&bucket) - mean;
            accumulate(bucket.count * delta * delta, &mut sum, &mut lost);
        }
        (sum + lost) / self.count
    }

    /// The square root of the variance.
    pub fn standard_deviation(&self) -> f64 {
        self.variance().sqrt()
    }

    /// The arithmetic mean of custom bounds, the geometric one of exponential bounds.
    fn middle_of(&self, bucket: &Bucket) -> f64 {
        if self.has_custom_buckets() {
            return (bucket.upper + bucket.lower) / 2.0;
        }
        if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            return 0.0;
        }
        let middle = (bucket.upper * bucket.lower).sqrt();
        if bucket.upper < 0.0 { -middle } else { middle }
    }
}
