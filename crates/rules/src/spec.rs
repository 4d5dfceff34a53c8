//! What a group and its rules are to do, with the server's settings applied.

use std::collections::BTreeMap;
use std::time::Duration;

use config::rules::{AlertSpec, Rule, RuleGroup, RuleKind};
use model::duration;
use promql::ast::Expr;
use promql::parser::{self, ParseOptions};

use crate::load::LoadedFile;

/// Settings of groups that have none of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDefaults {
    /// How often rules are evaluated.
    pub interval: Duration,
    /// How far back rules look.
    pub query_offset: Duration,
    /// What expressions may use.
    pub parse: ParseOptions,
}

/// What a group is to do. Equal groups go on over a reload.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSpec {
    /// Where it was read.
    pub key: GroupKey,
    /// How often its rules are evaluated.
    pub interval: Duration,
    /// How far back they look.
    pub query_offset: Duration,
    /// Most series or alerts that a rule may bring; 0: any number.
    pub limit: usize,
    /// The rules.
    pub rules: Vec<RuleSpec>,
}

/// A group among all others. Ordered by file, then name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// The file.
    pub file: String,
    /// The group's name in the file.
    pub name: String,
}

impl GroupKey {
    /// As metrics and the API name a group.
    pub fn text(&self) -> String {
        format!("{};{}", self.file, self.name)
    }
}

/// What a rule is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Name of the new series or of the alert.
    pub name: String,
    /// The expression, printed in upstream's form.
    pub expr: String,
    /// The rule's labels, those of its group among them.
    pub labels: BTreeMap<String, String>,
    /// None: the value is stored under the name.
    pub alert: Option<AlertSpec>,
}

impl RuleSpec {
    fn new(rule: &Rule, group: &RuleGroup, parse: &ParseOptions) -> Self {
        let mut labels = group.labels.clone();
        labels.extend(rule.labels.clone());
        let expr = parser::parse(&rule.expr, parse);
        Self {
            name: rule.name().to_owned(),
            expr: expr.map_or_else(|_| rule.expr.clone(), |expr| expr.to_string()),
            labels,
            alert: match &rule.kind {
                RuleKind::Recording { .. } => None,
                RuleKind::Alerting(spec) => Some(spec.clone()),
            },
        }
    }

    /// What makes it the same rule after a reload or a restart: name and labels.
    pub(crate) fn identity(&self) -> String {
        let mut out = self.name.clone();
        for (name, value) in &self.labels {
            out.push('\0');
            out.push_str(name);
            out.push('=');
            out.push_str(value);
        }
        out
    }

    /// The expression as a tree; none only if the server's settings have changed under it.
    pub(crate) fn tree(&self) -> Option<Expr> {
        parser::parse(&self.expr, &ParseOptions::all()).ok()
    }
}

/// As a log line names a rule.
impl std::fmt::Display for RuleSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.alert {
            None => write!(f, "record: {}, expr: {}", self.name, self.expr),
            Some(alert) => {
                let hold = duration::format(alert.hold_duration);
                write!(f, "alert: {}, expr: {}, for: {hold}", self.name, self.expr)
            }
        }
    }
}

/// The groups of these files.
pub fn groups(files: &[LoadedFile], defaults: &GroupDefaults) -> Vec<GroupSpec> {
    let of_file = |file: &LoadedFile| {
        let groups = file.file.groups.iter();
        let groups = groups.map(|group| GroupSpec {
            key: GroupKey {
                file: file.path.clone(),
                name: group.name.clone(),
            },
            interval: group.interval.unwrap_or(defaults.interval),
            query_offset: group.query_offset.unwrap_or(defaults.query_offset),
            limit: usize::try_from(group.limit).unwrap_or_default(),
            rules: {
                let rules = group.rules.iter();
                rules
                    .map(|rule| RuleSpec::new(rule, group, &defaults.parse))
                    .collect()
            },
        });
        groups.collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}
