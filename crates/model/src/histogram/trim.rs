//! Trimming: leaving out the observations on one side of a value.

use super::quantile::fraction_below;
use super::{Bucket, Histogram};

/// Which observations stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// Those below the value: PromQL's `</`.
    Upper,
    /// Those above the value: PromQL's `>/`.
    Lower,
}

impl Histogram {
    /// The histogram without the observations that `trim` drops at `value`.
    ///
    /// If any are dropped, count and sum are estimated anew from the buckets that are left.
    #[must_use]
    pub fn trimmed(&self, trim: Trim, value: f64) -> Self {
        let mut cut = Cut {
            trim,
            value,
            is_linear: self.has_custom_buckets(),
            count: 0.0,
            sum: 0.0,
            has_dropped: false,
        };
        let mut trimmed = self.clone();
        let has_positive = cut.side(&mut trimmed.positive.counts, self.positive_buckets(), true);
        let has_negative = cut.side(&mut trimmed.negative.counts, self.negative_buckets(), false);
        if self.zero_count > 0.0 {
            let kept = cut.zero_bucket(&self.zero_bucket(), has_negative, has_positive);
            cut.has_dropped |= kept.count != self.zero_count;
            trimmed.zero_count = kept.count;
            cut.keep(kept);
        }
        if cut.has_dropped {
            trimmed.count = cut.count;
            trimmed.sum = cut.sum;
            trimmed.compact(0);
        }
        trimmed
    }
}

/// What is left of a bucket.
#[derive(Clone, Copy)]
struct Kept {
    count: f64,
    /// A value that stands for all observations that are left.
    middle: f64,
}

const NOTHING: Kept = Kept {
    count: 0.0,
    middle: 0.0,
};

struct Cut {
    trim: Trim,
    value: f64,
    is_linear: bool,
    /// Of what is left.
    count: f64,
    /// Of what is left.
    sum: f64,
    has_dropped: bool,
}

impl Cut {
    /// Trims the buckets of a side. True if one of them was populated.
    fn side(
        &mut self,
        counts: &mut [f64],
        buckets: impl Iterator<Item = Bucket>,
        is_positive: bool,
    ) -> bool {
        let mut is_populated = false;
        for (count, bucket) in counts.iter_mut().zip(buckets) {
            if bucket.count == 0.0 {
                continue;
            }
            is_populated = true;
            let (is_inside, is_split) = match self.trim {
                Trim::Upper => (bucket.upper <= self.value, bucket.lower < self.value),
                Trim::Lower => (bucket.lower >= self.value, bucket.upper > self.value),
            };
            if is_inside {
                let middle = self.middle(bucket.lower, bucket.upper, is_positive);
                self.keep(Kept {
                    count: bucket.count,
                    middle,
                });
                continue;
            }
            let kept = if is_split {
                self.split(&bucket, is_positive)
            } else {
                self.has_dropped = true;
                NOTHING
            };
            self.has_dropped |= kept.count != bucket.count;
            *count = kept.count;
            self.keep(kept);
        }
        is_populated
    }

    fn keep(&mut self, kept: Kept) {
        self.count += kept.count;
        self.sum += kept.middle * kept.count;
    }

    /// Trims a bucket that the value is inside of.
    fn split(&self, bucket: &Bucket, is_positive: bool) -> Kept {
        if bucket.lower == f64::NEG_INFINITY {
            return self.split_lowest(bucket);
        }
        if bucket.upper == f64::INFINITY {
            return self.split_highest(bucket);
        }
        let below = self.count_below(bucket, is_positive);
        match self.trim {
            Trim::Upper => Kept {
                count: below,
                middle: self.middle(bucket.lower, self.value, is_positive),
            },
            Trim::Lower => Kept {
                count: bucket.count - below,
                middle: self.middle(self.value, bucket.upper, is_positive),
            },
        }
    }

    /// How the observations of a bucket without a lower bound are spread is unknown, so none is
    /// kept; but one of custom buckets with a positive upper bound is taken to start at zero.
    fn split_lowest(&self, bucket: &Bucket) -> Kept {
        let (value, upper) = (self.value, bucket.upper);
        let starts_at_zero = upper > 0.0 && upper != f64::INFINITY;
        match self.trim {
            Trim::Upper if value >= upper => Kept {
                count: bucket.count,
                middle: 0.0,
            },
            Trim::Upper if value > 0.0 && starts_at_zero => Kept {
                count: bucket.count * value / upper,
                middle: value / 2.0,
            },
            Trim::Upper if upper <= 0.0 => Kept {
                count: bucket.count,
                middle: value,
            },
            Trim::Lower if value <= bucket.lower => Kept {
                count: bucket.count,
                middle: 0.0,
            },
            Trim::Lower if value >= 0.0 && upper > value && upper != f64::INFINITY => Kept {
                count: bucket.count * (1.0 - value / upper),
                middle: (value + upper) / 2.0,
            },
            Trim::Upper | Trim::Lower => NOTHING,
        }
    }

    fn split_highest(&self, bucket: &Bucket) -> Kept {
        match self.trim {
            Trim::Lower if self.value >= bucket.lower => Kept {
                count: bucket.count,
                middle: self.value,
            },
            Trim::Upper | Trim::Lower => NOTHING,
        }
    }

    fn count_below(&self, bucket: &Bucket, is_positive: bool) -> f64 {
        if self.value <= bucket.lower {
            return 0.0;
        }
        if self.value >= bucket.upper {
            return bucket.count;
        }
        let fraction = if self.is_linear {
            (self.value - bucket.lower) / (bucket.upper - bucket.lower)
        } else {
            fraction_below(bucket, self.value, is_positive)
        };
        bucket.count * fraction
    }

    /// The zero bucket has observations on a side only if other buckets have, or none has.
    fn zero_bucket(&self, bucket: &Bucket, has_negative: bool, has_positive: bool) -> Kept {
        let upper = if has_negative && !has_positive {
            0.0
        } else {
            bucket.upper
        };
        let lower = if has_positive && !has_negative {
            0.0
        } else {
            bucket.lower
        };
        let all = Kept {
            count: bucket.count,
            middle: (lower + upper) / 2.0,
        };
        let value = self.value;
        match self.trim {
            Trim::Upper if value <= lower => NOTHING,
            Trim::Upper if value >= upper => all,
            Trim::Upper => Kept {
                count: bucket.count * ((value - lower) / (upper - lower)),
                middle: (lower + value) / 2.0,
            },
            Trim::Lower if value <= lower => all,
            Trim::Lower if value >= upper => NOTHING,
            Trim::Lower => Kept {
                count: bucket.count * ((upper - value) / (upper - lower)),
                middle: (value + upper) / 2.0,
            },
        }
    }

    fn middle(&self, lower: f64, upper: f64, is_positive: bool) -> f64 {
        if lower.is_infinite() {
            return match upper {
                upper if upper.is_infinite() => 0.0,
                upper if upper > 0.0 => upper / 2.0,
                upper => upper,
            };
        }
        if upper.is_infinite() {
            return lower;
        }
        if self.is_linear {
            return (lower + upper) / 2.0;
        }
        let middle = (lower * upper).abs().sqrt();
        if is_positive { middle } else { -middle }
    }
}
