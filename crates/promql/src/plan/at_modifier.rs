//! `@ start()` and `@ end()` become times.

use crate::ast::{AtModifier, Expr};

/// Replaces `@ start()` and `@ end()` everywhere by the borders of the whole query, which they mean
/// inside of subqueries too.
pub(crate) fn resolve_at_modifiers(expr: &mut Expr, start: i64, end: i64) {
    let at = match expr {
        Expr::InstantSelector(node) => &mut node.at,
        Expr::RangeSelector(node) => &mut node.selector.at,
        Expr::Subquery(node) => &mut node.at,
        _ => &mut None,
    };
    match at {
        Some(AtModifier::Start) => *at = Some(AtModifier::Timestamp(start)),
        Some(AtModifier::End) => *at = Some(AtModifier::Timestamp(end)),
        Some(AtModifier::Timestamp(_)) | None => {}
    }
    expr.for_each_child_mut(|child| resolve_at_modifiers(child, start, end));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn borders_are_resolved_inside_of_subqueries() {
        let text = "a @ start() + sum_over_time(rate(b[1m] @ end())[1h:] @ 5)";
        let mut expr = parse(text, &ParseOptions::default()).unwrap();
        resolve_at_modifiers(&mut expr, 1_000, 9_000);
        let want = "a @ 1.000 + sum_over_time(rate(b[1m] @ 9.000)[1h:] @ 5.000)";
        assert_eq!(expr.to_string(), want);
    }
}
