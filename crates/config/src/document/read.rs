//! Reads typed values out of nodes, and collects what is wrong on the way.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;

use model::duration;

use super::{Node, Place, Value};
use crate::problem::{Problem, Problems};

/// Reads one file: gives nodes their type, and remembers all problems instead of ending at the
/// first.
#[derive(Debug)]
pub(crate) struct Reader {
    file: String,
    problems: RefCell<Vec<Problem>>,
    ignores_unknown_keys: bool,
}

impl Reader {
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            problems: RefCell::default(),
            ignores_unknown_keys: false,
        }
    }

    /// The same; keys that nobody knows are passed over.
    #[must_use]
    pub(crate) fn ignoring_unknown_keys(mut self, ignore: bool) -> Self {
        self.ignores_unknown_keys = ignore;
        self
    }

    pub(crate) fn ignores_unknown_keys(&self) -> bool {
        self.ignores_unknown_keys
    }

    /// Notes that the file is wrong at `place`.
    pub(crate) fn invalid(&self, place: Place, message: impl Display) {
        let Place { line, column } = place;
        self.problems.borrow_mut().push(Problem {
            file: self.file.clone(),
            line,
            column,
            message: message.to_string(),
            excerpt: String::new(),
        });
    }

    /// The value, if nothing was wrong; else the problems in the order of the file.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problems> {
        let mut problems = self.problems.into_inner();
        if problems.is_empty() {
            return Ok(value);
        }
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems.dedup();
        Err(Problems(problems))
    }

    // ---- typed values; a null is the type's zero, as in upstream's YAML library ----

    /// A scalar as text.
    pub(crate) fn text(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Null => Some(String::new()),
            Value::Typed(text) | Value::Text(text) => Some(text.clone()),
            Value::Bytes(_) | Value::Sequence(_) | Value::Mapping(_) => {
                self.wrong_type(node, "string")
            }
        }
    }

    /// The value of a label; bytes that are no text are refused in upstream's words.
    pub(crate) fn label_value(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Bytes(bytes) => {
                let shown = quoted_bytes(bytes);
                self.reject(node, format_args!("{shown} is not a valid label value"))
            }
            _ => self.text(node),
        }
    }

    /// The key of a mapping; only a label name can be bytes that are no text.
    pub(crate) fn key(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Bytes(bytes) => {
                let shown = quoted_bytes(bytes);
                self.reject(node, format_args!("{shown} is not a valid label name"))
            }
            _ => self.text(node),
        }
    }

    /// A truth value: `true`, `false`, and YAML 1.1's `yes`, `no`, `on`, `off`.
    pub(crate) fn boolean(&self, node: &Node) -> Option<bool> {
        match &node.value {
            Value::Null => Some(false),
            Value::Typed(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => self.wrong_type(node, "bool"),
            },
            _ => self.wrong_type(node, "bool"),
        }
    }

    /// A whole number that is not negative; digits may be grouped by `_`.
    pub(crate) fn unsigned(&self, node: &Node) -> Option<u64> {
        match &node.value {
            Value::Null => Some(0),
            Value::Typed(text) => parse_unsigned(text)
                .or_else(|| whole_part(text))
                .or_else(|| self.wrong_type(node, "uint")),
            _ => self.wrong_type(node, "uint"),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&self, node: &Node) -> Option<i64> {
        let parse = |text: &str| match text.strip_prefix('-') {
            Some(digits) => 0_i64.checked_sub_unsigned(parse_unsigned(digits)?),
            None => i64::try_from(parse_unsigned(text)?).ok(),
        };
        match &node.value {
            Value::Null => Some(0),
            Value::Typed(text) => parse(text).or_else(|| self.wrong_type(node, "int64")),
            _ => self.wrong_type(node, "int64"),
        }
    }

    /// A number.
    pub(crate) fn float(&self, node: &Node) -> Option<f64> {
        match &node.value {
            Value::Null => Some(0.0),
            Value::Typed(text) => {
                let number = text.replace('_', "").parse().ok();
                number.or_else(|| self.wrong_type(node, "float64"))
            }
            _ => self.wrong_type(node, "float64"),
        }
    }

    /// A duration in Prometheus' grammar.
    pub(crate) fn duration(&self, node: &Node) -> Option<Duration> {
        if node.value == Value::Null {
            return Some(Duration::ZERO);
        }
        match duration::parse(&self.text(node)?) {
            Ok(value) => Some(value),
            Err(error) => self.reject(node, error),
        }
    }

    /// A list; nothing is an empty one.
    pub(crate) fn sequence<'d>(&self, node: &'d Node) -> &'d [Node] {
        match &node.value {
            Value::Null => &[],
            Value::Sequence(items) => items,
            _ => self.wrong_type::<&[Node]>(node, "list").unwrap_or_default(),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, node: &Node) -> Vec<String> {
        self.sequence(node)
            .iter()
            .filter_map(|item| self.text(item))
            .collect()
    }

    /// A mapping with free keys, in the order of the file; nothing is an empty one. A key that is
    /// there twice is a problem.
    pub(crate) fn mapping<'d>(&self, node: &'d Node) -> Vec<(&'d Node, String, &'d Node)> {
        let entries = match &node.value {
            Value::Null => return Vec::new(),
            Value::Mapping(entries) => entries,
            _ => return self.wrong_type(node, "map").unwrap_or_default(),
        };
        let mut found: Vec<(&Node, String, &Node)> = Vec::with_capacity(entries.len());
        for (key_node, value) in entries {
            let Some(key) = self.key(key_node) else {
                continue;
            };
            if found.iter().any(|(_, earlier, _)| *earlier == key) {
                self.invalid(
                    key_node.place,
                    format_args!("key {key:?} already set in map"),
                );
            } else {
                found.push((key_node, key, value));
            }
        }
        found
    }

    /// Notes `error` at the node.
    pub(crate) fn reject<T>(&self, node: &Node, error: impl Display) -> Option<T> {
        self.invalid(node.place, error);
        None
    }

    fn wrong_type<T>(&self, node: &Node, wanted: &str) -> Option<T> {
        // Where collections are wanted there may be secrets in them.
        let wants_collection = matches!(wanted, "map" | "list");
        let shown = match &node.value {
            Value::Typed(text) | Value::Text(text) if !wants_collection => format!(" `{text}`"),
            _ => String::new(),
        };
        let tag = node.value.tag();
        self.reject(
            node,
            format_args!("yaml: unmarshal errors: cannot unmarshal {tag}{shown} into {wanted}"),
        )
    }
}

/// Decimal, `0x`, `0o`, `0b`, and octal with a leading zero, as YAML 1.1 writes integers.
fn parse_unsigned(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)];
    for (prefix, radix) in prefixed {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return u64::from_str_radix(rest, radix).ok();
        }
    }
    match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => u64::from_str_radix(octal, 8).ok(),
        _ => digits.parse().ok(),
    }
}

/// The whole number below a fraction, which Go's library takes for a number without a sign.
fn whole_part(text: &str) -> Option<u64> {
    let is_fraction = text.contains(['.', 'e', 'E']);
    let number: f64 = text.replace('_', "").parse().ok()?;
    (is_fraction && (0.0..MOST_WHOLE).contains(&number)).then_some(number as u64)
}

/// Bytes in quotes, those outside ASCII as `\xff`.
fn quoted_bytes(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// The first number behind those that 64 bits hold.
const MOST_WHOLE: f64 = 18_446_744_073_709_551_616.0;
