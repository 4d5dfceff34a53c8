//! Quantiles and fractions of classic histograms: cumulative buckets with upper bounds.

/// One bucket: how many observations were at most `bound`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// Upper bound.
    pub(crate) bound: f64,
    /// Observations up to it.
    pub(crate) count: f64,
}

/// What had to be mended: counts that fell from one bucket to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mended {
    /// Lowest bound of a mended bucket.
    pub(crate) lowest: f64,
    /// Highest bound of a mended bucket.
    pub(crate) highest: f64,
    /// The largest fall.
    pub(crate) largest_fall: f64,
}

impl Mended {
    /// Both together.
    pub(crate) const fn merge(&mut self, other: &Self) {
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
        self.largest_fall = self.largest_fall.max(other.largest_fall);
    }
}

/// The `q`-quantile of a histogram, and what had to be mended. Buckets are sorted by bound; those
/// with one bound are added up.
///
/// Observations are taken to lie evenly inside a bucket; the lowest one begins at zero if its
/// bound is positive. A quantile in the highest bucket, which must be open, is the bound below it.
pub(crate) fn quantile(q: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Mended>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if !ends_open(buckets) {
        return (f64::NAN, None);
    }
    add_up_equal_bounds(buckets);
    let mended = mend(buckets);
    let [.., second_highest, highest] = buckets[..] else {
        return (f64::NAN, None);
    };
    if highest.count == 0.0 {
        return (f64::NAN, None);
    }
    let rank = q * highest.count;
    let below_highest = &buckets[..buckets.len() - 1];
    let index = below_highest.partition_point(|bucket| bucket.count < rank);
    let Some(&bucket) = below_highest.get(index) else {
        return (second_highest.bound, mended);
    };
    if index == 0 && bucket.bound <= 0.0 {
        return (bucket.bound, mended);
    }
    let before = match index {
        0 => Bucket {
            bound: 0.0,
            count: 0.0,
        },
        _ => below_highest[index - 1],
    };
    let share = (rank - before.count) / (bucket.count - before.count);
    (before.bound + (bucket.bound - before.bound) * share, mended)
}

/// The share of observations between `lower` and `upper`. Buckets are sorted by bound.
pub(crate) fn fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !ends_open(buckets) {
        return f64::NAN;
    }
    add_up_equal_bounds(buckets);
    let total = buckets.last().map_or(0.0, |bucket| bucket.count);
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets, total) - rank_of(lower, buckets, total)) / total
}

/// How many observations are below `value`.
fn rank_of(value: f64, buckets: &[Bucket], total: f64) -> f64 {
    let mut before = Bucket {
        bound: match buckets.first() {
            Some(first) if first.bound > 0.0 => 0.0,
            _ => f64::NEG_INFINITY,
        },
        count: 0.0,
    };
    for &bucket in buckets {
        if before.bound >= value {
            return before.count.min(total);
        }
        if bucket.bound > value {
            return interpolated(value, before, bucket).min(total);
        }
        before = bucket;
    }
    total
}

fn interpolated(value: f64, before: Bucket, bucket: Bucket) -> f64 {
    if bucket.bound == f64::INFINITY {
        return before.count;
    }
    if before.bound == f64::NEG_INFINITY {
        return bucket.count;
    }
    let share = (value - before.bound) / (bucket.bound - before.bound);
    before.count + (bucket.count - before.count) * share
}

fn ends_open(buckets: &[Bucket]) -> bool {
    buckets
        .last()
        .is_some_and(|bucket| bucket.bound == f64::INFINITY)
}

fn add_up_equal_bounds(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|bucket, before| {
        let same = bucket.bound == before.bound;
        if same {
            before.count += bucket.count;
        }
        same
    });
}

