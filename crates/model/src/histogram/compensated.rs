//! Sums and averages of histograms that do not lose what rounding cuts off.

use super::{Combined, Histogram, MixedSchemas};

/// A running sum of histograms with compensation (Neumaier) in every field.
#[derive(Clone, Debug)]
pub struct CompensatedHistogram {
    total: Histogram,
    compensation: Compensation,
    /// True once there is more than the first: that alone stays what it is, also where it is -0.
    is_sum: bool,
}

impl CompensatedHistogram {
    /// Starts with a first histogram.
    pub fn new(first: Histogram) -> Self {
        Self {
            compensation: Compensation::of(&first),
            total: first,
            is_sum: false,
        }
    }

    /// Adds a histogram. On an error nothing has changed.
    pub fn add(&mut self, other: &Histogram) -> Result<Combined, MixedSchemas> {
        let combined = self
            .total
            .combine(other, 1.0, Some(&mut self.compensation))?;
        self.is_sum = true;
        Ok(combined)
    }

    /// The sum without its compensation, such as for a look at the counter reset hint.
    pub fn total(&self) -> &Histogram {
        &self.total
    }

    /// The sum.
    pub fn into_sum(mut self) -> Histogram {
        if self.is_sum {
            self.total.apply(&self.compensation);
        }
        self.total
    }

    /// The sum divided by `count`.
    pub fn into_mean(mut self, count: f64) -> Histogram {
        self.total.div(count);
        self.compensation.scale(|value| value / count);
        self.into_sum()
    }

    fn scale(&mut self, factor: f64) {
        self.total.mul(factor);
        self.compensation.scale(|value| value * factor);
    }
}

/// A running average of histograms.
///
/// It is a sum as long as nothing overflows, and from there on the mean itself.
#[derive(Clone, Debug)]
pub struct HistogramMean {
    sum: CompensatedHistogram,
    count: f64,
    is_incremental: bool,
}

impl HistogramMean {
    /// Starts with a first histogram.
    pub fn new(first: Histogram) -> Self {
        Self {
            sum: CompensatedHistogram::new(first),
            count: 1.0,
            is_incremental: false,
        }
    }

    /// Adds a histogram. On an error nothing has changed.
    pub fn add(&mut self, other: &Histogram) -> Result<Combined, MixedSchemas> {
        let count = self.count + 1.0;
        if !self.is_incremental {
            if !may_overflow(&self.sum.total) && !may_overflow(other) {
                let combined = self.sum.add(other)?;
                self.count = count;
                return Ok(combined);
            }
            let mut sum = self.sum.clone();
            let combined = sum.add(other)?;
            if !sum.total.has_overflow() {
                self.sum = sum;
                self.count = count;
                return Ok(combined);
            }
        }
        self.add_incrementally(other, count)
    }

    fn add_incrementally(
        &mut self,
        other: &Histogram,
        count: f64,
    ) -> Result<Combined, MixedSchemas> {
        self.sum.total.check_schema_kind(other)?;
        self.make_incremental();
        self.sum.scale(self.count / count);
        let mut part = other.clone();
        part.div(count);
        self.count = count;
        self.sum.add(&part)
    }

    /// Takes in another running average. On an error nothing has changed.
    pub fn merge(&mut self, mut other: Self) -> Result<Combined, MixedSchemas> {
        self.sum.total.check_schema_kind(&other.sum.total)?;
        let count = self.count + other.count;
        if !self.is_incremental && !other.is_incremental {
            let mut sum = self.sum.clone();
            let combined = sum.add(&other.sum.clone().into_sum())?;
            if !sum.total.has_overflow() {
                self.sum = sum;
                self.count = count;
                return Ok(combined);
            }
        }
        for part in [&mut *self, &mut other] {
            part.make_incremental();
            part.sum.scale(part.count / count);
        }
        self.count = count;
        self.sum.add(&other.sum.into_sum())
    }

    fn make_incremental(&mut self) {
        if !self.is_incremental {
            self.sum.total.div(self.count);
            let count = self.count;
            self.sum.compensation.scale(|value| value / count);
            self.is_incremental = true;
        }
    }

    /// The average without its compensation, not yet divided; for a look at the hint.
    pub fn total(&self) -> &Histogram {
        &self.sum.total
    }

    /// The average.
    pub fn into_mean(self) -> Histogram {
        if self.is_incremental {
            self.sum.into_sum()
        } else {
            self.sum.into_mean(self.count)
        }
    }
}

impl Histogram {
    /// True if something in the histogram is infinite.
    pub fn has_overflow(&self) -> bool {
        self.exceeds(f64::MAX)
    }

    fn exceeds(&self, limit: f64) -> bool {
        let scalars = [self.zero_count, self.count, self.sum];
        let all = scalars.iter();
        all.chain(&self.positive.counts)
            .chain(&self.negative.counts)
            .any(|value| value.abs() > limit)
    }

    /// Adds what a sum has lost. The layouts are the same.
    fn apply(&mut self, compensation: &Compensation) {
        self.zero_count += compensation.zero_count;
        self.count += compensation.count;
        self.sum += compensation.sum;
        let add = |counts: &mut [f64], lost: &[f64]| {
            counts.iter_mut().zip(lost).for_each(|(a, b)| *a += b);
        };
        add(&mut self.positive.counts, &compensation.positive);
        add(&mut self.negative.counts, &compensation.negative);
    }
}

/// True if a sum with something as large may be infinite, also after buckets were merged.
fn may_overflow(histogram: &Histogram) -> bool {
    histogram.exceeds(LARGE)
}

/// What the fields of a sum of histograms have lost by rounding. Bucket by bucket beside the sum.
#[derive(Clone, Debug, Default)]
pub(super) struct Compensation {
    pub(super) zero_count: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) positive: Vec<f64>,
    pub(super) negative: Vec<f64>,
}

impl Compensation {
    fn of(histogram: &Histogram) -> Self {
        Self {
            positive: vec![0.0; histogram.positive.counts.len()],
            negative: vec![0.0; histogram.negative.counts.len()],
            ..Self::default()
        }
    }

    fn scale(&mut self, scale: impl Fn(f64) -> f64) {
        let Self {
            zero_count,
            count,
            sum,
            positive,
            negative,
        } = self;
        for value in [zero_count, count, sum]
            .into_iter()
            .chain(positive)
            .chain(negative)
        {
            *value = scale(*value);
        }
    }
}

/// Adds `value` to `sum`, and what the rounding cuts off to `lost`. An infinite sum lacks nothing.
#[inline]
pub(super) fn accumulate(value: f64, sum: &mut f64, lost: &mut f64) {
    let total = *sum + value;
    if total.is_infinite() {
        *lost = 0.0;
    } else if sum.abs() >= value.abs() {
        *lost += (*sum - total) + value;
    } else {
        *lost += (value - total) + *sum;
    }
    *sum = total;
}

/// Sums of up to a million values below this are finite.
const LARGE: f64 = f64::MAX / 1e6;
