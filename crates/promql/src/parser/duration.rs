//! Numbers and durations, which may stand for each other, and durations that are computed.

use model::duration;

use super::{MAX_DEPTH, ParseError, Parser, binary};
use crate::ast::{
    BinaryOp, DurationExpr, DurationKind, DurationOp, DurationOperand, NumberLiteral, Span, UnaryOp,
};
use crate::lexer::{Keyword, Token, TokenKind, number_value};

/// A range, step or offset as written.
pub(super) struct Length {
    /// 0 for one that is computed.
    pub(super) milliseconds: i64,
    pub(super) expr: Option<Box<DurationExpr>>,
}

/// Where a duration is read, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// What it is part of.
    pub(super) context: &'static str,
    /// What may stand there.
    pub(super) expected: &'static str,
}

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

    /// Reads a number or duration with an optional sign.
    pub(super) fn signed_number(&mut self, place: Place) -> Result<NumberLiteral, ParseError> {
        let sign = self.take_sign();
        if !self.at_number() {
            return Err(self.unexpected(place.context, place.expected));
        }
        let token = self.take();
        let number = self.number_literal(&token)?;
        Ok(match sign {
            Some((op, span)) => signed(number, op, span),
            None => number,
        })
    }

    /// Reads a range or step inside brackets, which may not be 0 or less.
    pub(super) fn positive_duration(&mut self, place: Place) -> Result<Length, ParseError> {
        self.duration_parts = 0;
        let operand = self.duration_expression(place, binary::LOWEST)?;
        if let DurationOperand::Number(number) = &operand
            && number.value <= 0.0
        {
            return Err(self.late_error(number.span, "duration must be greater than 0"));
        }
        Ok(length(operand))
    }

    /// Reads what follows `offset`; yields it and where it ends. A literal or call ends it, so that
    /// `foo offset 1m + 1` adds 1 to `foo`; only parentheses start arithmetic.
    pub(super) fn offset_duration(&mut self) -> Result<(Length, usize), ParseError> {
        let place = Place {
            context: "offset",
            expected: DURATION,
        };
        let start = self.position;
        self.duration_parts = 0;
        let sign = self.take_sign();
        let operand = match (&sign, self.peek().kind.clone()) {
            (_, TokenKind::Number | TokenKind::Duration) => {
                let token = self.take();
                let mut number = self.number_literal(&token)?;
                if let Some((op, span)) = &sign {
                    number = signed(number, *op, *span);
                }
                DurationOperand::Number(self.in_range(number)?)
            }
            (_, TokenKind::Keyword(word)) if is_duration_call(word) => {
                let call = self.duration_call(place, word)?;
                match sign {
                    None => call,
                    Some((op, span)) => computed(DurationKind::Signed(op, call), span),
                }
            }
            (Some((op, span)), TokenKind::LeftParen) => {
                let inner = self.wrapped_duration(place)?;
                self.signed_duration(*op, *span, inner)?
            }
            (None, TokenKind::LeftParen) | (Some(_), TokenKind::Operator(_)) => {
                self.position = start;
                self.duration_expression(place, binary::LOWEST)?
            }
            _ => return Err(self.unexpected(place.context, place.expected)),
        };
        Ok((length(operand), self.last_end()))
    }

    /// Reads a duration of operators that bind at least as tight as `lowest`.
    fn duration_expression(
        &mut self,
        place: Place,
        lowest: u8,
    ) -> Result<DurationOperand, ParseError> {
        self.descend(|parser| {
            parser.duration_parts += 1;
            if parser.duration_parts > MAX_DEPTH {
                return Err(parser.too_deep(parser.peek().span));
            }
            let mut left = parser.duration_operand(place)?;
            while let TokenKind::Operator(sign) = parser.peek().kind
                && let Some(op) = arithmetic(sign)
                && binary::precedence(sign) >= lowest
            {
                let sign_span = parser.take().span;
                let tightest = binary::precedence(sign) + u8::from(op != DurationOp::Power);
                let right = parser.duration_expression(place, tightest)?;
                left = parser.binary_duration(op, sign_span, left, right)?;
            }
            Ok(left)
        })
    }

    fn duration_operand(&mut self, place: Place) -> Result<DurationOperand, ParseError> {
        if let Some((op, span)) = self.take_sign() {
            let operand = self.duration_expression(place, binary::POWER)?;
            return self.signed_duration(op, span, operand);
        }
        match self.peek().kind {
            TokenKind::Number | TokenKind::Duration => {
                let token = self.take();
                let number = self.number_literal(&token)?;
                Ok(DurationOperand::Number(self.in_range(number)?))
            }
            TokenKind::LeftParen => self.wrapped_duration(place),
            TokenKind::Keyword(word) if is_duration_call(word) => self.duration_call(place, word),
            _ => Err(self.unexpected(place.context, place.expected)),
        }
    }

    /// Reads `(duration)`; parentheses around a literal leave no trace.
    fn wrapped_duration(&mut self, place: Place) -> Result<DurationOperand, ParseError> {
        self.take();
        let mut operand = self.duration_expression(place, binary::LOWEST)?;
        self.closing(place)?;
        self.check_enabled(operand.span())?;
        if let DurationOperand::Computed(expr) = &mut operand {
            expr.is_wrapped = true;
        }
        Ok(operand)
    }

    /// Reads `step()`, `range()`, `min_of(a, b)` or `max_of(a, b)`.
    fn duration_call(
        &mut self,
        place: Place,
        word: Keyword,
    ) -> Result<DurationOperand, ParseError> {
        let start = self.take().span;
        if self.take_if(&TokenKind::LeftParen).is_none() {
            return Err(self.unexpected(place.context, place.expected));
        }
        let kind = match word {
            Keyword::Step => DurationKind::Step,
            Keyword::Range => DurationKind::Range,
            _ => {
                let left = self.duration_expression(place, binary::LOWEST)?;
                if self.take_if(&TokenKind::Comma).is_none() {
                    return Err(self.unexpected(place.context, place.expected));
                }
                let right = self.duration_expression(place, binary::LOWEST)?;
                let op = match word {
                    Keyword::MinOf => DurationOp::MinimumOf,
                    _ => DurationOp::MaximumOf,
                };
                DurationKind::Binary(op, left, right)
            }
        };
        let span = start.join(self.closing(place)?);
        self.check_enabled(span)?;
        // Upstream's `min_of(a, b)` reaches from `a` to `b` only.
        let span = match &kind {
            DurationKind::Binary(_, left, right) => left.span().join(right.span()),
            _ => span,
        };
        Ok(computed(kind, span))
    }

    fn closing(&mut self, place: Place) -> Result<Span, ParseError> {
        match self.take_if(&TokenKind::RightParen) {
            Some(closing) => Ok(closing.span),
            None => Err(self.unexpected(place.context, place.expected)),
        }
    }

    fn signed_duration(
        &self,
        op: UnaryOp,
        sign: Span,
        operand: DurationOperand,
    ) -> Result<DurationOperand, ParseError> {
        match operand {
            DurationOperand::Number(number) => {
                let number = self.in_range(signed(number, op, sign))?;
                Ok(DurationOperand::Number(number))
            }
            computed @ DurationOperand::Computed(_) if op == UnaryOp::Plus => Ok(computed),
            inner => Ok(computed(DurationKind::Signed(op, inner), sign)),
        }
    }

    fn binary_duration(
        &self,
        op: DurationOp,
        sign: Span,
        left: DurationOperand,
        right: DurationOperand,
    ) -> Result<DurationOperand, ParseError> {
        self.check_enabled(left.span())?;
        let cause = match op {
            DurationOp::Divide => Some("division by zero"),
            DurationOp::Modulo => Some("modulo by zero"),
            _ => None,
        };
        if let (Some(cause), DurationOperand::Number(divisor)) = (cause, &right)
            && divisor.value == 0.0
        {
            return Err(self.late_error(sign, cause));
        }
        let span = left.span().join(right.span());
        Ok(computed(DurationKind::Binary(op, left, right), span))
    }

    fn check_enabled(&self, span: Span) -> Result<(), ParseError> {
        if self.options.duration_expressions {
            return Ok(());
        }
        Err(self.error(span, "experimental duration expression is not enabled"))
    }

    /// Refuses what does not fit into nanoseconds.
    fn in_range(&self, number: NumberLiteral) -> Result<NumberLiteral, ParseError> {
        if number.value.abs() * 1e9 > MAX_NANOSECONDS {
            return Err(self.error(number.span, "duration out of range"));
        }
        Ok(number)
    }

    fn at_number(&self) -> bool {
        matches!(self.peek().kind, TokenKind::Number | TokenKind::Duration)
    }

    fn take_sign(&mut self) -> Option<(UnaryOp, Span)> {
        let op = match self.peek().kind {
            TokenKind::Operator(BinaryOp::Add) => UnaryOp::Plus,
            TokenKind::Operator(BinaryOp::Subtract) => UnaryOp::Minus,
            _ => return None,
        };
        Some((op, self.take().span))
    }
}

