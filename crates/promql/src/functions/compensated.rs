//! Sums that keep what rounding takes away: Kahan's summation in Neumaier's form.

/// A running sum and the error that rounding has made so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CompensatedSum {
    /// The plain sum.
    pub(crate) sum: f64,
    /// What has to be added to it.
    pub(crate) compensation: f64,
}

impl CompensatedSum {
    /// A sum that starts at `value`.
    pub(crate) const fn new(value: f64) -> Self {
        Self {
            sum: value,
            compensation: 0.0,
        }
    }

    /// Adds a number. Once the sum is infinite there is nothing to compensate any more.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        if sum.is_infinite() {
            self.compensation = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.compensation += (self.sum - sum) + value;
        } else {
            self.compensation += (value - sum) + self.sum;
        }
        self.sum = sum;
    }

    /// Adds another running sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.sum);
        if !self.sum.is_infinite() {
            self.compensation += other.compensation;
        }
    }

    /// The sum, corrected.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

/// A running mean: of the sum while that does not overflow, from then on step by step, which is
/// less exact (upstream issue 16714).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    count: f64,
    /// The sum; the mean itself once `incremental`.
    total: CompensatedSum,
    incremental: bool,
}

impl Mean {
    /// The mean of one number.
    pub(crate) const fn new(value: f64) -> Self {
        Self {
            count: 1.0,
            total: CompensatedSum::new(value),
            incremental: false,
        }
    }

    /// Takes in one more number.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut total = self.total;
            total.add(value);
            if !total.sum.is_infinite() {
                self.total = total;
                return;
            }
            self.make_incremental(self.count - 1.0);
        }
        self.scale((self.count - 1.0) / self.count);
        self.total.add(value / self.count);
    }

    /// Takes in another running mean.
    pub(crate) fn merge(&mut self, mut other: Self) {
        let count = self.count + other.count;
        if !self.incremental && !other.incremental {
            let mut total = self.total;
            total.merge(other.total);
            if !total.sum.is_infinite() {
                self.total = total;
                self.count = count;
                return;
            }
        }
        for part in [&mut *self, &mut other] {
            if !part.incremental {
                part.make_incremental(part.count);
            }
            part.scale(part.count / count);
        }
        self.total.merge(other.total);
        self.count = count;
    }

    /// The mean.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        if self.incremental {
            self.total.value()
        } else {
            self.total.sum / self.count + self.total.compensation / self.count
        }
    }

    fn make_incremental(&mut self, count: f64) {
        self.incremental = true;
        self.total.sum /= count;
        self.total.compensation /= count;
    }

    fn scale(&mut self, factor: f64) {
        self.total.sum *= factor;
        self.total.compensation *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice of it overflows.
    const BIG: f64 = f64::MAX / 1.8;

    fn mean(values: &[f64]) -> f64 {
        let mut mean = Mean::new(values[0]);
        values[1..].iter().for_each(|&value| mean.add(value));
        mean.value()
    }

    fn merged_mean(left: &[f64], right: &[f64]) -> f64 {
        let part = |values: &[f64]| {
            let mut mean = Mean::new(values[0]);
            values[1..].iter().for_each(|&value| mean.add(value));
            mean
        };
        let mut all = part(left);
        all.merge(part(right));
        all.value()
    }

    #[test]
    fn small_numbers_survive_large_ones() {
        let mut sum = CompensatedSum::default();
        for value in [2.0, 8.0, 1e100, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.value(), 10.0);
        sum.add(f64::INFINITY);
        assert_eq!(sum.value(), f64::INFINITY);
    }

    #[test]
    fn means_do_not_overflow() {
        assert_eq!(mean(&[BIG, BIG, BIG, BIG]), BIG);
        assert_eq!(mean(&[-BIG, -BIG, BIG, BIG]), 0.0);
        assert_eq!(mean(&[2.0, 8.0, 1e100, -1e100]), 2.5);
        assert_eq!(mean(&[0.0, f64::INFINITY, 0.0]), f64::INFINITY);
        assert!(mean(&[f64::NEG_INFINITY, 0.0, f64::INFINITY]).is_nan());
    }

    #[test]
    fn parts_of_a_mean_can_be_joined() {
        assert_eq!(merged_mean(&[1.0, 2.0, 3.0], &[6.0]), 3.0);
        assert_eq!(merged_mean(&[BIG, BIG], &[BIG, BIG]), BIG);
        assert_eq!(merged_mean(&[BIG, BIG, BIG], &[BIG]), BIG);
    }
}
