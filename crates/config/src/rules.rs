//! Rule files: groups of recording and alerting rules.
//!
//! What an expression or a template may be is not known here: whoever loads a file brings the
//! check, and what it finds wrong is told at its place in the file.

mod locate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use model::label::{METRIC_NAME, NameValidationScheme};

use crate::document::{self, Node, Place, Reader, Schema, Section};
use crate::problem::Problems;
use locate::locate;

/// A file of rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleFile {
    /// The groups in the order of the file; names are unique.
    pub groups: Vec<RuleGroup>,
    /// True if other documents follow, which are not read.
    pub has_more_documents: bool,
}

/// Rules that are evaluated together, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleGroup {
    /// Name, unique in its file.
    pub name: String,
    /// How often the rules are evaluated; none: as the server's `evaluation_interval` says.
    pub interval: Option<Duration>,
    /// How far back the rules look; none: as the server's `rule_query_offset` says.
    pub query_offset: Option<Duration>,
    /// Most series that a recording rule, or alerts that an alerting rule, may bring; 0 or less: any
    /// number.
    pub limit: i64,
    /// Labels of each rule that has no label of the same name itself.
    pub labels: BTreeMap<String, String>,
    /// The rules, in the order of their evaluation.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What becomes of the expression's value.
    pub kind: RuleKind,
    /// The expression.
    pub expr: String,
    /// Labels that the series or alerts get; those of alerts are templates.
    pub labels: BTreeMap<String, String>,
}

/// What becomes of the value of a rule's expression.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    /// It is stored.
    Recording {
        /// Name of the new series.
        record: String,
    },
    /// It is a reason to tell somebody.
    Alerting(AlertSpec),
}

/// What an alerting rule says beside its expression and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertSpec {
    /// Name of the alert.
    pub alert: String,
    /// `for`: how long the expression must have had a value before the alert fires.
    pub hold_duration: Duration,
    /// How long the alert fires after the expression has lost its value.
    pub keep_firing_for: Duration,
    /// Templates of what people are told.
    pub annotations: BTreeMap<String, String>,
}

impl Rule {
    /// The name of the series or of the alert.
    pub fn name(&self) -> &str {
        match &self.kind {
            RuleKind::Recording { record } => record,
            RuleKind::Alerting(spec) => &spec.alert,
        }
    }
}

/// How a file is read.
#[derive(Clone, Copy)]
pub struct ReadOptions<'a> {
    /// True if keys that nobody knows are passed over.
    pub ignore_unknown_keys: bool,
    /// Names that series and labels may have.
    pub scheme: NameValidationScheme,
    /// Finds what is wrong with the expression and the templates of a rule.
    pub check: &'a dyn Fn(&Rule) -> Vec<Fault>,
}

/// What is wrong with a part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The part.
    pub part: FaultyPart,
    /// What is wrong with it.
    pub message: String,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultyPart {
    /// The expression, at this byte.
    Expression(usize),
    /// The label with this name.
    Label(String),
    /// The annotation with this name.
    Annotation(String),
}

const FILE_SCHEMA: Schema = Schema {
    type_name: "rulefmt.RuleGroups",
    keys: &["groups"],
};

const GROUP_SCHEMA: Schema = Schema {
    type_name: "rulefmt.RuleGroup",
    keys: &[
        "name",
        "interval",
        "query_offset",
        "limit",
        "rules",
        "labels",
    ],
};

const RULE_SCHEMA: Schema = Schema {
    type_name: "rulefmt.Rule",
    keys: &[
        "record",
        "alert",
        "expr",
        "for",
        "keep_firing_for",
        "labels",
        "annotations",
    ],
};

/// Reads and checks a file. Of several documents the first one counts.
///
/// # Errors
/// Everything that is wrong in the file, each with its place. Nothing of the file counts then.
pub fn load(text: &str, file_name: &str, options: ReadOptions<'_>) -> Result<RuleFile, Problems> {
    let (document, has_more_documents) = document::parse_first(text, file_name)?;
    let reader = Reader::new(file_name).ignoring_unknown_keys(options.ignore_unknown_keys);
    let reading = Reading {
        text,
        reader: &reader,
        options,
    };
    let groups = reading.file(&document);
    reader.finish(RuleFile {
        groups: groups.unwrap_or_default(),
        has_more_documents,
    })
}

/// A file being read.
struct Reading<'a> {
    text: &'a str,
    reader: &'a Reader,
    options: ReadOptions<'a>,
}

/// Where a rule is among the others, as messages say it.
struct Position<'a> {
    group: &'a str,
    /// From 1.
    number: usize,
    name: String,
}

impl Position<'_> {
    fn tell(&self, message: &str) -> String {
        let (group, number, name) = (self.group, self.number, &self.name);
        format!("group {group:?}, rule {number}, {name:?}: {message}")
    }
}

