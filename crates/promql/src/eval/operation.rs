//! What a binary operator makes of two samples: floats, native histograms, or one of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use model::Histogram;
use model::elementary::{arc, power};
use model::histogram::{CounterResetHint, Trim};

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

    /// Applies the operator; what its reader should know goes to `findings`.
    #[inline]
    pub(super) fn apply(
        self,
        left: StepSample<'_>,
        right: StepSample<'_>,
        findings: &Findings,
    ) -> Outcome {
        use StepSample::{Float, Histogram};
        let outcome = match (left, right) {
            (Float(left), Float(right)) => self.of_floats(left, right),
            (Float(left), Histogram(right)) => self.of_float_and_histogram(left, right),
            (Histogram(left), Float(right)) => self.of_histogram_and_float(left, right),
            (Histogram(left), Histogram(right)) => self.of_histograms(left, right, findings),
        };
        outcome.unwrap_or_else(|| {
            findings.add_types(left, right);
            Outcome::Nothing
        })
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

    fn of_histograms(
        self,
        left: &Histogram,
        right: &Histogram,
        findings: &Findings,
    ) -> Option<Outcome> {
        let mut combined = left.clone();
        let combination = match self.op {
            BinaryOp::Equal => return Some(Outcome::Comparison(left == right)),
            BinaryOp::NotEqual => return Some(Outcome::Comparison(left != right)),
            BinaryOp::Add => combined.add(right),
            BinaryOp::Subtract => combined.sub(right),
            _ => return None,
        };
        let Ok(combination) = combination else {
            findings.add(INCOMPATIBLE_LAYOUTS);
            return Some(Outcome::Nothing);
        };
        if combination.bounds_reconciled {
            findings.add(RECONCILED_BOUNDS);
        }
        if combination.hints_collided {
            findings.add(COLLIDING_COUNTER_RESETS);
        }
        if self.op == BinaryOp::Subtract {
            combined.counter_reset_hint = CounterResetHint::Gauge;
        }
        Some(compacted(combined))
    }
}

fn compacted(mut histogram: Histogram) -> Outcome {
    histogram.compact(0);
    Outcome::Sample(StepValue::Histogram(Arc::new(histogram)))
}

/// What came up while an operator was applied, on all threads; told once.
#[derive(Debug, Default)]
pub(super) struct Findings(AtomicU8);

impl Findings {
    fn add(&self, finding: u8) {
        // Mostly it is there already: no write then, which other threads would wait for.
        if self.0.load(Ordering::Relaxed) & finding == 0 {
            self.0.fetch_or(finding, Ordering::Relaxed);
        }
    }

    fn add_types(&self, left: StepSample<'_>, right: StepSample<'_>) {
        self.add(1 << (2 * u8::from(is_histogram(left)) + u8::from(is_histogram(right))));
    }

    /// Tells of them, each at the place of the operator.
    pub(super) fn tell(self, notes: &Notes<'_>, op: BinaryOp, span: Span) {
        let found = self.0.into_inner();
        for (index, [left, right]) in TYPES.into_iter().enumerate() {
            if found & (1 << index) != 0 {
                notes.incompatible_types(op, left, right, span);
            }
        }
        let operation = match op {
            BinaryOp::Subtract => HistogramOperation::Subtraction,
            _ => HistogramOperation::Addition,
        };
        if found & INCOMPATIBLE_LAYOUTS != 0 {
            notes.incompatible_bucket_layouts(op, span);
        }
        if found & RECONCILED_BOUNDS != 0 {
            notes.reconciled_bounds(operation, span);
        }
        if found & COLLIDING_COUNTER_RESETS != 0 {
            notes.colliding_counter_resets(operation, span);
        }
    }
}

fn is_histogram(sample: StepSample<'_>) -> bool {
    matches!(sample, StepSample::Histogram(_))
}

/// Names of the sample types that the four lowest findings speak of.
const TYPES: [[&str; 2]; 4] = [
    ["float", "float"],
    ["float", "histogram"],
    ["histogram", "float"],
    ["histogram", "histogram"],
];
const INCOMPATIBLE_LAYOUTS: u8 = 1 << 4;
const RECONCILED_BOUNDS: u8 = 1 << 5;
const COLLIDING_COUNTER_RESETS: u8 = 1 << 6;
