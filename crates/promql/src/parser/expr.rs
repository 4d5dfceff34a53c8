//! Operands: literals, parentheses, signs, and what starts with a name.

use super::{ParseError, Parser, Tree, binary};
use crate::ast::{BinaryOp, Expr, NumberLiteral, Paren, TextLiteral, Unary, UnaryOp};
use crate::lexer::{Token, TokenKind, quote_bytes, unquote};

impl<'a> Parser<'a> {
    /// Reads an operand with its signs and modifiers.
    pub(super) fn operand(&mut self) -> Result<Tree, ParseError> {
        let op = match self.peek().kind {
            TokenKind::Operator(BinaryOp::Add) => UnaryOp::Plus,
            TokenKind::Operator(BinaryOp::Subtract) => UnaryOp::Minus,
            _ => {
                let tree = self.primary()?;
                return self.modified(tree);
            }
        };
        let sign = self.take();
        let Tree { expr, height } = self.expression(binary::POWER)?;
        let span = sign.span.join(expr.span());
        match expr {
            Expr::Number(number) => {
                let value = if op == UnaryOp::Minus {
                    -number.value
                } else {
                    number.value
                };
                let expr = Expr::Number(NumberLiteral {
                    value,
                    span,
                    ..number
                });
                Ok(Tree { expr, height })
            }
            expr => self.node(
                Expr::Unary(Unary {
                    op,
                    expr: Box::new(expr),
                    span,
                }),
                height,
            ),
        }
    }

    fn primary(&mut self) -> Result<Tree, ParseError> {
        match self.peek().kind {
            TokenKind::Number | TokenKind::Duration => {
                let token = self.take();
                let number = self.number_literal(&token)?;
                self.node(Expr::Number(number), 0)
            }
            TokenKind::Text => {
                let token = self.take();
                let literal = self.text_literal(&token)?;
                self.node(Expr::Text(literal), 0)
            }
            TokenKind::LeftParen => self.paren(),
            TokenKind::LeftBrace => self.selector_node(),
            TokenKind::Aggregate(op) if self.at_aggregation() => self.aggregation(op),
            _ if self.at_call() => self.call(),
            _ if self.peek().is_metric_name() => self.selector_node(),
            _ => Err(self.unexpected("", "")),
        }
    }

    fn selector_node(&mut self) -> Result<Tree, ParseError> {
        let selector = self.instant_selector()?;
        self.node(Expr::InstantSelector(selector), 0)
    }

    /// True if the next token may begin an expression.
    pub(super) fn at_expression(&self) -> bool {
        let next = self.peek();
        next.is_metric_name()
            || matches!(
                next.kind,
                TokenKind::Number
                    | TokenKind::Duration
                    | TokenKind::Text
                    | TokenKind::LeftParen
                    | TokenKind::LeftBrace
                    | TokenKind::Operator(BinaryOp::Add | BinaryOp::Subtract)
            )
    }

    fn at_call(&self) -> bool {
        let is_name = match self.peek().kind {
            TokenKind::Identifier => true,
            TokenKind::Keyword(word) => word.is_callable(),
            _ => false,
        };
        is_name && self.token(1).kind == TokenKind::LeftParen
    }

    fn paren(&mut self) -> Result<Tree, ParseError> {
        let opening = self.take();
        let Tree { expr, height } = self.expression(binary::LOWEST)?;
        let Some(closing) = self.take_if(&TokenKind::RightParen) else {
            return Err(self.unexpected("", ""));
        };
        let span = opening.span.join(closing.span);
        self.node(
            Expr::Paren(Paren {
                expr: Box::new(expr),
                span,
            }),
            height,
        )
    }

    pub(super) fn text_literal(&self, token: &Token<'a>) -> Result<TextLiteral, ParseError> {
        let bytes = unquote(token.text).map_err(|message| self.error(token.span, message))?;
        let span = token.span;
        Ok(match String::from_utf8(bytes) {
            Ok(value) => TextLiteral {
                value,
                invalid: None,
                span,
            },
            Err(error) => {
                let invalid = Some(quote_bytes(error.as_bytes()));
                let value = String::from_utf8_lossy(error.as_bytes()).into_owned();
                TextLiteral {
                    value,
                    invalid,
                    span,
                }
            }
        })
    }
}
