//! Which further files a configuration names, whether or not the rest of it is right.

use crate::document::{self, Node, Value};
use crate::problem::Problems;

/// Patterns of files as the configuration has them; relative ones start at its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedFiles {
    /// `rule_files`
    pub rule_files: Vec<String>,
    /// `scrape_config_files`
    pub scrape_config_files: Vec<String>,
}

/// Reads which files are named. Everything else in the text may be wrong.
///
/// # Errors
/// The text is no YAML.
pub fn named_files(text: &str, file_name: &str) -> Result<NamedFiles, Problems> {
    let document = document::parse(text, file_name)?;
    let texts = |wanted: &str| {
        let value = document.get(wanted);
        value.map(texts).unwrap_or_default()
    };
    Ok(NamedFiles {
        rule_files: texts("rule_files"),
        scrape_config_files: texts("scrape_config_files"),
    })
}

fn texts(list: &Node) -> Vec<String> {
    let Value::Sequence(items) = &list.value else {
        return Vec::new();
    };
    let text = |item: &Node| match &item.value {
        Value::Typed(text) | Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_in_spite_of_faults() {
        let text = "rule_files: [a, 1]\nscrape_config_files: x\nglobe: {}\n";
        let named = named_files(text, "f").unwrap();
        assert_eq!(named.rule_files, ["a", "1"]);
        assert_eq!(named.scrape_config_files, [""; 0]);
        assert!(named_files("a: [", "f").is_err());
        assert_eq!(named_files("", "f"), Ok(NamedFiles::default()));
    }
}
