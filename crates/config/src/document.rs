//! YAML documents as trees whose nodes know their place.
//!
//! This is the only module that knows the YAML library. Values keep the text that was written, so
//! that `1.10` or `no` can be a label value, and are given a type by whoever reads them
//! ([`Reader`], [`Section`]).

mod binary;
mod decode;
mod first;
pub(crate) mod keys;
mod read;
mod scalar;
mod section;
mod suggest;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use keys::keys;
pub(crate) use read::Reader;
pub(crate) use section::{Schema, Section};
pub(crate) use write::YamlWriter;

use crate::problem::{Problem, Problems};

/// A value at its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// Line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// A scalar that YAML takes for a truth value or a number, as written.
    Typed(String),
    /// Any other scalar.
    Text(String),
    /// A `!!binary` scalar that is not UTF-8.
    Bytes(Vec<u8>),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; a key may be there twice.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn get(&self, wanted: &str) -> Option<&Self> {
        let Value::Mapping(entries) = &self.value else {
            return None;
        };
        let is_wanted = |key: &Self| matches!(&key.value, Value::Text(text) if text == wanted);
        let found = entries.iter().find(|(key, _)| is_wanted(key));
        found.map(|(_, value)| value)
    }

    /// The first scalar below this node that was written as `text`.
    pub(crate) fn find_text(&self, text: &str) -> Option<&Node> {
        match &self.value {
            Value::Typed(own) | Value::Text(own) => (own == text).then_some(self),
            Value::Sequence(items) => items.iter().find_map(|item| item.find_text(text)),
            Value::Mapping(entries) => entries.iter().find_map(|(_, value)| value.find_text(text)),
            Value::Null | Value::Bytes(_) => None,
        }
    }
}

impl Value {
    /// The kind as Go's YAML library names it in messages.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Typed(text) => typed_tag(text),
            Self::Text(_) => "!!str",
            Self::Bytes(_) => "!!binary",
            Self::Sequence(_) => "!!seq",
            Self::Mapping(_) => "!!map",
        }
    }
}

fn typed_tag(text: &str) -> &'static str {
    let starts_as_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match starts_as_number {
        false => "!!bool",
        true if text.contains('.') => "!!float",
        true => "!!int",
    }
}

/// Reads the one document of a file. An empty file is [`Value::Null`].
pub(crate) fn parse(text: &str, file: &str) -> Result<Node, Problems> {
    decode::decode(text).map_err(|(place, message)| {
        Problems(vec![Problem {
            file: file.to_owned(),
            line: place.line,
            column: place.column,
            message: format!("yaml: {message}"),
            excerpt: String::new(),
        }])
    })
}

/// Reads the first of the documents of a file, and says whether there are more.
pub(crate) fn parse_first(text: &str, file: &str) -> Result<(Node, bool), Problems> {
    let (first, has_more) = first::first_document(text);
    Ok((parse(first, file)?, has_more))
}
