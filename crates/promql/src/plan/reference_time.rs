//! When the first selector of an expression looks at its samples.

use crate::ast::{AtModifier, Expr};

/// Offset and `@` of the first selector in `expr`, those of the subqueries around it included.
pub(crate) fn reference_time(expr: &Expr) -> (i64, Option<AtModifier>) {
    find(expr, 0, None).unwrap_or((0, None))
}

fn find(expr: &Expr, offset: i64, at: Option<AtModifier>) -> Option<(i64, Option<AtModifier>)> {
    // `@` sets the time whatever is around it, an offset moves it.
    let moved = |own_offset: i64, own_at: Option<AtModifier>| match own_at {
        Some(_) => (own_offset, own_at),
        None => (offset.saturating_add(own_offset), at),
    };
    match expr {
        Expr::InstantSelector(node) => Some(moved(node.offset, node.at)),
        Expr::RangeSelector(node) => Some(moved(node.selector.offset, node.selector.at)),
        Expr::Subquery(node) => {
            let (offset, at) = moved(node.offset, node.at);
            find(&node.expr, offset, at)
        }
        _ => {
            let mut found = None;
            expr.for_each_child(|child| {
                if found.is_none() {
                    found = find(child, offset, at);
                }
            });
            found
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn modifiers_add_up_from_outside_to_the_selector() {
        let at = |seconds: i64| Some(AtModifier::Timestamp(seconds * 1_000));
        let cases = [
            ("1", (0, None)),
            ("a offset 1m", (60_000, None)),
            ("sum(a @ 60) + b @ 70", (0, at(60))),
            (
                "last_over_time((a offset 1m)[10m:1m] @ 180)",
                (60_000, at(180)),
            ),
            ("last_over_time(a[5m:1m] offset 6m)", (360_000, None)),
            ("last_over_time((a @ 5)[5m:1m] offset 6m)", (0, at(5))),
            ("rate(a[5m] offset 1m)", (60_000, None)),
        ];
        for (text, want) in cases {
            let expr = parse(text, &ParseOptions::default()).unwrap();
            assert_eq!(reference_time(&expr), want, "{text}");
        }
    }
}
