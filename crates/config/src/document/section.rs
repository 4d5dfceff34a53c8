//! A mapping with known keys: a section of a configuration.

use std::time::Duration;

use super::suggest::nearest;
use super::{Node, Reader, Value};
use crate::secret::Secret;

/// The keys of a section.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Upstream's name of the section's type, which its messages carry.
    pub(crate) type_name: &'static str,
    /// Keys that are read.
    pub(crate) keys: &'static [&'static str],
}

/// An opened section.
#[derive(Debug)]
pub(crate) struct Section<'d> {
    pub(crate) reader: &'d Reader,
    /// The section itself, for problems that belong to no key.
    pub(crate) node: &'d Node,
    entries: Vec<(&'static str, &'d Node)>,
}

impl<'d> Section<'d> {
    /// Opens a section: unknown and repeated keys are noted as problems. Nothing at all
    /// counts as a section without keys. `None` if the node is no mapping.
    pub(crate) fn open(reader: &'d Reader, node: &'d Node, schema: &Schema) -> Option<Self> {
        let mut section = Self {
            reader,
            node,
            entries: Vec::new(),
        };
        let entries = match &node.value {
            Value::Null => return Some(section),
            Value::Mapping(entries) => entries,
            other => {
                let tag = other.tag();
                let type_name = schema.type_name;
                return reader.reject(
                    node,
                    format_args!("yaml: unmarshal errors: cannot unmarshal {tag} into {type_name}"),
                );
            }
        };
        for (key_node, value) in entries {
            let Some(key) = reader.key(key_node) else {
                continue;
            };
            let known = schema.keys.iter().find(|known| **known == key);
            match known {
                Some(known) => section.add(key_node, known, value, schema),
                None if reader.ignores_unknown_keys() => {}
                None => reader.invalid(key_node.place, unknown_key(&key, schema)),
            }
        }
        Some(section)
    }

    fn add(&mut self, key: &Node, name: &'static str, value: &'d Node, schema: &Schema) {
        if self.entries.iter().any(|(earlier, _)| *earlier == name) {
            let type_name = schema.type_name;
            self.reader.invalid(
                key.place,
                format_args!("duplicate key: field {name} already set in type {type_name}"),
            );
        } else {
            self.entries.push((name, value));
        }
    }

    /// The value of a key, if the section has it.
    pub(crate) fn get(&self, key: &str) -> Option<&'d Node> {
        self.entries
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, node)| *node)
    }

    /// Where to report what is wrong about a key: its value, or the section when it is missing.
    pub(crate) fn blame(&self, key: &str) -> &'d Node {
        self.get(key).unwrap_or(self.node)
    }

    /// Notes a problem with a scalar, unless the value is none, which was noted already.
    pub(crate) fn invalid_if_scalar(&self, key: &str, message: &str) {
        let node = self.blame(key);
        let is_collection = matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
        if !is_collection || self.get(key).is_none() {
            self.reader.invalid(node.place, message);
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.reader.text(self.get(key)?)
    }

    pub(crate) fn secret(&self, key: &str) -> Secret {
        self.text(key).map(Secret::from).unwrap_or_default()
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        self.reader.boolean(self.get(key)?)
    }

    pub(crate) fn unsigned(&self, key: &str) -> Option<u64> {
        self.reader.unsigned(self.get(key)?)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        self.reader.integer(self.get(key)?)
    }

    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        self.reader.float(self.get(key)?)
    }

    pub(crate) fn duration(&self, key: &str) -> Option<Duration> {
        self.reader.duration(self.get(key)?)
    }

    /// A duration for which zero means that it was not stated.
    pub(crate) fn duration_above_zero(&self, key: &str) -> Option<Duration> {
        self.duration(key).filter(|duration| !duration.is_zero())
    }

    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.get(key)
            .map(|node| self.reader.texts(node))
            .unwrap_or_default()
    }

    pub(crate) fn items(&self, key: &str) -> &'d [Node] {
        self.get(key)
            .map(|node| self.reader.sequence(node))
            .unwrap_or_default()
    }
}

fn unknown_key(key: &str, schema: &Schema) -> String {
    let candidates = schema.keys.iter().copied();
    let hint = match nearest(key, candidates) {
        Some(nearest) => format!(": did you mean \"{nearest}\"?"),
        None => String::new(),
    };
    let type_name = schema.type_name;
    format!("unknown key \"{key}\"{hint} (field {key} not found in type {type_name})")
}
