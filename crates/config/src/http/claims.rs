//! `claims` of an assertion: any values, which are sent as JSON.

use std::collections::BTreeMap;

use crate::document::{Node, Reader, Value, YamlWriter};

/// A value of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimValue {
    /// Nothing.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number, in a notation that is valid JSON.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping.
    Mapping(BTreeMap<String, Self>),
}

/// Reads a mapping of claims.
pub(super) fn read(reader: &Reader, node: &Node) -> BTreeMap<String, ClaimValue> {
    let entries = reader.mapping(node).into_iter();
    entries
        .filter_map(|(_, key, value)| Some((key, read_value(reader, value)?)))
        .collect()
}

fn read_value(reader: &Reader, node: &Node) -> Option<ClaimValue> {
    Some(match &node.value {
        Value::Null => ClaimValue::Null,
        Value::Typed(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => ClaimValue::Boolean(true),
            "false" | "no" | "off" | "n" => ClaimValue::Boolean(false),
            _ => number(reader, node, text)?,
        },
        Value::Text(text) => ClaimValue::Text(text.clone()),
        Value::Bytes(_) => {
            return reader.reject(node, "a claim is text, a number or a truth value");
        }
        Value::Sequence(items) => ClaimValue::List(
            items
                .iter()
                .filter_map(|item| read_value(reader, item))
                .collect(),
        ),
        Value::Mapping(_) => ClaimValue::Mapping(read(reader, node)),
    })
}

fn number(reader: &Reader, node: &Node, text: &str) -> Option<ClaimValue> {
    let is_fraction = text.contains(['.', 'e', 'E']) && !text.starts_with("0x");
    if is_fraction {
        let number = reader.float(node)?;
        return Some(match number.is_finite() {
            true => ClaimValue::Number(number.to_string()),
            false => ClaimValue::Text(text.to_owned()),
        });
    }
    reader
        .integer(node)
        .map(|number| ClaimValue::Number(number.to_string()))
}

/// Writes the claims, if there are any.
pub(super) fn write(yaml: &mut YamlWriter, claims: &BTreeMap<String, ClaimValue>) {
    if !claims.is_empty() {
        yaml.mapping("claims", |yaml| write_entries(yaml, claims));
    }
}

fn write_entries(yaml: &mut YamlWriter, claims: &BTreeMap<String, ClaimValue>) {
    for (name, value) in claims {
        match value {
            ClaimValue::Text(text) => yaml.entry(name, text),
            ClaimValue::Mapping(inner) if !inner.is_empty() => {
                yaml.mapping(name, |yaml| write_entries(yaml, inner));
            }
            other => yaml.bare(name, other.to_json()),
        }
    }
}

impl ClaimValue {
    /// The value as JSON, which is YAML too.
    pub fn to_json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => json_text(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_json).collect();
                format!("[{}]", items.join(","))
            }
            Self::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|(name, value)| format!("{}: {}", json_text(name), value.to_json()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
