//! Durations that are computed become milliseconds.

use crate::ast::{DurationExpr, DurationKind, DurationOp, DurationOperand, Expr, UnaryOp};
use crate::query::QueryError;

/// Computes all ranges, steps and offsets of `expr` for a query with this step and this distance
/// from start to end, all in milliseconds.
///
/// # Errors
/// The first one, in upstream's order, that is not positive where it must be, or out of range.
pub(crate) fn resolve_durations(expr: &mut Expr, step: i64, range: i64) -> Result<(), QueryError> {
    Resolver {
        step: step as f64 / 1e3,
        range: range as f64 / 1e3,
    }
    .resolve(expr)
}

struct Resolver {
    /// Seconds.
    step: f64,
    /// Seconds.
    range: f64,
}

impl Resolver {
    fn resolve(&self, expr: &mut Expr) -> Result<(), QueryError> {
        match expr {
            Expr::InstantSelector(node) => self.set(&mut node.offset, &node.offset_expr, true)?,
            Expr::RangeSelector(node) => {
                self.set(&mut node.range, &node.range_expr, false)?;
                let selector = &mut node.selector;
                self.set(&mut selector.offset, &selector.offset_expr, true)?;
            }
            Expr::Subquery(node) => {
                self.set(&mut node.offset, &node.offset_expr, true)?;
                if let Some(computed) = &node.step_expr {
                    node.step = Some(self.milliseconds(computed, false)?);
                }
                self.set(&mut node.range, &node.range_expr, false)?;
            }
            // Upstream looks at the parameter after the vector.
            Expr::Aggregate(node) => {
                self.resolve(&mut node.expr)?;
                return node
                    .param
                    .as_mut()
                    .map_or(Ok(()), |param| self.resolve(param));
            }
            _ => {}
        }
        let mut result = Ok(());
        expr.for_each_child_mut(|child| {
            if result.is_ok() {
                result = self.resolve(child);
            }
        });
        result
    }

    fn set(
        &self,
        slot: &mut i64,
        computed: &Option<Box<DurationExpr>>,
        may_be_negative: bool,
    ) -> Result<(), QueryError> {
        if let Some(computed) = computed {
            *slot = self.milliseconds(computed, may_be_negative)?;
        }
        Ok(())
    }

    fn milliseconds(&self, expr: &DurationExpr, may_be_negative: bool) -> Result<i64, QueryError> {
        let seconds = self.value(expr)?;
        if !seconds.is_finite() {
            return Err(fault(expr, "duration is NaN or infinite"));
        }
        if seconds <= 0.0 && !may_be_negative {
            return Err(fault(expr, "duration must be greater than 0"));
        }
        if seconds.abs() > MAX_SECONDS {
            return Err(fault(expr, "duration is out of range"));
        }
        Ok((seconds * 1e3) as i64)
    }

    fn value(&self, expr: &DurationExpr) -> Result<f64, QueryError> {
        Ok(match &expr.kind {
            DurationKind::Step => self.step,
            DurationKind::Range => self.range,
            DurationKind::Signed(UnaryOp::Plus, operand) => self.operand(operand)?,
            DurationKind::Signed(UnaryOp::Minus, operand) => -self.operand(operand)?,
            DurationKind::Binary(op, left, right) => {
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                match op {
                    DurationOp::Add => left + right,
                    DurationOp::Subtract => left - right,
                    DurationOp::Multiply => left * right,
                    DurationOp::Divide if right == 0.0 => {
                        return Err(fault(expr, "division by zero"));
                    }
                    DurationOp::Divide => left / right,
                    DurationOp::Modulo if right == 0.0 => {
                        return Err(fault(expr, "modulo by zero"));
                    }
                    DurationOp::Modulo => left % right,
                    DurationOp::Power => model::elementary::power::pow(left, right),
                    DurationOp::MinimumOf => left.min(right),
                    DurationOp::MaximumOf => left.max(right),
                }
            }
        })
    }

    fn operand(&self, operand: &DurationOperand) -> Result<f64, QueryError> {
        match operand {
            DurationOperand::Number(number) => Ok(number.value),
            DurationOperand::Computed(expr) => self.value(expr),
        }
    }
}

/// Upstream tells the bytes from where to where the duration stands, not line and column.
fn fault(expr: &DurationExpr, cause: &str) -> QueryError {
    let span = expr.span;
    QueryError::Duration(format!("{}:{}: {cause}", span.start, span.end))
}

/// What Go's `time.Duration` holds.
const MAX_SECONDS: f64 = 9_223_372_036.854_776;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    fn resolved(text: &str) -> Result<Expr, String> {
        let mut expr = parse(text, &ParseOptions::default()).map_err(|error| error.to_string())?;
        resolve_durations(&mut expr, 10_000, 60_000).map_err(|error| error.to_string())?;
        Ok(expr)
    }

    #[test]
    fn ranges_are_computed_in_seconds() {
        let cases = [
            ("[5m * 2]", 600_000),
            ("[2 ^ 3 ^ 2]", 512_000),
            ("[-5m + 35m]", 1_800_000),
            ("[1h30m % 1h]", 1_800_000),
            ("[10 - 2 - 3]", 5_000),
            ("[step()]", 10_000),
            ("[range() / step()]", 6_000),
            ("[(STEP()) + 1ms]", 10_001),
            ("[min_of(step() + 1, 1h)]", 11_000),
            ("[max_of(-step(), 1.5)]", 1_500),
            ("[24m + ((1.5 * 2m) + 2m)]", 1_740_000),
        ];
        for (range, want) in cases {
            let Ok(Expr::RangeSelector(node)) = resolved(&format!("foo{range}")) else {
                unreachable!("{range} is a range");
            };
            assert_eq!(node.range, want, "{range}");
        }
    }

    #[test]
    fn offsets_and_steps_are_computed_too() {
        let Ok(Expr::Subquery(node)) = resolved("foo[1 * range():step() / 2] offset -(step() * 2)")
        else {
            unreachable!("a subquery");
        };
        assert_eq!(
            (node.range, node.step, node.offset),
            (60_000, Some(5_000), -20_000)
        );
    }

    #[test]
    fn useless_durations_are_refused_where_they_stand() {
        let cases = [
            ("foo[1m - 2m]", "4:11: duration must be greater than 0"),
            (
                "foo[min_of((max_of(1s, 2s)), 3s) - 1h]",
                "19:37: duration must be greater than 0",
            ),
            (
                "foo[-max_of(1s, 2s)]",
                "4:18: duration must be greater than 0",
            ),
            ("foo[1m / (1 - 1)]", "4:15: division by zero"),
            ("foo[5m % (1 - 1)]", "4:15: modulo by zero"),
            ("foo[2 ^ 7 ^ 7]", "4:13: duration is NaN or infinite"),
            ("foo[9e9 * 9e9]", "4:13: duration is out of range"),
            ("foo[5m:1m - 2m]", "7:14: duration must be greater than 0"),
            ("foo offset (9e9 * 9e9)", "12:21: duration is out of range"),
        ];
        for (text, want) in cases {
            assert_eq!(
                resolved(text).map(|expr| expr.to_string()),
                Err(want.to_owned()),
                "{text}"
            );
        }
    }
}
