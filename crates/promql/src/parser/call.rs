//! Function calls.

use model::quote::quoted;

use super::{ParseError, Parser, Tree, binary};
use crate::ast::{Call, Expr, Span};
use crate::functions::Function;
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn call(&mut self) -> Result<Tree, ParseError> {
        let name = self.take();
        let (arguments, closing) = self.arguments()?;
        let Some(function) = Function::from_name(name.text) else {
            let message = format!("unknown function with name {}", quoted(name.text));
            return Err(self.error(name.span, message));
        };
        if function.is_experimental() && !self.options.experimental_functions {
            let message = format!("function {} is not enabled", quoted(name.text));
            return Err(self.error(name.span, message));
        }
        let height = arguments
            .iter()
            .map(|tree| tree.height)
            .max()
            .unwrap_or_default();
        let args = arguments.into_iter().map(|tree| tree.expr).collect();
        self.node(
            Expr::Call(Call {
                function,
                args,
                span: name.span.join(closing),
            }),
            height,
        )
    }

    /// Reads `(expr, …)`; yields the arguments and where the closing parenthesis stands.
    pub(super) fn arguments(&mut self) -> Result<(Vec<Tree>, Span), ParseError> {
        let mut arguments = Vec::new();
        if self.take_if(&TokenKind::LeftParen).is_none() {
            return Err(self.unexpected("", ""));
        }
        if let Some(closing) = self.take_if(&TokenKind::RightParen) {
            return Ok((arguments, closing.span));
        }
        loop {
            arguments.push(self.expression(binary::LOWEST)?);
            if let Some(closing) = self.take_if(&TokenKind::RightParen) {
                return Ok((arguments, closing.span));
            }
            let Some(comma) = self.take_if(&TokenKind::Comma) else {
                return Err(self.unexpected("", ""));
            };
            if !self.at_expression() {
                let message = "trailing commas not allowed in function call args";
                return Err(self.late_error(comma.span, message));
            }
        }
    }
}
