//! The zero bucket: bringing those of two histograms to the same width.

use super::compensated::{Compensation, accumulate};
use super::{Bucket, Histogram};

impl Histogram {
    /// Widens the zero bucket so far that it covers that of `other` and ends inside of no populated
    /// bucket of either. Answers the zero count, and its compensation, that `other` has then.
    pub(super) fn reconcile_zero_buckets(
        &mut self,
        other: &Self,
        mut lost: Option<&mut Compensation>,
    ) -> (f64, f64) {
        let mut widened = Widened {
            count: other.zero_count,
            lost: 0.0,
            threshold: other.zero_threshold,
        };
        while widened.threshold != self.zero_threshold {
            if self.zero_threshold > widened.threshold {
                widened = other.with_threshold(self.zero_threshold, None);
            }
            if widened.threshold > self.zero_threshold {
                let own = self.with_threshold(widened.threshold, lost.as_deref());
                self.zero_count = own.count;
                self.zero_threshold = own.threshold;
                if let Some(lost) = lost.as_deref_mut() {
                    lost.zero_count = own.lost;
                }
                self.drop_inside_zero_bucket(lost.as_deref_mut());
            } else if widened.threshold.is_nan() || self.zero_threshold.is_nan() {
                // No width is that of both.
                break;
            }
        }
        (widened.count, widened.lost)
    }

    /// What the zero bucket would be if it were as wide as `threshold`, or as far as the populated
    /// bucket reaches that `threshold` is inside of.
    pub(super) fn with_threshold(&self, threshold: f64, lost: Option<&Compensation>) -> Widened {
        let mut widened = Widened {
            count: self.zero_count,
            lost: lost.map_or(0.0, |lost| lost.zero_count),
            threshold,
        };
        if threshold == self.zero_threshold {
            return widened;
        }
        let (positive_lost, negative_lost) = match lost {
            Some(lost) => (lost.positive.as_slice(), lost.negative.as_slice()),
            None => Default::default(),
        };
        loop {
            widened.count = self.zero_count;
            let positive = self
                .positive_buckets()
                .map(|bucket| (bucket.lower, bucket.upper, bucket));
            widened.take_in(positive, positive_lost);
            let before = widened.threshold;
            let negative = self
                .negative_buckets()
                .map(|bucket| (-bucket.upper, -bucket.lower, bucket));
            widened.take_in(negative, negative_lost);
            if widened.threshold == before {
                return widened;
            }
        }
    }

    /// Removes buckets that the zero bucket covers. Their counts are in it.
    fn drop_inside_zero_bucket(&mut self, lost: Option<&mut Compensation>) {
        let threshold = self.zero_threshold;
        let positive = self
            .positive_buckets()
            .take_while(|bucket| bucket.lower < threshold)
            .count();
        let negative = self
            .negative_buckets()
            .take_while(|bucket| bucket.upper > -threshold)
            .count();
        self.positive
            .counts
            .iter_mut()
            .take(positive)
            .for_each(|count| *count = 0.0);
        self.negative
            .counts
            .iter_mut()
            .take(negative)
            .for_each(|count| *count = 0.0);
        let mut lost = lost;
        if let Some(lost) = lost.as_deref_mut() {
            lost.positive
                .iter_mut()
                .take(positive)
                .for_each(|count| *count = 0.0);
            lost.negative
                .iter_mut()
                .take(negative)
                .for_each(|count| *count = 0.0);
        }
        self.cut_empty(lost);
    }
}

/// A zero bucket that was made wider.
pub(super) struct Widened {
    pub(super) count: f64,
    pub(super) lost: f64,
    pub(super) threshold: f64,
}

impl Widened {
    /// Takes in the buckets of one side, given with their distances from zero, up to the threshold.
    /// A populated bucket that it ends inside of moves it.
    fn take_in(&mut self, buckets: impl Iterator<Item = (f64, f64, Bucket)>, lost: &[f64]) {
        for (place, (near, far, bucket)) in buckets.enumerate() {
            if near >= self.threshold {
                return;
            }
            accumulate(bucket.count, &mut self.count, &mut self.lost);
            if let Some(&lost) = lost.get(place) {
                accumulate(lost, &mut self.count, &mut self.lost);
            }
            if far > self.threshold {
                if bucket.count != 0.0 {
                    self.threshold = far;
                }
                return;
            }
        }
    }
}
