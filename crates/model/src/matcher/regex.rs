//! Fully anchored regular expressions on label values, with short cuts for the usual shapes.

mod syntax;

use regex::{Regex, RegexBuilder};

/// A pattern that matches whole label values; `.` matches every character, line ends included.
#[derive(Clone, Debug)]
pub struct LabelRegex {
    shape: Shape,
}

/// What the pattern needs at match time.
#[derive(Clone, Debug)]
enum Shape {
    /// `.*`
    Anything,
    /// `.+`
    NotEmpty,
    /// `a|b|c`: literals, sorted.
    OneOf(Vec<String>),
    /// `abc.*`
    StartsWith(String),
    /// `abc.+`
    StartsWithMore(String),
    /// Anything else.
    Pattern(Box<Regex>),
}

/// The pattern is not a regular expression; the text says why.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct RegexError(String);

impl LabelRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is not a valid regular expression or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let shape = match simple_shape(pattern) {
            Some(shape) => shape,
            None => Shape::Pattern(Box::new(compile(pattern)?)),
        };
        Ok(Self { shape })
    }

    /// True if all of `value` matches.
    pub fn is_match(&self, value: &str) -> bool {
        match &self.shape {
            Shape::Anything => true,
            Shape::NotEmpty => !value.is_empty(),
            Shape::OneOf(set) => set.binary_search_by(|s| s.as_str().cmp(value)).is_ok(),
            Shape::StartsWith(prefix) => value.starts_with(prefix.as_str()),
            Shape::StartsWithMore(prefix) => {
                value.len() > prefix.len() && value.starts_with(prefix.as_str())
            }
            Shape::Pattern(regex) => regex.is_match(value),
        }
    }

    /// The values that match, when the pattern is a plain list of them.
    pub fn literals(&self) -> Option<&[String]> {
        match &self.shape {
            Shape::OneOf(set) => Some(set),
            _ => None,
        }
    }

    /// Text that every matching value starts with; empty if nothing is known.
    pub fn prefix(&self) -> &str {
        match &self.shape {
            Shape::StartsWith(prefix) | Shape::StartsWithMore(prefix) => prefix,
            _ => "",
        }
    }
}

/// Compiles `pattern`, written in Go's syntax, so that it must match all of a text, as Prometheus
/// anchors.
///
/// # Errors
/// The pattern is not a valid regular expression or too large when compiled.
pub(crate) fn compile(pattern: &str) -> Result<Regex, RegexError> {
    let refused = |why: String| RegexError(format!("error parsing regexp: {why}"));
    let translated = syntax::translate(pattern).map_err(refused)?;
    RegexBuilder::new(&format!("^(?s:{translated})$"))
        .size_limit(REGEX_SIZE_LIMIT)
        .build()
        .map_err(|error| refused(one_line(&error)))
}

/// The reason at the end of an error that shows the pattern first.
fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

fn simple_shape(pattern: &str) -> Option<Shape> {
    match pattern {
        ".*" => return Some(Shape::Anything),
        ".+" => return Some(Shape::NotEmpty),
        _ => {}
    }
    if let Some(prefix) = pattern.strip_suffix(".*").filter(|p| is_literal(p)) {
        return Some(Shape::StartsWith(prefix.to_owned()));
    }
    if let Some(prefix) = pattern.strip_suffix(".+").filter(|p| is_literal(p)) {
        return Some(Shape::StartsWithMore(prefix.to_owned()));
    }
    if pattern.split('|').all(is_literal) {
        let mut set: Vec<String> = pattern.split('|').map(str::to_owned).collect();
        set.sort_unstable();
        set.dedup();
        return Some(Shape::OneOf(set));
    }
    None
}

fn is_literal(text: &str) -> bool {
    !text.bytes().any(|b| b"\\.+*?()|[]{}^$".contains(&b))
}

/// Largest compiled pattern in bytes; more is a mistake or an attack.
const REGEX_SIZE_LIMIT: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_values() {
        let cases = [
            (".*", "", true),
            (".+", "", false),
            (".+", "x", true),
            ("a|b", "b", true),
            ("a|b", "ab", false),
            ("|a", "", true),
            ("abc.*", "abc\nd", true),
            ("abc.+", "abc", false),
            ("a.c", "a\nc", true),
            ("b", "abc", false),
            ("(?i)PRO.*", "production", true),
        ];
        for (pattern, value, want) in cases {
            let regex = LabelRegex::new(pattern).unwrap();
            assert_eq!(regex.is_match(value), want, "{pattern} on {value:?}");
        }
    }

    #[test]
    fn unbalanced_patterns_are_refused() {
        assert!(LabelRegex::new("a)(b").is_err());
        assert!(LabelRegex::new("(").is_err());
    }
}
