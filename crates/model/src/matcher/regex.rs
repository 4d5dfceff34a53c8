//! Fully anchored regular expressions in Go's language, with short cuts for the usual shapes.

mod capture;
mod search;
mod sequence;
mod shape;
mod syntax;

use regex_automata::meta;
use regex_syntax::hir::{Hir, Look};

pub use capture::{CaptureRegex, Captures};
pub use search::SearchRegex;
use shape::Shape;

/// A pattern that matches whole label values; `.` matches every character, line ends included.
#[derive(Clone, Debug)]
pub struct LabelRegex {
    shape: Shape,
    prefix: String,
}

/// The pattern is not a regular expression; the text says why.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("error parsing regexp: {0}")]
pub struct RegexError(String);

impl LabelRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is not a valid regular expression or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let hir = syntax::parse(pattern).map_err(RegexError)?;
        let (shape, prefix) = shape::of(hir, pattern)?;
        Ok(Self { shape, prefix })
    }

    /// The pattern as a setting has it, which upstream reads with the anchors already around it:
    /// messages show them, and `a)(b` is two groups.
    ///
    /// # Errors
    /// The pattern is not a valid regular expression or too large when compiled.
    pub fn of_setting(pattern: &str) -> Result<Self, RegexError> {
        Self::new(&anchored(pattern))
    }

    /// True if all of `value` matches.
    #[inline]
    pub fn is_match(&self, value: &str) -> bool {
        self.shape.is_match(value)
    }

    /// All values that match, sorted, when the pattern allows a few only.
    pub fn literals(&self) -> Option<&[String]> {
        match &self.shape {
            Shape::OneOf(set) => Some(set),
            _ => None,
        }
    }

    /// Text that every matching value starts with; empty if nothing is known.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// True if every value matches, the empty one too.
    pub fn matches_everything(&self) -> bool {
        matches!(self.shape, Shape::Anything)
    }
}

/// The pattern with the anchors that upstream puts around it.
fn anchored(pattern: &str) -> String {
    format!("^(?s:{pattern})$")
}

/// Compiles an expression so that it must match all of a text.
fn compile(hir: Hir, pattern: &str) -> Result<meta::Regex, RegexError> {
    compile_search(
        Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]),
        pattern,
    )
}

/// Compiles an expression that may match any part of a text.
fn compile_search(hir: Hir, pattern: &str) -> Result<meta::Regex, RegexError> {
    let config = meta::Config::new().nfa_size_limit(Some(SIZE_LIMIT));
    let compiled = meta::Builder::new().configure(config).build_from_hir(&hir);
    // The tree is sound, so that only its size can be wrong.
    compiled.map_err(|_| RegexError(format!("expression too large: `{pattern}`")))
}

/// Largest compiled pattern in bytes; more is a mistake or an attack.
const SIZE_LIMIT: usize = 8 << 20;

#[cfg(test)]
mod tests;
