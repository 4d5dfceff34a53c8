//! Binary operators: what they do to two numbers, and vectors with scalars.

use super::Evaluator;
use super::columns::Vector;
use super::steps::Steps;
use crate::ast::{Binary, BinaryOp, ValueType};
use crate::query::QueryError;

impl<'e> Evaluator<'e> {
    /// Two scalars.
    pub(super) fn binary_scalars(
        &self,
        node: &Binary,
        steps: Steps,
    ) -> Result<Vec<f64>, QueryError> {
        let mut column = self.scalar(&node.lhs, steps)?;
        let right = self.scalar(&node.rhs, steps)?;
        for (left, right) in column.iter_mut().zip(right) {
            *left = match Operation::of(node.op) {
                Operation::Compare(holds) => f64::from(u8::from(holds(left, &right))),
                Operation::Compute(compute) => compute(*left, right),
                Operation::Refuse => unreachable!("the parser refuses to trim scalars"),
            };
        }
        Ok(column)
    }

    /// Two operands of which one at least is an instant vector.
    pub(super) fn binary(&self, node: &Binary, steps: Steps) -> Result<Vector<'_>, QueryError> {
        match (node.lhs.value_type(), node.rhs.value_type()) {
            (ValueType::Scalar, _) => {
                let column = self.scalar(&node.lhs, steps)?;
                let vector = self.vector(&node.rhs, steps)?;
                self.with_scalar(node, vector, |step, value| Operands {
                    left: column[step],
                    right: value,
                    vector: value,
                })
            }
            (_, ValueType::Scalar) => {
                let vector = self.vector(&node.lhs, steps)?;
                let column = self.scalar(&node.rhs, steps)?;
                self.with_scalar(node, vector, |step, value| Operands {
                    left: value,
                    right: column[step],
                    vector: value,
                })
            }
            _ if node.op.is_set() => self.set_operation(node, steps),
            _ => self.matched(node, steps),
        }
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
