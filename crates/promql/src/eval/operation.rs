//! What a binary operator makes of two samples: floats, native histograms, or one of each.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use model::Histogram;
use model::elementary::{arc, power};
use model::histogram::{CounterResetHint, MixedSchemas, Trim};

use super::columns::{StepSample, StepValue};
use super::notes::{HistogramOperation, Notes};
use crate::ast::{BinaryOp, Span};

/// An operator that is no set operator.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    op: BinaryOp,
    /// What it does to two floats.
    pub(super) floats: FloatOperation,
}

/// What an operator does to two numbers.
#[derive(Clone, Copy)]
pub(super) enum FloatOperation {
    /// Yields a number.
    Compute(fn(f64, f64) -> f64),
    /// Holds or does not.
    Compare(fn(&f64, &f64) -> bool),
    /// Yields nothing of floats.
    Refuse,
}

/// What comes of two samples.
pub(super) enum Outcome {
    /// A new sample.
    Sample(StepValue),
    /// Whether a comparison holds.
    Comparison(bool),
    /// Nothing: the operator does not know such samples.
    Nothing,
}

impl Operation {
    pub(super) fn of(op: BinaryOp) -> Self {
        use FloatOperation::{Compare, Compute, Refuse};
        let floats = match op {
            BinaryOp::Add => Compute(|left, right| left + right),
            BinaryOp::Subtract => Compute(|left, right| left - right),
            BinaryOp::Multiply => Compute(|left, right| left * right),
            BinaryOp::Divide => Compute(|left, right| left / right),
            BinaryOp::Modulo => Compute(|left, right| left % right),
            BinaryOp::Power => Compute(power::pow),
            BinaryOp::Atan2 => Compute(arc::atan2),
            BinaryOp::Equal => Compare(f64::eq),
            BinaryOp::NotEqual => Compare(f64::ne),
            BinaryOp::Greater => Compare(f64::gt),
            BinaryOp::Less => Compare(f64::lt),
            BinaryOp::GreaterOrEqual => Compare(f64::ge),
            BinaryOp::LessOrEqual => Compare(f64::le),
            BinaryOp::TrimUpper | BinaryOp::TrimLower => Refuse,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {
                unreachable!("set operators do not look at values")
            }
        };
        Self { op, floats }
    }

    /// Applies the operator, with what its reader should know.
    #[inline]
    pub(super) fn apply(
        self,
        left: StepSample<'_>,
        right: StepSample<'_>,
    ) -> (Outcome, Option<Finding>) {
        use StepSample::{Float, Histogram};
        let outcome = match (left, right) {
            (Float(left), Float(right)) => self.of_floats(left, right),
            (Float(left), Histogram(right)) => self.of_float_and_histogram(left, right),
            (Histogram(left), Float(right)) => self.of_histogram_and_float(left, right),
            (Histogram(left), Histogram(right)) => return self.of_histograms(left, right),
        };
        match outcome {
            Some(outcome) => (outcome, None),
            None => (Outcome::Nothing, Some(Finding::of_types(left, right))),
        }
    }

    #[inline]
    fn of_floats(self, left: f64, right: f64) -> Option<Outcome> {
        Some(match self.floats {
            FloatOperation::Compute(compute) => {
                Outcome::Sample(StepValue::Float(compute(left, right)))
            }
            FloatOperation::Compare(holds) => Outcome::Comparison(holds(&left, &right)),
            FloatOperation::Refuse => return None,
        })
    }

    fn of_float_and_histogram(self, left: f64, right: &Histogram) -> Option<Outcome> {
        (self.op == BinaryOp::Multiply).then(|| {
            let mut product = right.clone();
            product.mul(left);
            compacted(product)
        })
    }

    fn of_histogram_and_float(self, left: &Histogram, right: f64) -> Option<Outcome> {
        let changed = match self.op {
            BinaryOp::Multiply => {
                let mut product = left.clone();
                product.mul(right);
                product
            }
            BinaryOp::Divide => {
                let mut quotient = left.clone();
                quotient.div(right);
                quotient
            }
            BinaryOp::TrimUpper => left.trimmed(Trim::Upper, right),
            BinaryOp::TrimLower => left.trimmed(Trim::Lower, right),
            _ => return None,
        };
        Some(compacted(changed))
    }

