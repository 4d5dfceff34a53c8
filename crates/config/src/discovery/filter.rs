//! Filters that an API takes: a name with the values that fit.

use crate::document::{Reader, Schema, Section, YamlWriter};

use super::entry::Setting;

/// Keeps what has one of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// What the API calls it: `label`, `tag:environment`.
    pub name: String,
    /// Values, one of which must fit.
    pub values: Vec<String>,
}

impl Setting for Vec<Filter> {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        match section.get(key) {
            Some(node) => {
                let items = section.reader.sequence(node).iter();
                items
                    .filter_map(|item| read_one(section.reader, item))
                    .collect()
            }
            None => default,
        }
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        if self.is_empty() {
            return yaml.bare(key, "[]");
        }
        yaml.mappings(key, self, |yaml, filter| {
            yaml.entry("name", &filter.name);
            filter.values.write(yaml, "values");
        });
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

fn read_one(reader: &Reader, item: &crate::document::Node) -> Option<Filter> {
    let section = Section::open(reader, item, &SCHEMA)?;
    Some(Filter {
        name: section.text("name").unwrap_or_default(),
        values: section.texts("values"),
    })
}

const SCHEMA: Schema = Schema {
    type_name: "discovery.Filter",
    keys: &["name", "values"],
};
