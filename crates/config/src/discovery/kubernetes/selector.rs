//! Selectors of Kubernetes objects, by labels and fields.

use crate::document::{Node, Reader, Schema, Section, YamlWriter};

use super::Setting;

/// Objects of one kind to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KubernetesSelector {
    /// The kind, as a role names it.
    pub role: String,
    /// Label selector.
    pub label: String,
    /// Field selector.
    pub field: String,
}

impl Setting for Vec<KubernetesSelector> {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let Some(node) = section.get(key) else {
            return default;
        };
        let items = section.reader.sequence(node).iter();
        items
            .filter_map(|item| read_one(section.reader, item))
            .collect()
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.mappings(key, self, |yaml, selector| {
            yaml.entry("role", &selector.role);
            if !selector.label.is_empty() {
                yaml.entry("label", &selector.label);
            }
            if !selector.field.is_empty() {
                yaml.entry("field", &selector.field);
            }
        });
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

fn read_one(reader: &Reader, item: &Node) -> Option<KubernetesSelector> {
    let section = Section::open(reader, item, &SCHEMA)?;
    let text = |key: &str| section.text(key).unwrap_or_default();
    Some(KubernetesSelector {
        role: text("role"),
        label: text("label"),
        field: text("field"),
    })
}

/// What the API server would refuse, in the words of its library.
pub(super) fn check(selector: &KubernetesSelector) -> Result<(), String> {
    check_fields(&selector.field)?;
    check_labels(&selector.label)
}

/// `metadata.name=x,status.phase!=Running`.
fn check_fields(text: &str) -> Result<(), String> {
    for term in text.split(',').filter(|term| !term.is_empty()) {
        if !term.contains('=') {
            return Err(format!(
                "invalid selector: '{text}'; can't understand '{term}'"
            ));
        }
    }
    Ok(())
}

/// `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
fn check_labels(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                return Err("found ')', expected: !, identifier, or 'end of string'".to_owned());
            }
            ')' => depth -= 1,
            _ => {}
        }
    }
    if depth > 0 {
        return Err("unable to parse requirement: found '', expected: ',' or ')'".to_owned());
    }
    let mut outside = 0_usize;
    let is_separator = |c: char| {
        match c {
            '(' => outside += 1,
            ')' => outside -= 1,
            _ => {}
        }
        c == ',' && outside == 0
    };
    let requirements: Vec<&str> = text.split(is_separator).collect();
    if text.trim().is_empty() {
        return Ok(());
    }
    requirements.into_iter().try_for_each(check_requirement)
}

fn check_requirement(text: &str) -> Result<(), String> {
    let text = text.trim();
    let key = text.strip_prefix('!').unwrap_or(text).trim_start();
    let end = key
        .find(|c: char| c.is_whitespace() || "=!<>(".contains(c))
        .unwrap_or(key.len());
    let (key, rest) = key.split_at(end);
    if key.is_empty() {
        return Err(format!(
            "unable to parse requirement: found '{}', expected: identifier",
            rest.trim()
        ));
    }
    let rest = rest.trim_start();
    let operators = ["==", "!=", "=", "<", ">"];
    let word = rest.split(|c: char| c.is_whitespace() || c == '(').next();
    let is_known = rest.is_empty()
        || operators.iter().any(|operator| rest.starts_with(operator))
        || matches!(word, Some("in" | "notin"));
    if is_known {
        return Ok(());
    }
    Err(format!(
        "unable to parse requirement: found '{}', expected: in, notin, =, ==, !=, gt, lt",
        word.unwrap_or_default()
    ))
}

const SCHEMA: Schema = Schema {
    type_name: "kubernetes.SelectorConfig",
    keys: &["role", "label", "field"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_checked() {
        let cases = [
            ("", "", None),
            (
                "metadata.name=a,status.phase!=b",
                "a=b,c in (d,e),!f,g",
                None,
            ),
            (
                "metadata.status-Running",
                "",
                Some(
                    "invalid selector: 'metadata.status-Running'; can't understand 'metadata.status-Running'",
                ),
            ),
            (
                "",
                "a b",
                Some(
                    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
                ),
            ),
            (
                "",
                "a in (b",
                Some("unable to parse requirement: found '', expected: ',' or ')'"),
            ),
            (
                "",
                "=a",
                Some("unable to parse requirement: found '=a', expected: identifier"),
            ),
        ];
        for (field, label, want) in cases {
            let selector = KubernetesSelector {
                role: "pod".to_owned(),
                label: label.to_owned(),
                field: field.to_owned(),
            };
            assert_eq!(check(&selector).err().as_deref(), want, "{field} {label}");
        }
    }
}