/// Makes counts rise: tiny differences in either direction are rounding and are removed silently,
/// other falls are removed and reported.
fn mend(buckets: &mut [Bucket]) -> Option<Mended> {
    let mut mended: Option<Mended> = None;
    let (first, rest) = buckets.split_first_mut()?;
    let mut highest = first.count;
    for bucket in rest {
        let count = bucket.count;
        if count == highest {
            continue;
        }
        if almost_equal(highest, count) {
            bucket.count = highest;
        } else if count < highest {
            bucket.count = highest;
            let fall = highest - count;
            let so_far = mended.get_or_insert(Mended {
                lowest: bucket.bound,
                highest: bucket.bound,
                largest_fall: fall,
            });
            so_far.lowest = so_far.lowest.min(bucket.bound);
            so_far.highest = so_far.highest.max(bucket.bound);
            so_far.largest_fall = so_far.largest_fall.max(fall);
        } else {
            highest = count;
        }
    }
    mended
}

fn almost_equal(left: f64, right: f64) -> bool {
    if left == right || (left.is_nan() && right.is_nan()) {
        return true;
    }
    let sum = left.abs() + right.abs();
    let difference = (left - right).abs();
    if left == 0.0 || right == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

/// Relative difference between counts that is taken for rounding. Upstream's
/// `smallDeltaTolerance`.
const TOLERANCE: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        let bucket = |&(bound, count)| Bucket { bound, count };
        pairs.iter().map(bucket).collect()
    }

    const OPEN: f64 = f64::INFINITY;

    #[test]
    fn quantiles_interpolate_inside_a_bucket() {
        let usual = [(1.0, 10.0), (2.0, 20.0), (OPEN, 40.0)];
        type Case<'a> = (f64, &'a [(f64, f64)], f64);
        let cases: [Case<'_>; 10] = [
            (0.125, &usual, 0.5),
            (0.375, &usual, 1.5),
            (0.9, &usual, 2.0),
            (0.0, &usual, 0.0),
            (-0.1, &usual, f64::NEG_INFINITY),
            (1.1, &usual, f64::INFINITY),
            (0.1, &[(-1.0, 10.0), (OPEN, 10.0)], -1.0),
            (0.5, &[(1.0, 10.0)], f64::NAN),
            (0.5, &[(OPEN, 10.0)], f64::NAN),
            (0.5, &[(1.0, 0.0), (OPEN, 0.0)], f64::NAN),
        ];
        for (q, pairs, want) in cases {
            let (got, mended) = quantile(q, &mut buckets(pairs));
            assert!(
                got == want || (got.is_nan() && want.is_nan()),
                "{q} of {pairs:?}: {got}"
            );
            assert_eq!(mended, None);
        }
    }

    #[test]
    fn falling_counts_are_mended_and_told() {
        let (got, mended) = quantile(0.5, &mut buckets(&[(1.0, 10.0), (2.0, 8.0), (OPEN, 20.0)]));
        assert_eq!(got, 1.0);
        let told = mended.unwrap();
        assert_eq!(
            (told.lowest, told.highest, told.largest_fall),
            (2.0, 2.0, 2.0)
        );
        let tiny = 10.0 - 1e-13;
        let (_, mended) = quantile(0.5, &mut buckets(&[(1.0, 10.0), (2.0, tiny), (OPEN, 20.0)]));
        assert_eq!(mended, None);
    }

    #[test]
    fn equal_bounds_are_added_up() {
        let mut split = buckets(&[(1.0, 4.0), (1.0, 6.0), (OPEN, 10.0)]);
        assert_eq!(quantile(0.5, &mut split).0, 0.5);
    }

    #[test]
    fn fractions_count_between_two_values() {
        let pairs = [(1.0, 10.0), (2.0, 20.0), (OPEN, 40.0)];
        let cases = [
            (0.0, 1.0, 0.25),
            (0.5, 1.5, 0.25),
            (f64::NEG_INFINITY, OPEN, 1.0),
            (2.0, 1.0, 0.0),
            (3.0, OPEN, 0.5),
        ];
        for (lower, upper, want) in cases {
            assert_eq!(
                fraction(lower, upper, &mut buckets(&pairs)),
                want,
                "{lower} to {upper}"
            );
        }
        assert!(fraction(f64::NAN, 1.0, &mut buckets(&pairs)).is_nan());
    }
}
