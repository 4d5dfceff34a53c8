//! Which labels an aggregation over a selector reads, so that the store need not build the others.

use model::label::METRIC_NAME;
use storage::Projection;

use crate::ast::{Aggregate, AggregateOp};

/// Labels that `node` reads of the series below it, the metric name too if `names_are_read`.
pub(crate) fn projection_of(node: &Aggregate, names_are_read: bool) -> Projection {
    if node.op.picks_series() || node.op == AggregateOp::CountValues {
        return Projection::All;
    }
    let mut names = node.grouping.clone();
    if node.without {
        names.retain(|name| name != METRIC_NAME);
        if !names_are_read {
            names.push(METRIC_NAME.to_owned());
        }
        return Projection::Without(names);
    }
    if names_are_read && !names.iter().any(|name| name == METRIC_NAME) {
        names.push(METRIC_NAME.to_owned());
    }
    Projection::Only(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Expr;
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn only_grouping_labels_are_read() {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        let cases = [
            ("sum(a)", false, Projection::Only(names(&[]))),
            ("sum by (b) (a)", false, Projection::Only(names(&["b"]))),
            (
                "sum by (b) (a)",
                true,
                Projection::Only(names(&["b", METRIC_NAME])),
            ),
            (
                "sum without (b) (a)",
                false,
                Projection::Without(names(&["b", METRIC_NAME])),
            ),
            (
                "sum without (b) (a)",
                true,
                Projection::Without(names(&["b"])),
            ),
            ("topk by (b) (1, a)", false, Projection::All),
        ];
        for (text, names_are_read, want) in cases {
            let Ok(Expr::Aggregate(node)) = parse(text, &ParseOptions::default()) else {
                unreachable!("{text} is an aggregation");
            };
            assert_eq!(projection_of(&node, names_are_read), want, "{text}");
        }
    }
}
