//! Matchers: the conditions of a selector on label values.

mod regex;

use std::fmt;

pub use regex::{CaptureRegex, Captures, LabelRegex, RegexError, SearchRegex};

use crate::label::is_legacy_label_name;
use crate::quote::push_quoted;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, fully anchored
    Regex,
    /// `!~`, fully anchored
    NotRegex,
}

impl MatchOp {
    /// The operator as an expression writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A condition on one label. A label that is not there counts as empty text.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<LabelRegex>,
}

impl Matcher {
    /// Builds a matcher.
    ///
    /// # Errors
    /// The pattern of a regex matcher is not a valid regular expression.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, RegexError> {
        let value = value.into();
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(LabelRegex::new(&value)?),
        };
        Ok(Self {
            name: name.into(),
            op,
            value,
            regex,
        })
    }

    /// An equality matcher, which cannot be wrong.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            op: MatchOp::Equal,
            value: value.into(),
            regex: None,
        }
    }

    /// The label's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The text or pattern that it compares with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The compiled pattern of a regex matcher; stores read prefixes and literal sets from it.
    pub fn regex(&self) -> Option<&LabelRegex> {
        self.regex.as_ref()
    }

    /// True if the condition holds for `value`.
    pub fn matches(&self, value: &str) -> bool {
        match (self.op, &self.regex) {
            (MatchOp::Equal, _) => self.value == value,
            (MatchOp::NotEqual, _) => self.value != value,
            (MatchOp::Regex, Some(regex)) => regex.is_match(value),
            (MatchOp::NotRegex, Some(regex)) => !regex.is_match(value),
            (MatchOp::Regex | MatchOp::NotRegex, None) => {
                unreachable!("a regex matcher is built with its pattern")
            }
        }
    }

    /// True if a series without the label passes.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op == other.op && self.value == other.value
    }
}

impl Eq for Matcher {}

/// As a selector writes it: `name="value"`, the name quoted where the grammar demands.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        if is_legacy_label_name(&self.name) {
            out.push_str(&self.name);
        } else {
            push_quoted(&mut out, &self.name);
        }
        out.push_str(self.op.as_str());
        push_quoted(&mut out, &self.value);
        f.write_str(&out)
    }
}
