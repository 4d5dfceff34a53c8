//! `static_configs`, and the files of `file_sd_configs`, which hold the same groups.

use model::label::{ADDRESS, is_label_name};
use model::{Labels, LabelsBuilder, TargetGroup};

use crate::document::{self, Node, Reader, Schema, Section, Value, YamlWriter};
use crate::problem::Problems;

const SCHEMA: Schema = Schema {
    type_name: "targetgroup.Group",
    keys: &["targets", "labels"],
};

/// Reads the groups of `static_configs`. Where nothing is relabeled, addresses must be such already.
pub(super) fn read(section: &Section<'_>) -> Vec<TargetGroup> {
    let (reader, items) = (section.reader, section.items("static_configs"));
    let is_final = section.items("relabel_configs").is_empty();
    let group = |(index, item): (usize, &Node)| {
        if item.value == Value::Null {
            return reader.reject(item, "empty or null section in static_configs");
        }
        let group = read_group(reader, item, index.to_string())?;
        if is_final {
            check_addresses(reader, item, &group);
        }
        Some(group)
    };
    items.iter().enumerate().filter_map(group).collect()
}

/// Reads the groups of a target file, JSON or YAML, which is a list of them. The source of each is
/// the file and its index: `targets.yml:0`.
///
/// # Errors
/// The text is no such list, or has unknown keys, an empty entry or an invalid label name.
pub fn parse_target_file(text: &str, file: &str) -> Result<Vec<TargetGroup>, Problems> {
    let document = document::parse(text, file)?;
    let reader = Reader::new(file);
    // A file that is just being written is empty for a moment. In YAML that is a valid list.
    if document.value == Value::Null && file.to_ascii_lowercase().ends_with(".json") {
        reader.invalid(document.place, "unexpected end of JSON input");
    }
    let group = |(index, item): (usize, &Node)| {
        if item.value == Value::Null {
            return reader.reject(
                item,
                format_args!("nil target group item found (index {index})"),
            );
        }
        read_group(&reader, item, format!("{file}:{index}"))
    };
    let groups = reader
        .sequence(&document)
        .iter()
        .enumerate()
        .filter_map(group)
        .collect();
    reader.finish(groups)
}

fn read_group(reader: &Reader, node: &Node, source: String) -> Option<TargetGroup> {
    let section = Section::open(reader, node, &SCHEMA)?;
    let addresses = section.texts("targets");
    let targets = addresses
        .iter()
        .map(|address| Labels::from_pairs([(ADDRESS, address)]));
    let targets = targets.collect();
    let labels = section
        .get("labels")
        .map(|labels| read_labels(reader, labels));
    Some(TargetGroup {
        source,
        targets,
        labels: labels.unwrap_or_default(),
    })
}

/// Reads a label set.
pub(crate) fn read_labels(reader: &Reader, node: &Node) -> Labels {
    let mut labels = LabelsBuilder::new();
    for (key_node, name, value) in reader.mapping(node) {
        if !is_label_name(&name) {
            reader.invalid(
                key_node.place,
                format_args!("{name:?} is not a valid label name"),
            );
        } else if let Some(value) = reader.label_value(value) {
            labels.set(&name, &value);
        }
    }
    labels.build()
}

/// Addresses are host and port; whoever writes a URL is told before the first scrape.
fn check_addresses(reader: &Reader, node: &Node, group: &TargetGroup) {
    for address in group
        .targets
        .iter()
        .filter_map(|target| target.get(ADDRESS))
    {
        if address.contains('/') {
            let place = place_of_target(node, address);
            reader.invalid(place, format_args!("{address:?} is not a valid hostname"));
        }
    }
}

fn place_of_target(group: &Node, address: &str) -> document::Place {
    group
        .find_text(address)
        .map_or(group.place, |node| node.place)
}

pub(super) fn write(yaml: &mut YamlWriter, group: &TargetGroup) {
    yaml.list(
        "targets",
        group
            .targets
            .iter()
            .filter_map(|target| target.get(ADDRESS)),
    );
    if !group.labels.is_empty() {
        yaml.mapping("labels", |yaml| {
            for (name, value) in &group.labels {
                yaml.entry(name, value);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_files_are_read_group_by_group() {
        let text = r#"[{"targets": ["a:1"], "labels": {"x": "\ud83d\ude00 \/"}}, {"targets": []}]"#;
        let groups = parse_target_file(text, "t.json").unwrap();
        assert_eq!(groups[0].labels, Labels::from_pairs([("x", "😀 /")]));
        assert_eq!(
            (groups[1].source.as_str(), groups[1].targets.len()),
            ("t.json:1", 0)
        );
        assert_eq!(parse_target_file("", "t.yml"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_list_of_groups_is_refused() {
        let cases = [
            ("", "t.json:1:1: unexpected end of JSON input"),
            (
                "{}",
                "t.json:1:1: yaml: unmarshal errors: cannot unmarshal !!map into list",
            ),
            (
                "[null]",
                "t.json:1:2: nil target group item found (index 0)",
            ),
            (
                "[{\"labels\": {\"\": \"x\"}}]",
                "t.json:1:14: \"\" is not a valid label name",
            ),
        ];
        for (text, want) in cases {
            let told = parse_target_file(text, "t.json").unwrap_err().to_string();
            assert_eq!(told, want, "{text}");
        }
    }
}
