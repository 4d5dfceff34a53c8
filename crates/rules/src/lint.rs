//! What is allowed in a file of rules and is probably a mistake.

use std::collections::BTreeMap;

use config::rules::RuleFile;

/// A rule that is in a file more than once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duplicate {
    /// Name of the series or of the alert.
    pub metric: String,
    /// The rule's labels.
    pub labels: BTreeMap<String, String>,
}

/// Rules that have name and labels in common with another one, each once.
pub fn duplicates(file: &RuleFile) -> Vec<Duplicate> {
    let rules = file.groups.iter().flat_map(|group| &group.rules);
    let mut all: Vec<Duplicate> = rules
        .map(|rule| Duplicate {
            metric: rule.name().to_owned(),
            labels: rule.labels.clone(),
        })
        .collect();
    all.sort();
    let pairs = all.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut found: Vec<Duplicate> = pairs.map(|pair| pair[0].clone()).collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{LoadOptions, load_text};

    #[test]
    fn rules_with_equal_names_and_labels_are_found_once() {
        let text = "groups:
- name: a
  rules:
  - {record: x, expr: '1'}
  - {record: x, expr: '2'}
  - {record: y, expr: '1', labels: {a: b}}
- name: b
  rules:
  - {record: x, expr: '3'}
  - {record: y, expr: '1', labels: {a: c}}
";
        let file = load_text(text, "a.yml", &LoadOptions::default()).unwrap();
        let found = duplicates(&file);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].metric, "x");
    }
}
