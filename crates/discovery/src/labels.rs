//! The labels of discovered targets: prefixes, names made of anything, addresses.

use std::collections::BTreeMap;

use model::label::ADDRESS;
use model::{Labels, LabelsBuilder};

/// Puts the labels of one target together. Empty values are no labels.
#[derive(Clone, Debug)]
pub(crate) struct TargetLabels {
    prefix: &'static str,
    labels: LabelsBuilder,
}

impl TargetLabels {
    /// Labels that begin with `prefix`: `__meta_consul_`.
    pub(crate) fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            labels: LabelsBuilder::new(),
        }
    }

    /// Sets the label `name`, behind the prefix.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<str>) {
        self.labels
            .set(&format!("{}{name}", self.prefix), value.as_ref());
    }

    /// Sets the label `name`, behind the prefix, if there is a value.
    pub(crate) fn set_some(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets one label for each entry; what a label name may not have becomes `_`.
    pub(crate) fn set_all(&mut self, name: &str, entries: &BTreeMap<String, String>) {
        for (key, value) in entries {
            self.set_named(name, key, value);
        }
    }

    /// Sets the label `name` and `key` behind each other.
    pub(crate) fn set_named(&mut self, name: &str, key: &str, value: &str) {
        self.set(&format!("{name}{}", sanitized(key)), value);
    }

    /// Sets a label to a list with a separator around it, so that patterns need not care about the
    /// place of an item.
    pub(crate) fn set_list(&mut self, name: &str, items: &[String], separator: &str) {
        self.set(name, surrounded(items, separator));
    }

    /// Sets a label of another prefix.
    pub(crate) fn set_foreign(&mut self, name: &str, value: &str) {
        self.labels.set(name, value);
    }

    /// Sets all labels of `others`.
    pub(crate) fn extend(&mut self, others: &Labels) {
        for (name, value) in others {
            self.labels.set(name, value);
        }
    }

    /// Sets the address.
    pub(crate) fn set_address(&mut self, host: &str, port: impl std::fmt::Display) {
        self.labels.set(ADDRESS, &host_port(host, port));
    }

    pub(crate) fn build(&mut self) -> Labels {
        self.labels.build()
    }
}

/// `,a,b,`; nothing for nothing but separators.
pub(crate) fn surrounded(items: &[String], separator: &str) -> String {
    format!("{separator}{}{separator}", items.join(separator))
}

/// Host and port, an address of IPv6 in brackets.
pub(crate) fn host_port(host: &str, port: impl std::fmt::Display) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A part of a label name: whatever is no letter, digit or underscore becomes one.
pub(crate) fn sanitized(text: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars()
        .map(|c| if keep(c) { c } else { '_' })
        .collect()
}

/// What tests compare groups by: one line a target, `name=value` with the names that follow
/// `__meta_`.
#[cfg(test)]
pub(crate) fn shown(groups: &[model::TargetGroup]) -> Vec<String> {
    let show = |labels: &Labels| {
        let pairs = labels.iter().map(|(name, value)| {
            let name = name.strip_prefix("__meta_").unwrap_or(name);
            format!("{name}={value}")
        });
        pairs.collect::<Vec<_>>().join(" ")
    };
    let mut lines = Vec::new();
    for group in groups {
        lines.push(
            format!("[{}] {}", group.source, show(&group.labels))
                .trim_end()
                .to_owned(),
        );
        lines.extend(group.targets.iter().map(show));
    }
    lines
}
