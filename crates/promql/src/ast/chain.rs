//! Chains of binary operators, `a + b - c …`, whose left operands are the chain so far.
//!
//! They may be as long as a query's text, so nothing here takes stack for each operator; everything
//! else that is nested is limited by the parser.

use super::{Binary, Expr, NumberLiteral, Span};

impl Binary {
    /// The operators of the chain that this one ends, from this one to the first. The left operand
    /// of the first is no binary expression.
    pub fn chain(&self) -> Vec<&Self> {
        let mut chain = vec![self];
        let mut node = self;
        while let Expr::Binary(lhs) = &*node.lhs {
            chain.push(lhs);
            node = lhs;
        }
        chain
    }

    /// This operator with another left operand.
    fn with_left(&self, lhs: Expr) -> Self {
        Self {
            op: self.op,
            lhs: Box::new(lhs),
            rhs: self.rhs.clone(),
            return_bool: self.return_bool,
            matching: self.matching.clone(),
            value_type: self.value_type,
            span: self.span,
        }
    }

    fn equals_but_for_left(&self, other: &Self) -> bool {
        self.op == other.op
            && self.rhs == other.rhs
            && self.return_bool == other.return_bool
            && self.matching == other.matching
            && self.span == other.span
    }
}

impl Clone for Binary {
    fn clone(&self) -> Self {
        let chain = self.chain();
        let (first, others) = chain.split_last().expect("a chain has an operator");
        let mut node = first.with_left(Expr::clone(&first.lhs));
        for next in others.iter().rev() {
            node = next.with_left(Expr::Binary(node));
        }
        node
    }
}

impl PartialEq for Binary {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.chain(), other.chain());
        let mut pairs = left.iter().zip(&right);
        left.len() == right.len()
            && pairs.all(|(left, right)| left.equals_but_for_left(right))
            && match (left.last(), right.last()) {
                (Some(left), Some(right)) => left.lhs == right.lhs,
                _ => true,
            }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        if !matches!(*self.lhs, Expr::Binary(_)) {
            return;
        }
        let mut lhs = std::mem::replace(&mut *self.lhs, nothing());
        while let Expr::Binary(node) = &mut lhs {
            let next = std::mem::replace(&mut *node.lhs, nothing());
            lhs = next;
        }
    }
}

/// Stands where an operand was taken out.
fn nothing() -> Expr {
    Expr::Number(NumberLiteral {
        value: 0.0,
        is_duration: false,
        span: Span::default(),
    })
}
