//! Adding, subtracting and scaling histograms.
//!
//! Two histograms need not have the same buckets: the result has the lower resolution, the wider
//! zero bucket, and of different custom bounds those that both have.

use std::borrow::Cow;

use super::bounds::exponential;
use super::compensated::{Compensation, accumulate};
use super::layout::{spread, union, walk};
use super::{Buckets, CounterResetHint, Histogram};

/// What a reader may want to be told about two histograms that were combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// One said that there was a counter reset, the other that there was none.
    pub hints_collided: bool,
    /// The custom bounds were different; those that both had are left.
    pub bounds_reconciled: bool,
}

/// Exponential and custom buckets cannot be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas"
)]
pub struct MixedSchemas;

impl Histogram {
    /// Adds a histogram. On an error nothing has changed.
    pub fn add(&mut self, other: &Self) -> Result<Combined, MixedSchemas> {
        self.combine(other, 1.0, None)
    }

    /// Subtracts a histogram. The hint becomes that of an addition: PromQL's `-` has to mark its
    /// result as a gauge. On an error nothing has changed.
    pub fn sub(&mut self, other: &Self) -> Result<Combined, MixedSchemas> {
        self.combine(other, -1.0, None)
    }

    /// Multiplies all counts and the sum. A factor below zero makes a gauge.
    pub fn mul(&mut self, factor: f64) {
        self.scale(|value| value * factor);
        if factor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    /// Divides all counts and the sum. A divisor below zero makes a gauge; zero removes the buckets.
    pub fn div(&mut self, divisor: f64) {
        if divisor == 0.0 {
            self.positive = Buckets::default();
            self.negative = Buckets::default();
        }
        self.scale(|value| value / divisor);
        if divisor < 0.0 {
            self.counter_reset_hint = CounterResetHint::Gauge;
        }
    }

    /// The histogram with all counts and the sum negated: a gauge.
    pub fn negate(&mut self) {
        self.mul(-1.0);
    }

    fn scale(&mut self, scale: impl Fn(f64) -> f64) {
        for value in [&mut self.zero_count, &mut self.count, &mut self.sum]
            .into_iter()
            .chain(&mut self.positive.counts)
            .chain(&mut self.negative.counts)
        {
            *value = scale(*value);
        }
    }

    pub(super) fn check_schema_kind(&self, other: &Self) -> Result<(), MixedSchemas> {
        if self.has_custom_buckets() == other.has_custom_buckets() {
            Ok(())
        } else {
            Err(MixedSchemas)
        }
    }

    /// Adds `other` times `sign`, which is 1 or -1.
    pub(super) fn combine(
        &mut self,
        other: &Self,
        sign: f64,
        mut lost: Option<&mut Compensation>,
    ) -> Result<Combined, MixedSchemas> {
        self.check_schema_kind(other)?;
        let mut combined = Combined {
            hints_collided: self.join_hint(other.counter_reset_hint),
            bounds_reconciled: false,
        };
        let mut zero_count = 0.0;
        let mut zero_lost = 0.0;
        if !self.has_custom_buckets() {
            (zero_count, zero_lost) = self.reconcile_zero_buckets(other, lost.as_deref_mut());
        }
        if let Some(lost) = lost.as_deref_mut() {
            let zero = (&mut self.zero_count, &mut lost.zero_count);
            accumulate(sign * zero_count, zero.0, zero.1);
            accumulate(sign * zero_lost, zero.0, zero.1);
            accumulate(sign * other.count, &mut self.count, &mut lost.count);
            accumulate(sign * other.sum, &mut self.sum, &mut lost.sum);
        } else {
            self.zero_count += sign * zero_count;
            self.count += sign * other.count;
            self.sum += sign * other.sum;
        }
        if self.has_custom_buckets() {
            combined.bounds_reconciled = self.combine_custom(other, sign, lost);
        } else {
            self.combine_exponential(other, sign, lost);
        }
        Ok(combined)
    }

    fn combine_exponential(&mut self, other: &Self, sign: f64, lost: Option<&mut Compensation>) {
        let mut lost = lost;
        if other.schema < self.schema {
            self.reduce(other.schema, lost.as_deref_mut());
        }
        let is_compensated = lost.is_some();
        let (positive_lost, negative_lost) = match lost {
            Some(lost) => (Some(&mut lost.positive), Some(&mut lost.negative)),
            None => (None, None),
        };
        let coarse =
            |buckets| Addend::coarsened(buckets, other.schema - self.schema, is_compensated);
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let mut positive = coarse(&other.positive);
        positive.skip_below(schema, threshold);
        self.positive.add(&positive, sign, positive_lost);
        let mut negative = coarse(&other.negative);
        negative.skip_below(schema, threshold);
        self.negative.add(&negative, sign, negative_lost);
    }
}

/// Buckets to be added, in the resolution of those that they are added to.
pub(super) struct Addend<'a> {
    buckets: Cow<'a, Buckets>,
    /// What merging them has lost, if anybody wants to know.
    lost: Option<Vec<f64>>,
    /// Buckets at the start that are inside of the zero bucket.
    skipped: usize,
}

