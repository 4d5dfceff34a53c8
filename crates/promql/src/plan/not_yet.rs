//! What the language has and the evaluation does not.

use crate::ast::{AggregateOp, Expr, FillValues};
use crate::functions::Function;

/// The first part of `expr` that cannot be evaluated yet, in words for whoever asks for it.
pub(crate) fn not_evaluated_yet(expr: &Expr) -> Option<String> {
    let mut found = None;
    expr.walk(&mut |node| {
        let what = match node {
            Expr::Call(node) if FUNCTIONS.contains(&node.function) => Some(node.function.name()),
            Expr::Aggregate(node) if AGGREGATIONS.contains(&node.op) => Some(node.op.as_str()),
            Expr::Binary(node) => {
                let matching = node.matching.as_ref();
                let fills = matching.is_some_and(|it| it.fill != FillValues::default());
                fills.then_some("fill")
            }
            _ => None,
        };
        if found.is_none() {
            found = what.map(|what| format!("{what} is not evaluated yet"));
        }
    });
    found
}

const AGGREGATIONS: [AggregateOp; 2] = [AggregateOp::LimitK, AggregateOp::LimitRatio];

const FUNCTIONS: [Function; 10] = [
    Function::DoubleExponentialSmoothing,
    Function::HistogramQuantiles,
    Function::MadOverTime,
    Function::SortByLabel,
    Function::SortByLabelDesc,
    Function::StartTimestamp,
    Function::TsOfFirstOverTime,
    Function::TsOfLastOverTime,
    Function::TsOfMaxOverTime,
    Function::TsOfMinOverTime,
];
