//! What follows an operand: ranges, subqueries, `offset` and `@`.

use super::duration::DURATION;
use super::{ParseError, Parser, Tree};
use crate::ast::{AtModifier, Expr, InstantSelector, RangeSelector, Span, Subquery};
use crate::lexer::{Keyword, TokenKind};

impl Parser<'_> {
    /// Reads the modifiers after `tree`.
    pub(super) fn modified(&mut self, mut tree: Tree) -> Result<Tree, ParseError> {
        loop {
            tree = match self.peek().kind {
                TokenKind::LeftBracket => self.bracketed(tree)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset(tree)?,
                TokenKind::At => self.at(tree)?,
                TokenKind::Keyword(Keyword::Anchored | Keyword::Smoothed) => {
                    let word = self.peek().text.to_ascii_lowercase();
                    let message = format!("{word} modifier is experimental and not enabled");
                    return Err(self.off(tree.expr.span(), message));
                }
                _ => return Ok(tree),
            };
        }
    }

    fn bracketed(&mut self, tree: Tree) -> Result<Tree, ParseError> {
        let opening = self.take().span;
        let range = self.positive_duration("subquery or range selector", DURATION)?;
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

    fn range_selector(&self, tree: Tree, range: i64, brackets: Span) -> Result<Tree, ParseError> {
        let message = match tree.expr {
            Expr::InstantSelector(selector) if selector.offset == 0 && selector.at.is_none() => {
                let span = selector.span.join(brackets);
                return self.node(
                    Expr::RangeSelector(RangeSelector {
                        selector,
                        range,
                        span,
                    }),
                    0,
                );
            }
            Expr::InstantSelector(selector) if selector.offset != 0 => {
                "no offset modifiers allowed before range"
            }
            Expr::InstantSelector(_) => "no @ modifiers allowed before range",
            _ => "ranges only allowed for vector selectors",
        };
        Err(self.error(brackets, message))
    }

    fn subquery(&mut self, tree: Tree, range: i64) -> Result<Tree, ParseError> {
        let step = if self.peek().kind == TokenKind::RightBracket {
            None
        } else {
            let expected = "number, duration, step(), range(), or \"]\"";
            Some(self.positive_duration("subquery selector", expected)?)
        };
        let Some(closing) = self.take_if(&TokenKind::RightBracket) else {
            return Err(self.unexpected("subquery selector", "\"]\""));
        };
        let Tree { expr, height } = tree;
        let span = expr.span().join(closing.span);
        let subquery = Subquery {
            expr: Box::new(expr),
            range,
            step,
            offset: 0,
            at: None,
            span,
        };
        self.node(Expr::Subquery(subquery), height)
    }

    fn offset(&mut self, mut tree: Tree) -> Result<Tree, ParseError> {
        self.take();
        let number = self.signed_number("offset", DURATION)?;
        let offset = self.milliseconds(&number)?;
        let before = tree.expr.span();
        let Some(slots) = modifier_slots(&mut tree.expr) else {
            return Err(self.misplaced(before, "offset"));
        };
        if *slots.offset != 0 {
            return Err(self.error(before, "offset may not be set multiple times"));
        }
        *slots.offset = offset;
        slots.span.end = number.span.end;
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
        let bound = match self.peek().text.to_ascii_lowercase().as_str() {
            "start" => Some(AtModifier::Start),
            "end" => Some(AtModifier::End),
            _ => None,
        };
        if let Some(bound) = bound {
            self.take();
            if self.take_if(&TokenKind::LeftParen).is_none() {
                return Err(self.unexpected("@", "timestamp"));
            }
            let Some(closing) = self.take_if(&TokenKind::RightParen) else {
                return Err(self.unexpected("@", "timestamp"));
            };
            return Ok((bound, closing.span.end));
        }
        let number = self.signed_number("@", "timestamp")?;
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
            AtModifier::Timestamp((seconds * 1000.0).round() as i64),
            number.span.end,
        ))
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

/// Where the modifiers of an expression are kept.
struct ModifierSlots<'a> {
    offset: &'a mut i64,
    at: &'a mut Option<AtModifier>,
    span: &'a mut Span,
}

fn modifier_slots(expr: &mut Expr) -> Option<ModifierSlots<'_>> {
    match expr {
        Expr::InstantSelector(InstantSelector {
            offset, at, span, ..
        })
        | Expr::Subquery(Subquery {
            offset, at, span, ..
        }) => Some(ModifierSlots { offset, at, span }),
        Expr::RangeSelector(node) => Some(ModifierSlots {
            offset: &mut node.selector.offset,
            at: &mut node.selector.at,
            span: &mut node.span,
        }),
        _ => None,
    }
}
