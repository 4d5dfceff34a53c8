//! Binary operators: precedences, `bool`, and the words that say how series find each other.

use super::duration::Place;
use super::{ParseError, Parser, Tree};
use crate::ast::{Binary, BinaryOp, Cardinality, Expr, FillValues, ValueType, VectorMatching};
use crate::lexer::{Keyword, TokenKind};

/// Binds no tighter than anything.
pub(super) const LOWEST: u8 = 0;
/// How tight `^` binds, and operands of a sign.
pub(super) const POWER: u8 = 6;

pub(super) fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And | BinaryOp::Unless => 2,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Greater
        | BinaryOp::Less
        | BinaryOp::GreaterOrEqual
        | BinaryOp::LessOrEqual
        | BinaryOp::TrimUpper
        | BinaryOp::TrimLower => 3,
        BinaryOp::Add | BinaryOp::Subtract => 4,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::Atan2 => 5,
        BinaryOp::Power => POWER,
    }
}

impl Parser<'_> {
    /// Reads operands and the operators between them that bind at least as tight as `lowest`.
    pub(super) fn expression(&mut self, lowest: u8) -> Result<Tree, ParseError> {
        self.descend(|parser| {
            let mut lhs = parser.operand()?;
            while let TokenKind::Operator(op) = parser.peek().kind
                && precedence(op) >= lowest
            {
                parser.take();
                lhs = parser.right_side(lhs, op)?;
            }
            Ok(lhs)
        })
    }

    fn right_side(&mut self, lhs: Tree, op: BinaryOp) -> Result<Tree, ParseError> {
        let return_bool = self.take_if(&TokenKind::Keyword(Keyword::Bool)).is_some();
        let mut matching = self.vector_matching()?;
        matching.fill = self.fill_values()?;
        let is_right_associative = op == BinaryOp::Power;
        let rhs = self.expression(precedence(op) + u8::from(!is_right_associative))?;
        // A chain of operators is one level, however long it is.
        let is_chain = matches!(lhs.expr, Expr::Binary(_));
        let height = rhs.height.max(lhs.height - usize::from(is_chain));
        let sides = [&lhs.expr, &rhs.expr].map(Expr::value_type);
        let value_type = match sides {
            [ValueType::Scalar, ValueType::Scalar] => ValueType::Scalar,
            _ => ValueType::InstantVector,
        };
        let span = lhs.expr.span().join(rhs.expr.span());
        if matching.fill != FillValues::default() && !self.options.fill_modifiers {
            let message = "binop fill modifiers are experimental and not enabled";
            return Err(self.error(span, message));
        }
        let (lhs, rhs) = (Box::new(lhs.expr), Box::new(rhs.expr));
        let matching = Some(matching);
        self.node(
            Expr::Binary(Binary {
                op,
                lhs,
                rhs,
                return_bool,
                matching,
                value_type,
                span,
            }),
            height,
        )
    }

    fn vector_matching(&mut self) -> Result<VectorMatching, ParseError> {
        let mut matching = VectorMatching::default();
        match self.peek().kind {
            TokenKind::Keyword(Keyword::On) => matching.on = true,
            TokenKind::Keyword(Keyword::Ignoring) => {}
            _ => return Ok(matching),
        }
        self.take();
        matching.labels = self.grouping_labels()?;
        matching.cardinality = match self.peek().kind {
            TokenKind::Keyword(Keyword::GroupLeft) => Cardinality::ManyToOne,
            TokenKind::Keyword(Keyword::GroupRight) => Cardinality::OneToMany,
            _ => return Ok(matching),
        };
        self.take();
        // What may come next but a label list is read by others.
        if self.peek().kind == TokenKind::LeftParen || !self.at_expression() {
            matching.include = self.grouping_labels()?;
        }
        Ok(matching)
    }

    /// Reads `fill(0)`, or `fill_left(0)` and `fill_right(0)` in any order. After them, `fill` is a
    /// metric's name again.
    fn fill_values(&mut self) -> Result<FillValues, ParseError> {
        let mut fill = FillValues::default();
        let TokenKind::Keyword(word) = self.peek().kind else {
            return Ok(fill);
        };
        match word {
            Keyword::Fill => {
                let value = self.fill_value()?;
                fill = FillValues {
                    left: Some(value),
                    right: Some(value),
                };
            }
            Keyword::FillLeft => {
                fill.left = Some(self.fill_value()?);
                if self.peek().kind == TokenKind::Keyword(Keyword::FillRight) {
                    fill.right = Some(self.fill_value()?);
                }
            }
            Keyword::FillRight => {
                fill.right = Some(self.fill_value()?);
                if self.peek().kind == TokenKind::Keyword(Keyword::FillLeft) {
                    fill.left = Some(self.fill_value()?);
                }
            }
            _ => {}
        }
        Ok(fill)
    }

    fn fill_value(&mut self) -> Result<f64, ParseError> {
        self.take();
        let place = Place {
            context: "",
            expected: "",
        };
        if self.take_if(&TokenKind::LeftParen).is_none() {
            return Err(self.unexpected("", ""));
        }
        let number = self.signed_number(place)?;
        match self.take_if(&TokenKind::RightParen) {
            Some(_) => Ok(number.value),
            None => Err(self.unexpected("", "")),
        }
    }
}
