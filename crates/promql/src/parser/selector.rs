//! Instant selectors: a name, matchers in braces, or both.

use model::label::METRIC_NAME;
use model::{MatchOp, Matcher};

use super::{ParseError, Parser};
use crate::ast::{BinaryOp, InstantSelector, Span};
use crate::lexer::TokenKind;

const CONTEXT: &str = "label matching";
/// What makes a regular expression more than literals.
const OPERATORS: [char; 13] = [
    '\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$',
];

impl Parser<'_> {
    pub(super) fn instant_selector(&mut self) -> Result<InstantSelector, ParseError> {
        let name = self.peek().is_metric_name().then(|| self.take());
        let mut span = name.as_ref().map_or(self.peek().span, |token| token.span);
        let mut matchers = Vec::new();
        if self.peek().kind == TokenKind::LeftBrace {
            self.take();
            let closing = self.matchers(&mut matchers)?;
            span = span.join(closing);
        }
        let name = name.map(|token| token.text.to_owned());
        if let Some(name) = &name {
            matchers.push(Matcher::equal(METRIC_NAME, name.as_str()));
        }
        Ok(InstantSelector {
            name,
            matchers,
            offset: 0,
            offset_expr: None,
            at: None,
            extended: None,
            span,
        })
    }

    /// Reads matchers up to the closing brace, and tells where that stands.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Result<Span, ParseError> {
        loop {
            if let Some(closing) = self.take_if(&TokenKind::RightBrace) {
                return Ok(closing.span);
            }
            matchers.push(self.matcher()?);
            match self.peek().kind {
                TokenKind::Comma => drop(self.take()),
                TokenKind::RightBrace => {}
                _ => return Err(self.unexpected(CONTEXT, "\",\" or \"}\"")),
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let token = match self.peek().kind {
            TokenKind::Identifier | TokenKind::Text => self.take(),
            _ => return Err(self.unexpected(CONTEXT, "identifier or \"}\"")),
        };
        let is_quoted = token.kind == TokenKind::Text;
        let name = if is_quoted {
            self.text_literal(&token)?.value
        } else {
            token.text.to_owned()
        };
        let op = match self.peek().kind {
            TokenKind::Assign => MatchOp::Equal,
            TokenKind::Operator(BinaryOp::NotEqual) => MatchOp::NotEqual,
            TokenKind::EqualRegex => MatchOp::Regex,
            TokenKind::NotRegex => MatchOp::NotRegex,
            _ if is_quoted => return Ok(Matcher::equal(METRIC_NAME, name)),
            _ => return Err(self.unexpected(CONTEXT, "label matching operator")),
        };
        self.take();
        if self.peek().kind != TokenKind::Text {
            return Err(self.unexpected(CONTEXT, "string"));
        }
        let value = self.take();
        let text = self.text_literal(&value)?;
        let span = token.span.join(value.span);
        // Upstream compiles only what is more than a list of literals.
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        if text.invalid.is_some() && is_regex && text.value.contains(OPERATORS) {
            let message = format!("error parsing regexp: invalid UTF-8: `{}`", text.value);
            return Err(self.error(span, message));
        }
        // Labels are UTF-8, so that a value that is not matches none: nor does one with replacement
        // characters, as good as always.
        Matcher::new(name, op, text.value).map_err(|error| self.error(span, error.to_string()))
    }
}
