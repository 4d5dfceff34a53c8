//! Numbers and durations, which may stand for each other: a number is seconds.

use model::duration;

use super::{ParseError, Parser};
use crate::ast::{BinaryOp, NumberLiteral};
use crate::lexer::{Token, TokenKind, number_value};

/// What may stand where a duration does, in messages.
pub(super) const DURATION: &str = "number, duration, step(), or range()";

impl<'a> Parser<'a> {
    pub(super) fn number_literal(&self, token: &Token<'a>) -> Result<NumberLiteral, ParseError> {
        let is_duration = token.kind == TokenKind::Duration;
        let value = if is_duration {
            let duration = duration::parse(token.text)
                .map_err(|error| self.error(token.span, error.to_string()))?;
            duration.as_secs_f64()
        } else {
            self.number(token)?
        };
        Ok(NumberLiteral {
            value,
            is_duration,
            span: token.span,
        })
    }

    fn number(&self, token: &Token<'a>) -> Result<f64, ParseError> {
        let is_word = token.text.eq_ignore_ascii_case("inf");
        let cause = match number_value(token.text) {
            Some(value) if value.is_infinite() && !is_word => "value out of range",
            Some(value) => return Ok(value),
            None => "invalid syntax",
        };
        let text = model::quote::quoted(token.text);
        let message = format!("error parsing number: strconv.ParseFloat: parsing {text}: {cause}");
        Err(self.error(token.span, message))
    }

    /// Reads a number or duration with an optional sign; `context` and `expected` describe the
    /// place if there is none.
    pub(super) fn signed_number(
        &mut self,
        context: &str,
        expected: &str,
    ) -> Result<NumberLiteral, ParseError> {
        let sign = match self.peek().kind {
            TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Subtract)) => {
                Some((op, self.take().span))
            }
            _ => None,
        };
        if !matches!(self.peek().kind, TokenKind::Number | TokenKind::Duration) {
            return Err(self.no_number(context, expected));
        }
        let token = self.take();
        let mut number = self.number_literal(&token)?;
        if let Some((op, span)) = sign {
            number.value = if op == BinaryOp::Subtract {
                -number.value
            } else {
                number.value
            };
            number.span = span.join(number.span);
        }
        Ok(number)
    }

    /// Reads a range or step inside brackets; yields positive milliseconds.
    pub(super) fn positive_duration(
        &mut self,
        context: &str,
        expected: &str,
    ) -> Result<i64, ParseError> {
        let number = self.signed_number(context, expected)?;
        if matches!(self.peek().kind, TokenKind::Operator(_)) {
            return Err(self.off(number.span, DURATION_EXPRESSION));
        }
        match self.milliseconds(&number)? {
            length if length > 0 => Ok(length),
            _ => Err(self.error(number.span, "duration must be greater than 0")),
        }
    }

    /// Seconds as whole milliseconds.
    pub(super) fn milliseconds(&self, number: &NumberLiteral) -> Result<i64, ParseError> {
        let nanoseconds = (number.value * 1e9).round();
        if nanoseconds.is_nan() || nanoseconds.abs() >= MAX_NANOSECONDS {
            return Err(self.error(number.span, "duration out of range"));
        }
        Ok((nanoseconds as i64) / 1_000_000)
    }

    /// Neither number nor duration: perhaps an expression that yields one.
    fn no_number(&self, context: &str, expected: &str) -> ParseError {
        let token = self.peek();
        let starts_expression = expected.starts_with(DURATION_START)
            && matches!(token.kind, TokenKind::LeftParen | TokenKind::Identifier);
        if starts_expression {
            return self.off(token.span, DURATION_EXPRESSION);
        }
        self.unexpected(context, expected)
    }
}

/// Upstream's words for a server that has the feature off.
const DURATION_EXPRESSION: &str = "experimental duration expression is not enabled";
/// How descriptions begin of places where a duration expression may stand.
const DURATION_START: &str = "number, duration";
/// What Go's `time.Duration` holds.
const MAX_NANOSECONDS: f64 = 9_223_372_036_854_775_808.0;
