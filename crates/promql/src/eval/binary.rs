//! Binary operators: what they do to two numbers, and vectors with scalars.

use super::Evaluator;
use super::columns::Vector;
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
            (Left::Scalar(column), _) => {
                let vector = self.vector(&node.rhs, steps)?;
                self.with_scalar(node, vector, |step, value| Operands {
                    left: column[step],
                    right: value,
                    vector: value,
                })
            }
            (Left::Vector(vector), ValueType::Scalar) => {
                let column = self.scalar(&node.rhs, steps)?;
                self.with_scalar(node, vector, |step, value| Operands {
                    left: value,
                    right: column[step],
                    vector: value,
                })
            }
            (Left::Vector(vector), _) if node.op.is_set() => {
                self.set_operation(node, vector, steps)
            }
            (Left::Vector(vector), _) => self.matched(node, vector, steps),
        };
        Ok(Left::Vector(vector?))
    }

    fn with_scalar<'a>(
        &'a self,
        node: &Binary,
        mut vector: Vector<'a>,
        operands: impl Fn(usize, f64) -> Operands,
    ) -> Result<Vector<'a>, QueryError> {
        let operation = Operation::of(node.op);
        if matches!(operation, Operation::Refuse) && !vector.series.is_empty() {
            self.notes.floats_cannot(node.op, node.span);
            return Ok(self.nothing());
        }
        vector.map_floats(|step, value| {
            let Operands {
                left,
                right,
                vector,
            } = operands(step, value);
            match operation {
                Operation::Refuse => None,
                Operation::Compute(compute) => Some(compute(left, right)),
                Operation::Compare(holds) if node.return_bool => {
                    Some(f64::from(u8::from(holds(&left, &right))))
                }
                Operation::Compare(holds) => holds(&left, &right).then_some(vector),
            }
        });
        vector.drop_empty();
        if node.return_bool || !node.op.is_comparison() {
            vector.drop_names(self.options.delayed_name_removal)?;
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
    let operation = Operation::of(op);
    for (left, right) in column.iter_mut().zip(right) {
        *left = match operation {
            Operation::Compare(holds) => f64::from(u8::from(holds(left, right))),
            Operation::Compute(compute) => compute(*left, *right),
            Operation::Refuse => {
                let message = format!("operator \"{op}\" not allowed for Scalar operations");
                return Err(QueryError::Execution(message));
            }
        };
    }
    Ok(())
}

/// The numbers that an operator meets at one step.
struct Operands {
    left: f64,
    right: f64,
    /// The one that is the vector's: comparisons yield it on whichever side it stands.
    vector: f64,
}

/// What an operator does to two numbers.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    /// Yields a number.
    Compute(fn(f64, f64) -> f64),
    /// Holds or does not.
    Compare(fn(&f64, &f64) -> bool),
    /// Yields nothing of floats.
    Refuse,
}

impl Operation {
    /// Of an operator that is no set operator.
    pub(super) fn of(op: BinaryOp) -> Self {
        match op {
            BinaryOp::Add => Self::Compute(|left, right| left + right),
            BinaryOp::Subtract => Self::Compute(|left, right| left - right),
            BinaryOp::Multiply => Self::Compute(|left, right| left * right),
            BinaryOp::Divide => Self::Compute(|left, right| left / right),
            BinaryOp::Modulo => Self::Compute(|left, right| left % right),
            BinaryOp::Power => Self::Compute(f64::powf),
            BinaryOp::Atan2 => Self::Compute(f64::atan2),
            BinaryOp::Equal => Self::Compare(f64::eq),
            BinaryOp::NotEqual => Self::Compare(f64::ne),
            BinaryOp::Greater => Self::Compare(f64::gt),
            BinaryOp::Less => Self::Compare(f64::lt),
            BinaryOp::GreaterOrEqual => Self::Compare(f64::ge),
            BinaryOp::LessOrEqual => Self::Compare(f64::le),
            BinaryOp::TrimUpper | BinaryOp::TrimLower => Self::Refuse,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {
                unreachable!("set operators do not look at values")
            }
        }
    }
}
