//! Aggregations and groupings.

use super::{ParseError, Parser, Tree};
use crate::ast::{Aggregate, AggregateOp, Expr};
use crate::lexer::{Keyword, TokenKind};

/// `by (…)` or `without (…)`.
#[derive(Default)]
struct Grouping {
    labels: Vec<String>,
    without: bool,
}

impl Parser<'_> {
    /// True if the next token, an aggregation operator's name, is meant as one.
    pub(super) fn at_aggregation(&self) -> bool {
        matches!(
            self.token(1).kind,
            TokenKind::LeftParen
                | TokenKind::Keyword(Keyword::By)
                | TokenKind::Keyword(Keyword::Without)
        )
    }

    pub(super) fn aggregation(&mut self, op: AggregateOp) -> Result<Tree, ParseError> {
        let name = self.take();
        let mut grouping = self.grouping()?;
        // Without a grouping so far, upstream has read one token more.
        let is_complete = grouping.is_some();
        self.open_aggregations += 1;
        let (arguments, closing) = self.arguments()?;
        self.open_aggregations -= 1;
        let mut span = name.span.join(closing);
        if grouping.is_none() {
            grouping = self.grouping()?;
            span.end = span.end.max(self.last_end());
        }
        let is_complete = is_complete || grouping.is_some();
        let fault = |message: String| match is_complete {
            true => self.error(span, message),
            false => self.late_error(span, message),
        };
        let Grouping { labels, without } = grouping.unwrap_or_default();
        if arguments.is_empty() {
            let message = "no arguments for aggregate expression provided";
            return Err(fault(message.to_owned()));
        }
        if op.is_experimental() && !self.options.experimental_functions {
            return Err(fault(format!("{op}() {EXPERIMENTAL}")));
        }
        let wanted = 1 + usize::from(op.parameter_type().is_some());
        if arguments.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                arguments.len()
            );
            return Err(fault(message));
        }
        let height = arguments
            .iter()
            .map(|tree| tree.height)
            .max()
            .unwrap_or_default();
        let mut arguments = arguments.into_iter().map(|tree| Box::new(tree.expr)).rev();
        let expr = arguments
            .next()
            .expect("an aggregation has one or two arguments");
        let param = arguments.next();
        let node = Aggregate {
            op,
            expr,
            param,
            grouping: labels,
            without,
            span,
        };
        self.node(Expr::Aggregate(node), height)
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let without = match self.peek().kind {
            TokenKind::Keyword(Keyword::By) => false,
            TokenKind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(Grouping {
            labels: self.grouping_labels()?,
            without,
        }))
    }

    /// Reads `(label, …)`; a comma may end the list.
    pub(super) fn grouping_labels(&mut self) -> Result<Vec<String>, ParseError> {
        let mut labels = Vec::new();
        if self.take_if(&TokenKind::LeftParen).is_none() {
            return Err(self.unexpected("grouping opts", "\"(\""));
        }
        while self.take_if(&TokenKind::RightParen).is_none() {
            labels.push(self.grouping_label()?);
            match self.peek().kind {
                TokenKind::Comma => drop(self.take()),
                TokenKind::RightParen => {}
                _ => return Err(self.unexpected("grouping opts", "\",\" or \")\"")),
            }
        }
        Ok(labels)
    }

    fn grouping_label(&mut self) -> Result<String, ParseError> {
        if self.peek().is_grouping_label() {
            return Ok(self.take().text.to_owned());
        }
        if self.peek().kind != TokenKind::Text {
            return Err(self.unexpected("grouping opts", "label"));
        }
        let token = self.take();
        let literal = self.text_literal(&token)?;
        if literal.value.is_empty() || literal.invalid.is_some() {
            let quoted = literal.invalid.unwrap_or_else(|| "\"\"".to_owned());
            let message = format!("invalid label name for grouping: {quoted}");
            return Err(self.error(token.span, message));
        }
        Ok(literal.value)
    }
}

const EXPERIMENTAL: &str =
    "is experimental and must be enabled with --enable-feature=promql-experimental-functions";
