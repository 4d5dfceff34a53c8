//! What the language has and the evaluation does not.

use crate::ast::Expr;
use crate::functions::Function;

/// The first part of `expr` that cannot be evaluated yet, in words for whoever asks for it.
pub(crate) fn not_evaluated_yet(expr: &Expr) -> Option<String> {
    let mut found = None;
    expr.walk(&mut |node| {
        let what = match node {
            Expr::Call(node) if FUNCTIONS.contains(&node.function) => Some(node.function.name()),
            _ => None,
        };
        if found.is_none() {
            found = what.map(|what| format!("{what} is not evaluated yet"));
        }
    });
    found
}

const FUNCTIONS: [Function; 6] = [
    Function::DoubleExponentialSmoothing,
    Function::MadOverTime,
    Function::TsOfFirstOverTime,
    Function::TsOfLastOverTime,
    Function::TsOfMaxOverTime,
    Function::TsOfMinOverTime,
];
