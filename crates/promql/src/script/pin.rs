//! Pins a query's selectors to its evaluation time, so that it yields the same at any other.

use crate::ast::{AtModifier, Expr};
use crate::functions::Function;

/// The query with `@ time` on each selector and subquery that has none, and the times at which it
/// must still yield the same; none if a function looks at the evaluation time itself.
pub(super) fn pinned(expr: &Expr, time: i64) -> Option<(String, Vec<i64>)> {
    if depends_on_time(expr) {
        return None;
    }
    let mut expr = expr.clone();
    pin(&mut expr, time);
    let times = if time == 0 {
        vec![-1_000, 0, 1_000]
    } else {
        vec![time * -10, 0, time / 5, time, time * 10]
    };
    Some((expr.to_string(), times))
}

/// Pins selectors; those inside a subquery follow its pinned time.
fn pin(expr: &mut Expr, time: i64) {
    let at = match expr {
        Expr::InstantSelector(node) => &mut node.at,
        Expr::RangeSelector(node) => &mut node.selector.at,
        Expr::Subquery(node) => &mut node.at,
        _ => return expr.for_each_child_mut(|child| pin(child, time)),
    };
    if !matches!(at, Some(AtModifier::Timestamp(_))) {
        *at = Some(AtModifier::Timestamp(time));
    }
}

/// True if a function outside of subqueries yields something else at another evaluation time.
fn depends_on_time(expr: &Expr) -> bool {
    if let Expr::Call(call) = expr
        && TIME_DEPENDENT.contains(&call.function)
    {
        return true;
    }
    if matches!(expr, Expr::Subquery(_)) {
        return false;
    }
    let mut found = false;
    expr.for_each_child(|child| found |= depends_on_time(child));
    found
}

const TIME_DEPENDENT: [Function; 15] = [
    Function::DaysInMonth,
    Function::DayOfMonth,
    Function::DayOfWeek,
    Function::DayOfYear,
    Function::Hour,
    Function::Minute,
    Function::Month,
    Function::Year,
    Function::PredictLinear,
    Function::Time,
    Function::Start,
    Function::End,
    Function::Step,
    Function::Range,
    Function::Timestamp,
];