impl Reading<'_> {
    fn file(&self, document: &Node) -> Option<Vec<RuleGroup>> {
        let section = Section::open(self.reader, document, &FILE_SCHEMA)?;
        let mut groups: Vec<RuleGroup> = Vec::new();
        for node in section.items("groups") {
            let Some(group) = self.group(node) else {
                continue;
            };
            if group.name.is_empty() {
                self.reader
                    .invalid(node.place, "Groupname must not be empty");
            } else if groups.iter().any(|earlier| earlier.name == group.name) {
                let name = &group.name;
                self.reader.invalid(
                    node.place,
                    format_args!("groupname: \"{name}\" is repeated in the same file"),
                );
            }
            groups.push(group);
        }
        Some(groups)
    }

    fn group(&self, node: &Node) -> Option<RuleGroup> {
        let section = Section::open(self.reader, node, &GROUP_SCHEMA)?;
        let name = section.text("name").unwrap_or_default();
        let labels = self.labels(&section, "labels", &|message| message);
        let rules = section.items("rules").iter().enumerate();
        let rules = rules.filter_map(|(index, node)| self.rule(node, &name, index + 1));
        Some(RuleGroup {
            interval: section.duration_above_zero("interval"),
            query_offset: section.duration("query_offset"),
            limit: section.integer("limit").unwrap_or_default(),
            rules: rules.collect(),
            labels,
            name,
        })
    }

    fn rule(&self, node: &Node, group: &str, number: usize) -> Option<Rule> {
        let section = Section::open(self.reader, node, &RULE_SCHEMA)?;
        let text = |key: &str| section.text(key).filter(|text| !text.is_empty());
        let (record, alert) = (text("record"), text("alert"));
        let name = alert.clone().or_else(|| record.clone()).unwrap_or_default();
        let at = Position {
            group,
            number,
            name,
        };
        let refuse = |place: Place, message: &str| self.reader.invalid(place, at.tell(message));
        let expr = text("expr");
        if expr.is_none() {
            let place = section.blame("expr").place;
            refuse(place, "field 'expr' must be set in rule");
        }
        let labels = self.labels(&section, "labels", &|message| at.tell(&message));
        let annotations = self.annotations(&section, &at);
        let spec = AlertSpec {
            alert: String::new(),
            hold_duration: section.duration("for").unwrap_or_default(),
            keep_firing_for: section.duration("keep_firing_for").unwrap_or_default(),
            annotations,
        };
        let kind = match (record, alert) {
            (Some(_), Some(_)) => {
                let place = section.blame("record").place;
                refuse(place, "only one of 'record' and 'alert' must be set");
                return None;
            }
            (None, None) => {
                refuse(node.place, "one of 'record' or 'alert' must be set");
                return None;
            }
            (Some(record), None) => {
                let place = section.blame("record").place;
                self.check_recording(&record, &spec, &|message| refuse(place, message));
                RuleKind::Recording { record }
            }
            (None, Some(alert)) => RuleKind::Alerting(AlertSpec { alert, ..spec }),
        };
        let rule = Rule {
            kind,
            expr: expr?,
            labels,
        };
        for fault in (self.options.check)(&rule) {
            refuse(self.place(&section, &rule, &fault.part), &fault.message);
        }
        Some(rule)
    }

    /// Where a part of a rule is.
    fn place(&self, section: &Section<'_>, rule: &Rule, part: &FaultyPart) -> Place {
        let in_mapping = |key: &str, name: &str| {
            let entries = section.get(key).map(|node| self.reader.mapping(node));
            let found = entries
                .into_iter()
                .flatten()
                .find(|(_, key, _)| key == name);
            found.map_or(section.node.place, |(_, _, value)| value.place)
        };
        match part {
            FaultyPart::Expression(offset) => {
                let start = section.blame("expr").place;
                locate(self.text, start, &rule.expr, *offset)
            }
            FaultyPart::Label(name) => in_mapping("labels", name),
            FaultyPart::Annotation(name) => in_mapping("annotations", name),
        }
    }

    fn check_recording(&self, record: &str, spec: &AlertSpec, refuse: &dyn Fn(&str)) {
        if !spec.annotations.is_empty() {
            refuse("invalid field 'annotations' in recording rule");
        }
        if !spec.hold_duration.is_zero() {
            refuse("invalid field 'for' in recording rule");
        }
        if !spec.keep_firing_for.is_zero() {
            refuse("invalid field 'keep_firing_for' in recording rule");
        }
        if !self.options.scheme.is_metric_name(record) {
            refuse(&format!("invalid recording rule name: {record}"));
        }
        if record.contains(['{', '}']) {
            refuse(&format!(
                "braces present in the recording rule name; should it be in expr?: {record}"
            ));
        }
    }

    fn labels(
        &self,
        section: &Section<'_>,
        key: &str,
        tell: &dyn Fn(String) -> String,
    ) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        for (key_node, name, value) in self.entries(section, key) {
            if !self.options.scheme.is_label_name(&name) || name == METRIC_NAME {
                let message = tell(format!("invalid label name: {name}"));
                self.reader.invalid(key_node.place, message);
            }
            if let Some(value) = self.reader.label_value(value) {
                labels.insert(name, value);
            }
        }
        labels
    }

    fn annotations(&self, section: &Section<'_>, at: &Position<'_>) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::new();
        for (key_node, name, value) in self.entries(section, "annotations") {
            if !self.options.scheme.is_label_name(&name) {
                let message = at.tell(&format!("invalid annotation name: {name}"));
                self.reader.invalid(key_node.place, message);
            }
            if let (Some(value), Entry::Vacant(entry)) =
                (self.reader.text(value), annotations.entry(name))
            {
                entry.insert(value);
            }
        }
        annotations
    }

    fn entries<'d>(&self, section: &Section<'d>, key: &str) -> Vec<(&'d Node, String, &'d Node)> {
        let node = section.get(key);
        node.map(|node| self.reader.mapping(node))
            .unwrap_or_default()
    }
}
