//! What follows an operand: ranges, subqueries, `offset`, `@`, `anchored` and `smoothed`.

use super::duration::{DURATION, Length, Place};
use super::{ParseError, Parser, Tree};
use crate::ast::{
    AtModifier, DurationExpr, Expr, ExtendedRange, InstantSelector, RangeSelector, Span, Subquery,
};
use crate::lexer::{Keyword, TokenKind};

impl Parser<'_> {
    /// Reads the modifiers after `tree`.
    pub(super) fn modified(&mut self, mut tree: Tree) -> Result<Tree, ParseError> {
        loop {
            tree = match self.peek().kind {
                TokenKind::LeftBracket => self.bracketed(tree)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset(tree)?,
                TokenKind::At => self.at(tree)?,
                TokenKind::Keyword(Keyword::Anchored) => {
                    self.extended(tree, ExtendedRange::Anchored)?
                }
                TokenKind::Keyword(Keyword::Smoothed) => {
                    self.extended(tree, ExtendedRange::Smoothed)?
                }
                _ => return Ok(tree),
            };
        }
    }

    fn bracketed(&mut self, tree: Tree) -> Result<Tree, ParseError> {
        let opening = self.take().span;
        let range = self.positive_duration(Place {
            context: "subquery or range selector",
            expected: DURATION,
        })?;
        match self.peek().kind {
            TokenKind::RightBracket => {
                let closing = self.take().span;
                self.range_selector(tree, range, opening.join(closing))
            }
            TokenKind::Colon => {
                self.take();
                self.subquery(tree, range)
            }
            _ => Err(self.unexpected("subquery or range", "\":\" or \"]\"")),
        }
    }

    fn range_selector(
        &self,
        tree: Tree,
        range: Length,
        brackets: Span,
    ) -> Result<Tree, ParseError> {
        let message = match tree.expr {
            Expr::InstantSelector(selector) if selector.offset != 0 => {
                "no offset modifiers allowed before range"
            }
            Expr::InstantSelector(selector)
                if matches!(selector.at, Some(AtModifier::Timestamp(_))) =>
            {
                "no @ modifiers allowed before range"
            }
            Expr::InstantSelector(selector) => {
                let span = selector.span.join(brackets);
                let node = RangeSelector {
                    selector,
                    range: range.milliseconds,
                    range_expr: range.expr,
                    span,
                };
                return self.node(Expr::RangeSelector(node), 0);
            }
            _ => "ranges only allowed for vector selectors",
        };
        Err(self.error(brackets, message))
    }

    fn subquery(&mut self, tree: Tree, range: Length) -> Result<Tree, ParseError> {
        let step = if self.peek().kind == TokenKind::RightBracket {
            None
        } else {
            Some(self.positive_duration(Place {
                context: "subquery selector",
                expected: "number, duration, step(), range(), or \"]\"",
            })?)
        };
        let Some(closing) = self.take_if(&TokenKind::RightBracket) else {
            return Err(self.unexpected("subquery selector", "\"]\""));
        };
        let Tree { expr, height } = tree;
        let span = expr.span().join(closing.span);
        let (step, step_expr) = match step {
            None => (None, None),
            Some(Length {
                expr: Some(expr), ..
            }) => (None, Some(expr)),
            Some(literal) => (Some(literal.milliseconds), None),
        };
        let subquery = Subquery {
            expr: Box::new(expr),
            range: range.milliseconds,
            range_expr: range.expr,
            step,
            step_expr,
            offset: 0,
            offset_expr: None,
            at: None,
            span,
        };
        self.node(Expr::Subquery(subquery), height)
    }

    fn offset(&mut self, mut tree: Tree) -> Result<Tree, ParseError> {
        self.take();
        let (offset, end) = self.offset_duration()?;
        let before = tree.expr.span();
        let Some(slots) = modifier_slots(&mut tree.expr) else {
            return Err(self.misplaced(before, "offset"));
        };
        if *slots.offset != 0 || slots.offset_expr.is_some() {
            return Err(self.error(before, "offset may not be set multiple times"));
        }
        *slots.offset = offset.milliseconds;
        *slots.offset_expr = offset.expr;
        slots.span.end = end;
        Ok(tree)
    }

    fn at(&mut self, mut tree: Tree) -> Result<Tree, ParseError> {
        self.take();
        let before = tree.expr.span();
        let (at, end) = self.at_modifier(before)?;
        let Some(slots) = modifier_slots(&mut tree.expr) else {
            return Err(self.misplaced(before, "@"));
        };
        if slots.at.is_some() {
            return Err(self.error(before, "@ <timestamp> may not be set multiple times"));
        }
        *slots.at = Some(at);
        slots.span.end = end;
        Ok(tree)
    }

    /// Reads what follows `@`; yields it and where it ends.
    fn at_modifier(&mut self, subject: Span) -> Result<(AtModifier, usize), ParseError> {
        let bound = match self.peek().kind {
            TokenKind::Keyword(Keyword::Start) => Some(AtModifier::Start),
            TokenKind::Keyword(Keyword::End) => Some(AtModifier::End),
            _ => None,
        };
        if let Some(bound) = bound {
            self.take();
            if self.take_if(&TokenKind::LeftParen).is_none() {
                return Err(self.unexpected(AT.context, AT.expected));
            }
            let Some(closing) = self.take_if(&TokenKind::RightParen) else {
                return Err(self.unexpected(AT.context, AT.expected));
            };
            return Ok((bound, closing.span.end));
        }
        let number = self.signed_number(AT)?;
        let seconds = number.value;
        if !seconds.is_finite() || seconds.abs() >= i64::MAX as f64 {
            let text = match seconds {
                s if s.is_finite() => format!("{s:.6}"),
                s => model::number::general(s),
            };
            let message = format!("timestamp out of bounds for @ modifier: {text}");
            return Err(self.error(subject, message));
        }
        Ok((
            AtModifier::Timestamp(go_integer((seconds * 1000.0).round())),
            number.span.end,
        ))
    }

    /// `anchored` or `smoothed` after `tree`, whose span stays as it is, as upstream's does.
    fn extended(&mut self, mut tree: Tree, how: ExtendedRange) -> Result<Tree, ParseError> {
        self.take();
        let (span, word) = (tree.expr.span(), how.as_str());
        if !self.options.extended_range_selectors {
            let message = format!("{word} modifier is experimental and not enabled");
            return Err(self.error(span, message));
        }
        let slot = match &mut tree.expr {
            Expr::InstantSelector(node) => &mut node.extended,
            Expr::RangeSelector(node) => &mut node.selector.extended,
            Expr::Subquery(_) => {
                let message = format!("{word} modifier is not supported for subqueries");
                return Err(self.error(span, message));
            }
            _ => return Err(self.error(span, format!("{word} modifier not implemented"))),
        };
        if slot.is_some_and(|other| other != how) {
            let message = "anchored and smoothed modifiers cannot be used together";
            return Err(self.error(span, message));
        }
        *slot = Some(how);
        Ok(tree)
    }

    fn misplaced(&self, span: Span, modifier: &str) -> ParseError {
        let modifier = if modifier == "@" {
            "@ modifier"
        } else {
            "offset modifier"
        };
        let message = format!(
            "{modifier} must be preceded by an instant vector selector or range vector selector or a subquery"
        );
        self.error(span, message)
    }
}

/// A number as Go makes an integer of it: what does not fit becomes the smallest.
fn go_integer(value: f64) -> i64 {
    if value < i64::MAX as f64 {
        value as i64
    } else {
        i64::MIN
    }
}

/// Where the modifiers of an expression are kept.
struct ModifierSlots<'a> {
    offset: &'a mut i64,
    offset_expr: &'a mut Option<Box<DurationExpr>>,
    at: &'a mut Option<AtModifier>,
    span: &'a mut Span,
}

fn modifier_slots(expr: &mut Expr) -> Option<ModifierSlots<'_>> {
    match expr {
        Expr::InstantSelector(InstantSelector {
            offset,
            offset_expr,
            at,
            span,
            ..
        })
        | Expr::Subquery(Subquery {
            offset,
            offset_expr,
            at,
            span,
            ..
        }) => Some(ModifierSlots {
            offset,
            offset_expr,
            at,
            span,
        }),
        Expr::RangeSelector(node) => Some(ModifierSlots {
            offset: &mut node.selector.offset,
            offset_expr: &mut node.selector.offset_expr,
            at: &mut node.selector.at,
            span: &mut node.span,
        }),
        _ => None,
    }
}

const AT: Place = Place {
    context: "@",
    expected: "timestamp",
};