    fn of_histograms(self, left: &Histogram, right: &Histogram) -> (Outcome, Option<Finding>) {
        let mut combined = left.clone();
        let combination = match self.op {
            BinaryOp::Equal => return (Outcome::Comparison(left == right), None),
            BinaryOp::NotEqual => return (Outcome::Comparison(left != right), None),
            BinaryOp::Add => combined.add(right),
            BinaryOp::Subtract => combined.sub(right),
            _ => return (Outcome::Nothing, Some(Finding::Histograms)),
        };
        if self.op == BinaryOp::Subtract {
            combined.counter_reset_hint = CounterResetHint::Gauge;
        }
        match combination {
            Err(MixedSchemas) => (Outcome::Nothing, Some(Finding::IncompatibleLayouts)),
            // Upstream, too, has no result then, although its warning does not say so.
            Ok(combination) if combination.hints_collided => {
                (Outcome::Nothing, Some(Finding::CollidingCounterResets))
            }
            Ok(combination) => {
                let reconciled = combination.bounds_reconciled;
                (
                    compacted(combined),
                    reconciled.then_some(Finding::ReconciledBounds),
                )
            }
        }
    }
}

fn compacted(mut histogram: Histogram) -> Outcome {
    histogram.compact(0);
    Outcome::Sample(StepValue::Histogram(Arc::new(histogram)))
}

/// What may come up when an operator is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    /// The operator does not know two floats.
    Floats,
    /// Nor a float and a histogram.
    FloatAndHistogram,
    /// Nor a histogram and a float.
    HistogramAndFloat,
    /// Nor two histograms.
    Histograms,
    /// Exponential and custom buckets.
    IncompatibleLayouts,
    /// One histogram says that the counter was reset, the other that it was not.
    CollidingCounterResets,
    /// Different custom bounds, of which the common ones are left.
    ReconciledBounds,
}

impl Finding {
    const ALL: [Self; 7] = [
        Self::Floats,
        Self::FloatAndHistogram,
        Self::HistogramAndFloat,
        Self::Histograms,
        Self::IncompatibleLayouts,
        Self::CollidingCounterResets,
        Self::ReconciledBounds,
    ];

    fn of_types(left: StepSample<'_>, right: StepSample<'_>) -> Self {
        let is_histogram = |sample| matches!(sample, StepSample::Histogram(_));
        match (is_histogram(left), is_histogram(right)) {
            (false, false) => Self::Floats,
            (false, true) => Self::FloatAndHistogram,
            (true, false) => Self::HistogramAndFloat,
            (true, true) => Self::Histograms,
        }
    }

    fn tell(self, notes: &Notes<'_>, op: BinaryOp, span: Span) {
        let operation = match op {
            BinaryOp::Subtract => HistogramOperation::Subtraction,
            _ => HistogramOperation::Addition,
        };
        match self {
            Self::Floats => notes.incompatible_types(op, "float", "float", span),
            Self::FloatAndHistogram => notes.incompatible_types(op, "float", "histogram", span),
            Self::HistogramAndFloat => notes.incompatible_types(op, "histogram", "float", span),
            Self::Histograms => notes.incompatible_types(op, "histogram", "histogram", span),
            Self::IncompatibleLayouts => notes.incompatible_bucket_layouts(op, span),
            Self::CollidingCounterResets => notes.colliding_counter_resets(operation, span),
            Self::ReconciledBounds => notes.reconciled_bounds(operation, span),
        }
    }
}

/// What came up while an operator was applied, on all threads. As upstream, only the last series at
/// a step has its say.
#[derive(Debug)]
pub(super) struct Findings {
    steps: usize,
    /// At each step the place of the last series with a finding, from 1, before the finding's
    /// number; 0 where there is none.
    latest: OnceLock<Vec<AtomicU64>>,
}

impl Findings {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            steps,
            latest: OnceLock::new(),
        }
    }

    /// Keeps a finding about the series at `place`.
    pub(super) fn add(&self, step: usize, place: usize, finding: Finding) {
        let latest = self
            .latest
            .get_or_init(|| (0..self.steps).map(|_| AtomicU64::new(0)).collect());
        let number = (place as u64 + 1) << NUMBER_BITS | finding as u64;
        latest[step].fetch_max(number, Ordering::Relaxed);
    }

    /// Tells of them, each at the place of the operator.
    pub(super) fn tell(self, notes: &Notes<'_>, op: BinaryOp, span: Span) {
        let mut found = BTreeSet::new();
        for latest in self.latest.into_inner().into_iter().flatten() {
            let number = latest.into_inner();
            if number > 0 {
                found.insert(Finding::ALL[number as usize % (1 << NUMBER_BITS)]);
            }
        }
        for finding in found {
            finding.tell(notes, op, span);
        }
    }
}

/// Bits for the number of a finding.
const NUMBER_BITS: u32 = 3;
