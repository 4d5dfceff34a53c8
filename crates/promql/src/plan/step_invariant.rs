//! Parts of an expression that have the same value at every step and are evaluated once.

use crate::ast::{Expr, InstantSelector};
use crate::functions::Function;

/// True if the expression has the same value at every step.
pub(crate) fn is_step_invariant(expr: &Expr) -> bool {
    match expr {
        Expr::Number(_) | Expr::Text(_) => true,
        Expr::InstantSelector(node) => is_pinned(node),
        Expr::RangeSelector(node) => is_pinned(&node.selector),
        Expr::Subquery(node) => node.at.is_some(),
        Expr::Call(node) => {
            !reads_the_step(node.function) && node.args.iter().all(is_step_invariant)
        }
        // Upstream does not ask whether the parameter changes: that of the first step counts.
        Expr::Aggregate(node) => is_step_invariant(&node.expr),
        Expr::Unary(_) | Expr::Binary(_) | Expr::Paren(_) => {
            let mut invariant = true;
            expr.for_each_child(|child| invariant &= is_step_invariant(child));
            invariant
        }
    }
}

fn is_pinned(selector: &InstantSelector) -> bool {
    selector.at.is_some()
}

/// True for functions whose value depends on the evaluation time itself, and for those of the calendar,
/// which upstream does not take apart by their arguments.
fn reads_the_step(function: Function) -> bool {
    matches!(
        function,
        Function::Time
            | Function::Timestamp
            | Function::PredictLinear
            | Function::Minute
            | Function::Hour
            | Function::DayOfWeek
            | Function::DayOfMonth
            | Function::DayOfYear
            | Function::DaysInMonth
            | Function::Month
            | Function::Year
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn what_reads_the_time_is_not_invariant() {
        let cases = [
            ("1 + 2", true),
            ("a", false),
            ("a @ 10", true),
            ("a @ 10 + b", false),
            ("sum(rate(a[5m] @ 10))", true),
            ("topk(scalar(b), a @ 10)", true),
            ("quantile(0.5, a)", false),
            ("time()", false),
            ("timestamp(a @ 10)", false),
            ("minute(a @ 10)", false),
            ("minute()", false),
            ("sum_over_time(a[1h:1m] @ 10)", true),
            ("sum_over_time((a @ 10)[1h:1m])", false),
        ];
        for (text, want) in cases {
            let expr = parse(text, &ParseOptions::default()).unwrap();
            assert_eq!(is_step_invariant(&expr), want, "{text}");
        }
    }
}
