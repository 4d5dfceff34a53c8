//! From text to a checked tree: recursive descent with precedence climbing.
//!
//! Messages and positions are upstream's: a fault is described in the innermost construct that its
//! grammar gives a description of its own.

mod aggregate;
mod binary;
mod call;
mod duration;
mod error;
mod expr;
mod modifier;
mod selector;
#[cfg(test)]
mod tests;

pub use error::ParseError;

use model::{Labels, MatchOp};

use model::Matcher;

use crate::ast::{Expr, InstantSelector, Span};
use crate::lexer::{self, Token, TokenKind};
use crate::types;

/// What the parser accepts beyond the stable grammar. Defaults are upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOptions {
    /// Experimental functions, `limitk` and `limit_ratio`
    /// (`--enable-feature=promql-experimental-functions`).
    pub experimental_functions: bool,
    /// Computed ranges, steps and offsets, such as `[5m * 2]`; on unless switched off.
    pub duration_expressions: bool,
    /// `anchored` and `smoothed` (`--enable-feature=promql-extended-range-selectors`).
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left` and `fill_right` (`--enable-feature=promql-binop-fill-modifiers`).
    pub fill_modifiers: bool,
}

impl ParseOptions {
    /// All of it.
    pub const fn all() -> Self {
        Self {
            experimental_functions: true,
            duration_expressions: true,
            extended_range_selectors: true,
            fill_modifiers: true,
        }
    }
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            experimental_functions: false,
            duration_expressions: true,
            extended_range_selectors: false,
            fill_modifiers: false,
        }
    }
}

/// Parses and type-checks an expression.
///
/// # Errors
/// The text is not an expression, is ill-typed, has over [`MAX_TOKENS`] words and signs or is nested
/// over [`MAX_DEPTH`] levels deep. A chain of binary operators is one level.
pub fn parse(text: &str, options: &ParseOptions) -> Result<Expr, ParseError> {
    let mut expr = Parser::new(text, options).whole()?;
    types::check(&mut expr, text)?;
    Ok(expr)
}

/// Reads the labels of a series as scripts write them: `name{label="value"}`, each part of which may
/// be missing.
pub(crate) fn parse_series_labels(text: &str) -> Result<Labels, ParseError> {
    let options = ParseOptions::default();
    let selector = Parser::new(text, &options).only_selector()?;
    if let Some(odd) = selector
        .matchers
        .iter()
        .find(|matcher| matcher.op() != MatchOp::Equal)
    {
        return Err(ParseError::new(
            text,
            selector.span,
            format!("not a label: {odd}"),
        ));
    }
    Ok(Labels::from_pairs(
        selector
            .matchers
            .iter()
            .map(|matcher| (matcher.name(), matcher.value())),
    ))
}

/// Parses a selector alone, as `match[]` parameters have it: no offset, no `@`, nothing around. Its
/// matchers may all match an empty label.
///
/// # Errors
/// The text is no selector, or more than one.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    let options = ParseOptions::default();
    let selector = Parser::new(text, &options).only_selector()?;
    Ok(selector.matchers)
}

/// Most words and signs of a query, so that a tree has a size that is no danger.
pub const MAX_TOKENS: usize = 200_000;
/// Deepest nesting of a tree: what can be walked recursively on a small stack.
pub const MAX_DEPTH: usize = 200;

/// A tree in the making.
struct Tree {
    expr: Expr,
    /// Levels of nodes.
    height: usize,
}

struct Parser<'a> {
    text: &'a str,
    options: &'a ParseOptions,
    tokens: Vec<Token<'a>>,
    position: usize,
    /// Levels of descent, so that hostile nesting ends before the stack does.
    depth: usize,
    /// Operands of the computed duration that is being read.
    duration_parts: usize,
    /// Aggregations whose arguments are being read.
    open_aggregations: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, options: &'a ParseOptions) -> Self {
        let tokens = lexer::lex(text, MAX_TOKENS);
        Self {
            text,
            options,
            tokens,
            position: 0,
            depth: 0,
            duration_parts: 0,
            open_aggregations: 0,
        }
    }

    fn whole(mut self) -> Result<Expr, ParseError> {
        self.check_length()?;
        if self.peek().kind == TokenKind::EndOfInput {
            return Err(self.error(Span::default(), "no expression found in input"));
        }
        let tree = self.expression(binary::LOWEST)?;
        match self.peek().kind {
            TokenKind::EndOfInput => Ok(tree.expr),
            _ => Err(self.unexpected("", "")),
        }
    }

    fn only_selector(mut self) -> Result<InstantSelector, ParseError> {
        self.check_length()?;
        if !self.peek().is_metric_name() && self.peek().kind != TokenKind::LeftBrace {
            return Err(self.unexpected("", ""));
        }
        let selector = self.instant_selector()?;
        match self.peek().kind {
            TokenKind::EndOfInput => Ok(selector),
            _ => Err(self.unexpected("", "")),
        }
    }

    fn check_length(&self) -> Result<(), ParseError> {
        if self.tokens.len() <= MAX_TOKENS {
            return Ok(());
        }
        let message = format!("query is too long: the limit is {MAX_TOKENS} words and signs");
        Err(self.error(Span::default(), message))
    }

    fn peek(&self) -> &Token<'a> {
        self.token(0)
    }

    /// The token `ahead` of the next one; past the end, the last one.
    fn token(&self, ahead: usize) -> &Token<'a> {
        let last = self.tokens.last().expect("lexing ends with a token");
        self.tokens.get(self.position + ahead).unwrap_or(last)
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        token
    }

    fn take_if(&mut self, kind: &TokenKind) -> Option<Token<'a>> {
        if self.peek().kind == *kind {
            Some(self.take())
        } else {
            None
        }
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, span, message)
    }

    /// Where the token ends that was taken last.
    fn last_end(&self) -> usize {
        let last = self
            .position
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at));
        last.map_or(0, |token| token.span.end)
    }

    /// A fault that upstream sees after it has read one token more, whose own fault comes first.
    fn late_error(&self, span: Span, message: impl Into<String>) -> ParseError {
        match &self.peek().kind {
            TokenKind::Error(first) => self.error(self.peek().span, first.clone()),
            _ => self.error(span, message),
        }
    }

    /// The next token does not fit.
    fn unexpected(&self, context: &str, expected: &str) -> ParseError {
        let token = self.peek();
        if let TokenKind::Error(message) = &token.kind {
            return self.error(token.span, message.clone());
        }
        let mut message = format!("unexpected {}", token.description());
        let context = if context.is_empty() && self.open_aggregations > 0 {
            "aggregation"
        } else {
            context
        };
        if !context.is_empty() {
            message.push_str(" in ");
            message.push_str(context);
        }
        if !expected.is_empty() {
            message.push_str(", expected ");
            message.push_str(expected);
        }
        self.error(token.span, message)
    }

    /// Makes a node over children of which the highest has `height` levels.
    fn node(&self, expr: Expr, height: usize) -> Result<Tree, ParseError> {
        if height >= MAX_DEPTH {
            return Err(self.too_deep(expr.span()));
        }
        Ok(Tree {
            expr,
            height: height + 1,
        })
    }

    /// Goes one level down, for as long as `read` runs.
    fn descend<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep(self.peek().span));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn too_deep(&self, span: Span) -> ParseError {
        self.error(
            span,
            format!("expression is nested over {MAX_DEPTH} levels deep"),
        )
    }
}
