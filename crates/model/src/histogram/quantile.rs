//! Quantiles and fractions of the observations of a histogram.
//!
//! Within an exponential bucket, observations are assumed to be spread evenly on a logarithmic
//! scale; within the zero bucket and custom buckets, on a linear one.

use super::{Bucket, Histogram};
use crate::elementary::exponential::exp2;
use crate::elementary::logarithm::log2;

/// A quantile, and whether observations of NaN have a part in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The quantile.
    pub value: f64,
    /// What observations of NaN have done to it.
    pub nan_effect: NanEffect,
}

/// What observations of NaN do to a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NanEffect {
    /// Nothing; mostly there are none.
    None,
    /// The quantile is above all buckets, thus NaN.
    Result,
    /// They count as if above all buckets, so the quantile is higher than without them.
    Skew,
}

/// A fraction, and whether observations of NaN are among those that it is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction {
    /// The fraction.
    pub value: f64,
    /// True if there are observations of NaN, which are in no range.
    pub has_nan: bool,
}

impl Histogram {
    /// The `q`-quantile of the observations, interpolated.
    pub fn quantile(&self, q: f64) -> Quantile {
        let plain = |value| Quantile {
            value,
            nan_effect: NanEffect::None,
        };
        if q < 0.0 {
            return plain(f64::NEG_INFINITY);
        }
        if q > 1.0 {
            return plain(f64::INFINITY);
        }
        if self.count == 0.0 || q.is_nan() {
            return plain(f64::NAN);
        }
        // Observations of NaN are counted but in no bucket: the way from above would be too short.
        if self.sum.is_nan() || q < 0.5 {
            self.quantile_on_way(self.all_buckets(), q * self.count, true)
        } else {
            self.quantile_on_way(self.all_buckets_backwards(), (1.0 - q) * self.count, false)
        }
    }

    fn quantile_on_way(
        &self,
        mut buckets: impl Iterator<Item = Bucket>,
        rank: f64,
        is_rising: bool,
    ) -> Quantile {
        let plain = |value| Quantile {
            value,
            nan_effect: NanEffect::None,
        };
        let mut count = 0.0;
        let mut bucket = NO_BUCKET;
        for next in buckets.by_ref() {
            bucket = next;
            if bucket.count == 0.0 {
                continue;
            }
            count += bucket.count;
            if count >= rank {
                break;
            }
        }
        if !self.has_custom_buckets() && bucket.lower < 0.0 && bucket.upper > 0.0 {
            self.cut_zero_bucket(&mut bucket);
        } else if self.has_custom_buckets() {
            if bucket.lower == f64::NEG_INFINITY {
                if bucket.upper <= 0.0 {
                    return plain(bucket.upper);
                }
                bucket.lower = 0.0;
            } else if bucket.upper == f64::INFINITY {
                return plain(bucket.lower);
            }
        }
        count = if count > self.count {
            self.count
        } else {
            count
        };
        if count < rank {
            if self.sum.is_nan() {
                return Quantile {
                    value: f64::NAN,
                    nan_effect: NanEffect::Result,
                };
            }
            return plain(bucket.upper);
        }
        let rank_in_bucket = if is_rising {
            rank - (count - bucket.count)
        } else {
            count - rank
        };
        let skews = self.sum.is_nan() && {
            buckets.for_each(|bucket| count += bucket.count);
            count < self.count
        };
        Quantile {
            value: self.interpolate_value(&bucket, rank_in_bucket / bucket.count),
            nan_effect: if skews {
                NanEffect::Skew
            } else {
                NanEffect::None
            },
        }
    }

    /// Where a fraction of a bucket's observations ends.
    fn interpolate_value(&self, bucket: &Bucket, fraction: f64) -> f64 {
        if self.has_custom_buckets() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
            return bucket.lower + (bucket.upper - bucket.lower) * fraction;
        }
        let (lower, upper) = (log2(bucket.lower.abs()), log2(bucket.upper.abs()));
        if bucket.lower > 0.0 {
            exp2(lower + (upper - lower) * fraction)
        } else {
            -exp2(upper + (lower - upper) * (1.0 - fraction))
        }
    }

    /// The fraction of observations between two values.
    pub fn fraction(&self, lower: f64, upper: f64) -> Fraction {
        let plain = |value| Fraction {
            value,
            has_nan: false,
        };
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return plain(f64::NAN);
        }
        if lower >= upper {
            return plain(0.0);
        }
        let (mut count, mut rank) = (0.0, 0.0);
        let (mut lower_rank, mut upper_rank) = (None, None);
        let mut buckets = self.all_buckets();
        for mut bucket in buckets.by_ref() {
            count += bucket.count;
            let is_zero_bucket = bucket.lower <= 0.0 && bucket.upper >= 0.0;
            if is_zero_bucket {
                self.cut_zero_bucket(&mut bucket);
            }
            let is_linear = self.has_custom_buckets() || is_zero_bucket;
            for (value, found) in [(lower, &mut lower_rank), (upper, &mut upper_rank)] {
                if found.is_some() {
                    continue;
                }
                if bucket.lower >= value {
                    *found = Some(rank);
                } else if bucket.upper > value {
                    *found = Some(rank_of(&bucket, value, rank, is_linear));
                }
            }
            if lower_rank.is_some() && upper_rank.is_some() {
                break;
            }
            rank += bucket.count;
        }
        let mut has_nan = false;
        if self.sum.is_nan() {
            buckets.for_each(|bucket| count += bucket.count);
            has_nan = count < self.count;
        } else {
            count = self.count;
        }
        let within = |rank: Option<f64>| rank.filter(|&rank| rank <= count).unwrap_or(count);
        Fraction {
            value: (within(upper_rank) - within(lower_rank)) / self.count,
            has_nan,
        }
    }

    /// If all other buckets are on one side of zero, the zero bucket has observations there only.
    fn cut_zero_bucket(&self, bucket: &mut Bucket) {
        if self.negative.is_empty() && !self.positive.is_empty() {
            bucket.lower = 0.0;
        } else if self.positive.is_empty() && !self.negative.is_empty() {
            bucket.upper = 0.0;
        }
    }
}

/// How many observations are below `value`, which is inside of a bucket that starts at `rank`.
fn rank_of(bucket: &Bucket, value: f64, rank: f64, is_linear: bool) -> f64 {
    if !is_linear {
        return rank + bucket.count * fraction_below(bucket, value, value > 0.0);
    }
    if bucket.lower == f64::NEG_INFINITY {
        return bucket.count;
    }
    rank + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower)
}

/// The fraction of the observations of an exponential bucket that is below a value inside of it.
pub(super) fn fraction_below(bucket: &Bucket, value: f64, is_positive: bool) -> f64 {
    let (lower, upper) = (log2(bucket.lower.abs()), log2(bucket.upper.abs()));
    let value = log2(value.abs());
    if is_positive {
        (value - lower) / (upper - lower)
    } else {
        1.0 - ((value - upper) / (lower - upper))
    }
}

const NO_BUCKET: Bucket = Bucket {
    lower: 0.0,
    upper: 0.0,
    lower_inclusive: false,
    upper_inclusive: false,
    count: 0.0,
};