impl<'a> Addend<'a> {
    pub(super) fn new(buckets: &'a Buckets) -> Self {
        Self {
            buckets: Cow::Borrowed(buckets),
            lost: None,
            skipped: 0,
        }
    }

    fn coarsened(buckets: &'a Buckets, steps: i32, is_compensated: bool) -> Self {
        if steps <= 0 || buckets.is_empty() {
            return Self::new(buckets);
        }
        let mut coarse = buckets.clone();
        let mut lost = is_compensated.then(|| vec![0.0; buckets.counts.len()]);
        coarse.coarsen(steps, lost.as_mut());
        Self {
            buckets: Cow::Owned(coarse),
            lost,
            skipped: 0,
        }
    }

    fn skip_below(&mut self, schema: i32, threshold: f64) {
        let is_below = |&(index, _): &(i32, f64)| exponential(index, schema) <= threshold;
        self.skipped = self.buckets.indexed().take_while(is_below).count();
    }
}

impl Buckets {
    pub(super) fn add(&mut self, other: &Addend<'_>, sign: f64, lost: Option<&mut Vec<f64>>) {
        if other.skipped == 0 && self.has_spans_of(&other.buckets) {
            return self.add_same(other, sign, lost);
        }
        let all = union(&self.spans, &other.buckets.spans, other.skipped);
        let mut lost = lost;
        if let Some(all) = all {
            self.counts = spread(&self.counts, &self.spans, &all);
            if let Some(lost) = lost.as_deref_mut() {
                *lost = spread(lost, &self.spans, &all);
            }
            self.spans = all;
        }
        let counts = &mut self.counts;
        walk(&self.spans, &other.buckets.spans, |place, from| {
            if from < other.skipped {
                return;
            }
            let value = other.buckets.counts.get(from);
            let (Some(count), Some(value)) = (counts.get_mut(place), value) else {
                return;
            };
            match lost.as_mut().and_then(|lost| lost.get_mut(place)) {
                None => *count += sign * value,
                Some(lost) => {
                    accumulate(sign * value, count, lost);
                    if let Some(&more) = other.lost.as_ref().and_then(|lost| lost.get(from)) {
                        accumulate(sign * more, count, lost);
                    }
                }
            }
        });
    }

    fn add_same(&mut self, other: &Addend<'_>, sign: f64, lost: Option<&mut Vec<f64>>) {
        let pairs = self.counts.iter_mut().zip(&other.buckets.counts);
        let Some(lost) = lost else {
            return pairs.for_each(|(count, value)| *count += sign * value);
        };
        match &other.lost {
            None => pairs
                .zip(lost)
                .for_each(|((count, value), lost)| accumulate(sign * value, count, lost)),
            Some(more) => {
                pairs
                    .zip(lost.iter_mut().zip(more))
                    .for_each(|((count, value), (lost, more))| {
                        accumulate(sign * value, count, lost);
                        accumulate(sign * more, count, lost);
                    })
            }
        }
    }
}
