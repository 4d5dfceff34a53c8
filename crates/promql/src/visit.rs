//! Walks over a tree.

use crate::ast::Expr;

impl Expr {
    /// Calls `visit` with each direct child, in order of writing.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a Expr)) {
        match self {
            Self::Number(_) | Self::Text(_) | Self::InstantSelector(_) | Self::RangeSelector(_) => {
            }
            Self::Subquery(node) => visit(&node.expr),
            Self::Unary(node) => visit(&node.expr),
            Self::Paren(node) => visit(&node.expr),
            Self::Binary(node) => {
                visit(&node.lhs);
                visit(&node.rhs);
            }
            Self::Aggregate(node) => {
                node.param.iter().for_each(|param| visit(param));
                visit(&node.expr);
            }
            Self::Call(node) => node.args.iter().for_each(visit),
        }
    }

    /// Calls `visit` with each direct child, in order of writing, to change it.
    pub fn for_each_child_mut(&mut self, mut visit: impl FnMut(&mut Expr)) {
        match self {
            Self::Number(_) | Self::Text(_) | Self::InstantSelector(_) | Self::RangeSelector(_) => {
            }
            Self::Subquery(node) => visit(&mut node.expr),
            Self::Unary(node) => visit(&mut node.expr),
            Self::Paren(node) => visit(&mut node.expr),
            Self::Binary(node) => {
                visit(&mut node.lhs);
                visit(&mut node.rhs);
            }
            Self::Aggregate(node) => {
                node.param.iter_mut().for_each(|param| visit(param));
                visit(&mut node.expr);
            }
            Self::Call(node) => node.args.iter_mut().for_each(visit),
        }
    }

    /// Calls `visit` with the expression and everything below it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        self.for_each_child(|child| child.walk(visit));
    }
}

#[cfg(test)]
mod tests {
    use crate::parser::{ParseOptions, parse};

    #[test]
    fn walks_parents_first_and_in_order_of_writing() {
        let expr = parse("topk(2, a) + -rate((b[5m:]))", &ParseOptions::default()).unwrap();
        let mut seen = Vec::new();
        expr.walk(&mut |node| seen.push(node.to_string()));
        let want = [
            "topk(2, a) + -rate((b[5m:]))",
            "topk(2, a)",
            "2",
            "a",
            "-rate((b[5m:]))",
            "rate((b[5m:]))",
            "(b[5m:])",
            "b[5m:]",
            "b",
        ];
        assert_eq!(seen, want);
    }
}