fn signed(number: NumberLiteral, op: UnaryOp, sign: Span) -> NumberLiteral {
    let value = match op {
        UnaryOp::Minus => -number.value,
        UnaryOp::Plus => number.value,
    };
    let span = sign.join(number.span);
    NumberLiteral {
        value,
        span,
        ..number
    }
}

/// A computed duration; a sign's operand is part of the span.
fn computed(kind: DurationKind, span: Span) -> DurationOperand {
    let span = match &kind {
        DurationKind::Signed(_, operand) => span.join(operand.span()),
        _ => span,
    };
    DurationOperand::Computed(Box::new(DurationExpr {
        kind,
        is_wrapped: false,
        span,
    }))
}

fn length(operand: DurationOperand) -> Length {
    match operand {
        DurationOperand::Number(number) => Length {
            milliseconds: (number.value * 1e9).round() as i64 / 1_000_000,
            expr: None,
        },
        DurationOperand::Computed(expr) => Length {
            milliseconds: 0,
            expr: Some(expr),
        },
    }
}

fn is_duration_call(word: Keyword) -> bool {
    use Keyword::{MaxOf, MinOf, Range, Step};
    matches!(word, Step | Range | MinOf | MaxOf)
}

fn arithmetic(sign: BinaryOp) -> Option<DurationOp> {
    Some(match sign {
        BinaryOp::Add => DurationOp::Add,
        BinaryOp::Subtract => DurationOp::Subtract,
        BinaryOp::Multiply => DurationOp::Multiply,
        BinaryOp::Divide => DurationOp::Divide,
        BinaryOp::Modulo => DurationOp::Modulo,
        BinaryOp::Power => DurationOp::Power,
        _ => return None,
    })
}

/// What Go's `time.Duration` holds.
const MAX_NANOSECONDS: f64 = 9_223_372_036_854_775_808.0;
