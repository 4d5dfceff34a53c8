//! Relabeling steps as a configuration writes them.

use model::label::NameValidationScheme;
use model::{RelabelRule, RelabelSpec};

use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

const SCHEMA: Schema = Schema {
    type_name: "relabel.plain",
    keys: &[
        "source_labels",
        "separator",
        "regex",
        "modulus",
        "target_label",
        "replacement",
        "action",
    ],
};

/// Reads a list of steps; `what` names one of them in the message about an empty one.
pub(crate) fn read_rules(
    reader: &Reader,
    items: &[Node],
    what: &str,
    scheme: NameValidationScheme,
) -> Vec<RelabelRule> {
    let read = |item: &Node| {
        if item.value == Value::Null {
            return reader.reject(item, format_args!("empty or null {what}"));
        }
        let section = Section::open(reader, item, &SCHEMA)?;
        let spec = read_spec(&section)?;
        match RelabelRule::new(spec, scheme) {
            Ok(rule) => Some(rule),
            Err(error) => reader.reject(item, error),
        }
    };
    items.iter().filter_map(read).collect()
}

fn read_spec(section: &Section<'_>) -> Option<RelabelSpec> {
    let defaults = RelabelSpec::default();
    let action = match section.get("action") {
        None => defaults.action,
        Some(node) => match section.reader.text(node)?.parse() {
            Ok(action) => action,
            Err(error) => return section.reader.reject(node, error),
        },
    };
    let source_labels = section.texts("source_labels");
    if let Some(empty) = source_labels.iter().find(|name| name.is_empty()) {
        let node = section.blame("source_labels");
        return section
            .reader
            .reject(node, format_args!("{empty:?} is not a valid label name"));
    }
    let text = |key: &str, default: String| match section.get(key) {
        None => Some(default),
        Some(node) => section.reader.text(node),
    };
    Some(RelabelSpec {
        source_labels,
        separator: text("separator", defaults.separator)?,
        regex: text("regex", defaults.regex)?,
        states_regex: section.get("regex").is_some(),
        modulus: section.unsigned("modulus").unwrap_or(defaults.modulus),
        target_label: text("target_label", defaults.target_label)?,
        replacement: text("replacement", defaults.replacement)?,
        action,
    })
}

/// Writes the steps in upstream's order of keys.
pub(crate) fn write_rules(yaml: &mut YamlWriter, key: &str, rules: &[RelabelRule]) {
    if rules.is_empty() {
        return;
    }
    yaml.mappings(key, rules, |yaml, rule| {
        let spec = rule.spec();
        if !spec.source_labels.is_empty() {
            yaml.flow_list("source_labels", &spec.source_labels);
        }
        yaml.entry("separator", &spec.separator);
        if spec.states_regex || spec.regex != RelabelSpec::default().regex {
            yaml.entry("regex", &spec.regex);
        }
        if spec.modulus != 0 {
            yaml.bare("modulus", spec.modulus);
        }
        if !spec.target_label.is_empty() {
            yaml.entry("target_label", &spec.target_label);
        }
        yaml.entry("replacement", &spec.replacement);
        yaml.entry("action", spec.action.as_str());
    });
}
