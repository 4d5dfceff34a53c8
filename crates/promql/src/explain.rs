//! What a query did, as a tree that a page can draw.

use std::time::Duration;

use model::TimeRange;
use storage::Projection;

use crate::ast::{Expr, Span, ValueType};
use crate::eval::trace::Records;
use crate::plan::{RepeatedParts, is_step_invariant};

/// A part of a query: what it is, how it was evaluated, and what that cost. Parentheses are no part.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// What kind of expression it is, by the name that the API has for it.
    pub kind: &'static str,
    /// The operator or function, if it has one.
    pub name: Option<&'static str>,
    /// As it was written, shortened.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// What it yields.
    pub value_type: ValueType,
    /// True if it is the same at each step, and so evaluated at one only.
    pub is_step_invariant: bool,
    /// True if the query has it several times, so that one result may serve all.
    pub is_repeated: bool,
    /// True if it was not evaluated here, but copied from another place.
    pub is_copied: bool,
    /// True if the aggregation around it took its series in as they were read: nobody held them all.
    pub is_read_while_aggregating: bool,
    /// What its evaluation cost; none if it was not evaluated by itself.
    pub figures: Option<Figures>,
    /// What it asked the store for, if it is a selector that did.
    pub selection: Option<Selection>,
    /// Its operands and arguments, in order of writing.
    pub children: Vec<Explained>,
    /// True if there are more below it than are told.
    pub is_cut: bool,
}

/// What the evaluation of a part cost, what is below it included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How often it was evaluated.
    pub evaluations: u64,
    /// Series of its result.
    pub series: u64,
    /// Bytes that its result was accounted for with.
    pub bytes: u64,
    /// Time it took.
    pub time: Duration,
}

/// What a selector asked the store for, and what it read. The time of a selector inside a function
/// over ranges is that of the function, too: both go over the series together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Conditions that the index was asked with.
    pub matchers: Vec<String>,
    /// Labels that were wanted of the series.
    pub projection: Projection,
    /// Samples that were wanted, both ends inclusive; none for a selector that was not reached.
    pub range: Option<TimeRange>,
    /// Series that the index found.
    pub series: u64,
    /// Samples that were decoded.
    pub samples_read: u64,
    /// True if several threads could share the series.
    pub is_sharded: bool,
    /// Time that finding and reading took.
    pub time: Duration,
}

/// The tree of a query that was evaluated.
pub(crate) fn explain(
    text: &str,
    expr: &Expr,
    records: &Records,
    repeated: &RepeatedParts,
) -> Explained {
    let mut teller = Teller {
        text,
        records,
        repeated,
        nodes: 0,
    };
    teller.tell(expr, 0)
}

struct Teller<'a> {
    text: &'a str,
    records: &'a Records,
    repeated: &'a RepeatedParts,
    nodes: usize,
}

impl Teller<'_> {
    fn tell(&mut self, expr: &Expr, depth: usize) -> Explained {
        self.nodes += 1;
        let expr = expr.without_parens();
        let span = expr.span();
        let (kind, name) = kind_and_name(expr);
        let mut node = Explained {
            kind,
            name,
            text: shortened(self.text.get(span.start..span.end).unwrap_or_default()),
            span,
            value_type: expr.value_type(),
            is_step_invariant: is_step_invariant(expr),
            is_repeated: self.repeated.number(expr).is_some(),
            is_copied: self.records.copied.contains(&span),
            is_read_while_aggregating: self.records.aggregated.contains(&span),
            figures: self.records.evaluated.get(&span).copied(),
            selection: self.records.selected.get(&span).cloned(),
            children: Vec::new(),
            is_cut: false,
        };
        for child in operands(expr) {
            if depth == DEEPEST || self.nodes >= MOST_NODES {
                node.is_cut = true;
                break;
            }
            node.children.push(self.tell(child, depth + 1));
        }
        node
    }
}

/// What is below a part: of a chain of operators the chain before the last, and its right operand.
fn operands(expr: &Expr) -> Vec<&Expr> {
    if let Expr::Binary(node) = expr {
        return vec![&node.lhs, &node.rhs];
    }
    let mut operands = Vec::new();
    expr.for_each_child(|child| operands.push(child));
    operands
}

fn kind_and_name(expr: &Expr) -> (&'static str, Option<&'static str>) {
    match expr {
        Expr::Number(_) => ("numberLiteral", None),
        Expr::Text(_) => ("stringLiteral", None),
        Expr::InstantSelector(_) => ("vectorSelector", None),
        Expr::RangeSelector(_) => ("matrixSelector", None),
        Expr::Subquery(_) => ("subquery", None),
        Expr::Unary(_) => ("unaryExpr", None),
        Expr::Binary(node) => ("binaryExpr", Some(node.op.as_str())),
        Expr::Aggregate(node) => ("aggregation", Some(node.op.as_str())),
        Expr::Call(node) => ("call", Some(node.function.name())),
        Expr::Paren(_) => ("parenExpr", None),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Characters of a part that are told.
const LONGEST_TEXT: usize = 160;
/// Parts that are told of a query.
const MOST_NODES: usize = 1_000;
/// Levels that are told, so that who reads the tree needs no large stack.
const DEEPEST: usize = 100;

#[cfg(test)]
mod tests;
