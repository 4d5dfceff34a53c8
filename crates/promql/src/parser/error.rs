//! Why a text is not an expression, and where.

use std::fmt;

use crate::ast::Span;

/// The text is not a valid expression. Displays as upstream prints it:
/// `1:5: parse error: unexpected …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line of the fault, from 1; 0 if the text is empty.
    pub line: usize,
    /// Byte column of the fault, from 1; 0 if the text is empty.
    pub column: usize,
    /// The faulty part of the text.
    pub span: Span,
    /// What is wrong, without the position.
    pub message: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, span: Span, message: impl Into<String>) -> Self {
        let (line, column) = if text.is_empty() {
            (0, 0)
        } else {
            span.line_column(text)
        };
        Self {
            line,
            column,
            span,
            message: message.into(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "unknown position: parse error: {}", self.message);
        }
        write!(
            f,
            "{}:{}: parse error: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for ParseError {}
