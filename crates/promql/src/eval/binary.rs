//! Binary operators: chains of them, and those where one side at least is a scalar.

use super::Evaluator;
use super::columns::{Column, StepSample, Vector};
use super::operation::{Findings, FloatOperation, Operation, Outcome};
use super::steps::Steps;
use crate::ast::{Binary, BinaryOp, Expr, ValueType};
use crate::plan;
use crate::query::QueryError;

impl<'e> Evaluator<'e> {
    /// Operators between scalars.
    pub(super) fn binary_scalars(
        &self,
        node: &Binary,
        steps: Steps,
    ) -> Result<Vec<f64>, QueryError> {
        let chain = node.chain();
        let first = chain.last().map_or(&node.lhs, |first| &first.lhs);
        let mut column = self.scalar(first, steps)?;
        for node in chain.into_iter().rev() {
            let right = self.scalar(&node.rhs, steps)?;
            combine_scalars(node.op, &mut column, &right)?;
        }
        Ok(column)
    }

    /// Operators of which one operand at least is an instant vector. A chain of them is evaluated
    /// from its first operand on: the stack that it takes does not grow with its length.
    pub(super) fn binary(&self, node: &Binary, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let (whole, begin) = (node.span, self.begin());
        let chain = node.chain();
        let first = chain.last().map_or(&*node.lhs, |first| &first.lhs);
        let invariant = if steps.count > 1 && plan::is_step_invariant(first) {
            let operators = chain.iter().rev();
            let invariant = operators.take_while(|node| plan::is_step_invariant(&node.rhs));
            Some(invariant.count())
        } else {
            None
        };
        let mut now = invariant.map_or(steps, |_| Steps::single(steps.start));
        let mut left = self.left_operand(first, now)?;
        for (index, node) in chain.into_iter().rev().enumerate() {
            self.interrupt.check()?;
            if invariant == Some(index) {
                left = left.repeated(steps)?;
                now = steps;
            }
            left = self.operate(node, left, now)?;
            // The last is written down as every part is.
            if let Left::Vector(vector) = &left
                && node.span != whole
            {
                self.trace_vector(begin, node.span, vector);
            }
        }
        match left {
            Left::Vector(vector) => Ok(vector),
            Left::Scalar(_) => unreachable!("the parser checks that this is a vector"),
        }
    }

    fn left_operand(&self, expr: &Expr, steps: Steps) -> Result<Left<'_>, QueryError> {
        Ok(match expr.value_type() {
            ValueType::Scalar => Left::Scalar(self.scalar(expr, steps)?),
            _ => Left::Vector(self.vector(expr, steps)?),
        })
    }

    /// One operator, its left operand evaluated.
    fn operate<'a>(
        &'a self,
        node: &Binary,
        left: Left<'a>,
        steps: Steps,
    ) -> Result<Left<'a>, QueryError> {
        let vector = match (left, node.rhs.value_type()) {
            (Left::Scalar(mut column), ValueType::Scalar) => {
                let right = self.scalar(&node.rhs, steps)?;
                combine_scalars(node.op, &mut column, &right)?;
                return Ok(Left::Scalar(column));
            }
            (Left::Scalar(scalars), _) => {
                let vector = self.vector(&node.rhs, steps)?;
                self.with_scalars(WithScalars::new(node, scalars, true), vector)
            }
            (Left::Vector(vector), ValueType::Scalar) => {
                let scalars = self.scalar(&node.rhs, steps)?;
                self.with_scalars(WithScalars::new(node, scalars, false), vector)
            }
            (Left::Vector(vector), _) if node.op.is_set() => {
                self.set_operation(node, vector, steps)
            }
            (Left::Vector(vector), _) => self.matched(node, vector, steps),
        };
        Ok(Left::Vector(vector?))
    }

    fn with_scalars<'a>(
        &'a self,
        with_scalars: WithScalars<'_>,
        mut vector: Vector<'a>,
    ) -> Result<Vector<'a>, QueryError> {
        let node = with_scalars.node;
        self.change_each(&mut vector, |place, series| {
            with_scalars.apply(place, &mut series.column);
        })?;
        with_scalars.findings.tell(&self.notes, node.op, node.span);
        vector.drop_empty();
        if node.return_bool || node.op.changes_meaning() {
            self.drop_names(&mut vector)?;
        }
        Ok(vector)
    }
}

/// A left operand with its value.
enum Left<'a> {
    Scalar(Vec<f64>),
    Vector(Vector<'a>),
}

impl Left<'_> {
    /// The same at each step.
    fn repeated(self, steps: Steps) -> Result<Self, QueryError> {
        Ok(match self {
            Self::Scalar(column) => Self::Scalar(vec![column[0]; steps.count]),
            Self::Vector(vector) => Self::Vector(vector.repeated(steps)?),
        })
    }
}

fn combine_scalars(op: BinaryOp, column: &mut [f64], right: &[f64]) -> Result<(), QueryError> {
    let operation = Operation::of(op).floats;
    for (left, right) in column.iter_mut().zip(right) {
        *left = match operation {
            FloatOperation::Compare(holds) => f64::from(u8::from(holds(left, right))),
            FloatOperation::Compute(compute) => compute(*left, *right),
            FloatOperation::Refuse => {
                let message = format!("operator \"{op}\" not allowed for Scalar operations");
                return Err(QueryError::Execution(message));
            }
        };
    }
    Ok(())
}

/// An operator with a scalar on one side.
struct WithScalars<'n> {
    node: &'n Binary,
    operation: Operation,
    /// The scalar at each step.
    scalars: Vec<f64>,
    scalar_is_left: bool,
    findings: Findings,
}

impl<'n> WithScalars<'n> {
    fn new(node: &'n Binary, scalars: Vec<f64>, scalar_is_left: bool) -> Self {
        Self {
            node,
            operation: Operation::of(node.op),
            findings: Findings::new(scalars.len()),
            scalars,
            scalar_is_left,
        }
    }

    /// Changes the samples of the series at `place`. Comparisons keep those for which they hold, on whichever
    /// side they stand.
    fn apply(&self, place: usize, column: &mut Column) {
        let histograms = column.histograms.take();
        for step in 0..column.values.len() {
            if let Some(sample) = column.get(step) {
                match self.outcome(step, place, sample) {
                    Outcome::Sample(value) => column.set(step, value),
                    Outcome::Comparison(holds) if self.node.return_bool => {
                        column.set_float(step, f64::from(u8::from(holds)));
                    }
                    Outcome::Comparison(true) => {}
                    Outcome::Comparison(false) | Outcome::Nothing => column.remove(step),
                }
            }
        }
        for (step, histogram) in histograms {
            match self.outcome(step, place, StepSample::Histogram(&histogram)) {
                Outcome::Sample(value) => column.set(step, value),
                Outcome::Comparison(_) | Outcome::Nothing => {}
            }
        }
    }

    #[inline]
    fn outcome(&self, step: usize, place: usize, sample: StepSample<'_>) -> Outcome {
        let scalar = StepSample::Float(self.scalars[step]);
        let (outcome, finding) = if self.scalar_is_left {
            self.operation.apply(scalar, sample)
        } else {
            self.operation.apply(sample, scalar)
        };
        if let Some(finding) = finding {
            self.findings.add(step, place, finding);
        }
        outcome
    }
}
