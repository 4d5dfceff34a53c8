//! Walks over a tree.

use crate::ast::Expr;

impl Expr {
    /// Calls `visit` with each direct child, in order of writing. The children of a chain of binary
    /// operators are all of its operands.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a Expr)) {
        match self {
            Self::Number(_) | Self::Text(_) | Self::InstantSelector(_) | Self::RangeSelector(_) => {
            }
            Self::Subquery(node) => visit(&node.expr),
            Self::Unary(node) => visit(&node.expr),
            Self::Paren(node) => visit(&node.expr),
            Self::Binary(node) => {
                let chain = node.chain();
                chain.last().iter().for_each(|first| visit(&first.lhs));
                chain.iter().rev().for_each(|node| visit(&node.rhs));
            }
            Self::Aggregate(node) => {
                node.param.iter().for_each(|param| visit(param));
                visit(&node.expr);
            }
            Self::Call(node) => node.args.iter().for_each(visit),
        }
    }

    /// Calls `visit` with each direct child, in order of writing, to change it. The children of a
    /// chain of binary operators are all of its operands.
    pub fn for_each_child_mut(&mut self, mut visit: impl FnMut(&mut Expr)) {
        match self {
            Self::Number(_) | Self::Text(_) | Self::InstantSelector(_) | Self::RangeSelector(_) => {
            }
            Self::Subquery(node) => visit(&mut node.expr),
            Self::Unary(node) => visit(&mut node.expr),
            Self::Paren(node) => visit(&mut node.expr),
            Self::Binary(node) => {
                let mut rights = vec![&mut *node.rhs];
                let mut left = &mut *node.lhs;
                while let Self::Binary(node) = left {
                    rights.push(&mut node.rhs);
                    left = &mut node.lhs;
                }
                visit(left);
                rights.into_iter().rev().for_each(visit);
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
        let mut rights = Vec::new();
        let mut expr = self;
        while let Self::Binary(node) = expr {
            visit(expr);
            rights.push(&*node.rhs);
            expr = &node.lhs;
        }
        visit(expr);
        expr.for_each_child(|child| child.walk(visit));
        rights.into_iter().rev().for_each(|right| right.walk(visit));
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
