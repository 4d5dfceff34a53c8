//! Differences grouped by kind and by what the smallest expression is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::differential::ask::{Manner, Pair};
use crate::differential::compare::{Difference, Kind};
use crate::differential::queries::Query;
use crate::differential::shrink;

/// Most texts that are tried for one expression.
const MAX_TRIED: usize = 600;

/// What one run found.
pub(super) struct Report {
    /// Examples to make smaller in each group.
    shrunk: usize,
    asked: BTreeMap<&'static str, usize>,
    groups: BTreeMap<(Kind, String), Vec<Found>>,
    lines: Vec<String>,
}

/// One difference with its smallest expression.
struct Found {
    expression: String,
    manner: String,
    difference: Difference,
}

impl Report {
    /// An empty one.
    pub(super) const fn new(shrunk: usize) -> Self {
        Self {
            shrunk,
            asked: BTreeMap::new(),
            groups: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// Counts one question.
    pub(super) fn count_asked(&mut self, query: &Query) {
        *self.asked.entry(query.origin.name()).or_default() += 1;
    }

    /// Takes a difference in, made smaller if its group has few examples yet.
    pub(super) fn add(
        &mut self,
        pair: &mut Pair,
        query: &Query,
        manner: &Manner,
        difference: Difference,
    ) -> Result<()> {
        let is_missing = difference.kind == Kind::Missing;
        let (expression, difference) = if is_missing || self.is_known(&query.text, &difference) {
            (query.text.clone(), difference)
        } else {
            smallest(pair, &query.text, manner, difference)?
        };
        let cause = if is_missing {
            manner.describe()
        } else {
            cause(&expression)
        };
        let line = json!({
            "origin": query.origin.name(),
            "kind": format!("{:?}", difference.kind),
            "query": query.text,
            "smallest": expression,
            "manner": manner.describe(),
            "prometheus": difference.theirs,
            "narthex": difference.ours,
        });
        self.lines.push(line.to_string());
        self.groups
            .entry((difference.kind, cause))
            .or_default()
            .push(Found {
                expression,
                manner: manner.describe(),
                difference,
            });
        Ok(())
    }

    /// Whether there are enough small examples of what is likely the same.
    fn is_known(&self, expression: &str, difference: &Difference) -> bool {
        let group = self.groups.get(&(difference.kind, cause(expression)));
        group.is_some_and(|found| found.len() >= self.shrunk)
    }

    /// Number of differences.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// One line.
    pub(super) fn summary(&self) -> String {
        let asked: usize = self.asked.values().sum();
        let (differences, groups) = (self.lines.len(), self.groups.len());
        format!("{asked} questions, {differences} differences in {groups} groups")
    }

    /// Writes `<name>.md` and `<name>.jsonl` and returns the path of the first.
    pub(super) fn write(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        fs::write(folder.join(format!("{name}.jsonl")), self.lines.join("\n"))?;
        let path = folder.join(format!("{name}.md"));
        fs::write(&path, self.page(name))?;
        Ok(path)
    }

    fn page(&self, name: &str) -> String {
        let mut page = format!("# Differential run, {name}\n\n{}\n\n", self.summary());
        for (origin, asked) in &self.asked {
            let _ = writeln!(page, "- {origin}: {asked} questions");
        }
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|((kind, _), found)| (*kind, std::cmp::Reverse(found.len())));
        let mut before = None;
        for ((kind, cause), found) in groups {
            if before != Some(kind) {
                let total = self.groups.iter().filter(|((other, _), _)| other == kind);
                let total: usize = total.map(|(_, found)| found.len()).sum();
                let _ = writeln!(page, "\n## {kind:?}: {total}\n");
                before = Some(kind);
            }
            let _ = writeln!(page, "### {cause}: {}\n", found.len());
            let mut found: Vec<&Found> = found.iter().collect();
            found.sort_by_key(|found| found.expression.len());
            for found in found.iter().take(MAX_EXAMPLES) {
                let Difference { theirs, ours, .. } = &found.difference;
                let expression = found.expression.replace('\n', " ");
                let _ = writeln!(page, "- `{expression}` ({})", found.manner);
                let _ = writeln!(page, "  - prometheus: {theirs}\n  - narthex: {ours}");
            }
            page.push('\n');
        }
        page
    }
}

const MAX_EXAMPLES: usize = 3;

/// The smallest expression that differs in the same kind, and how.
fn smallest(
    pair: &mut Pair,
    expression: &str,
    manner: &Manner,
    difference: Difference,
) -> Result<(String, Difference)> {
    let mut best = (expression.to_owned(), difference);
    let (mut tried, mut seen) = (0, BTreeSet::new());
    'smaller: while tried < MAX_TRIED {
        for candidate in shrink::candidates(&best.0) {
            if !seen.insert(candidate.clone()) {
                continue;
            }
            tried += 1;
            let differences = pair.differences(&candidate, manner)?;
            let same = differences
                .into_iter()
                .find(|found| found.kind == best.1.kind);
            if let Some(same) = same {
                best = (candidate, same);
                continue 'smaller;
            }
            if tried >= MAX_TRIED {
                break;
            }
        }
        break;
    }
    Ok(best)
}

/// Names of functions, aggregations and keywords in an expression, and its operators.
fn cause(expression: &str) -> String {
    let mut names = BTreeSet::new();
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut rest = expression;
    while let Some(start) = rest.find(is_part) {
        let word = &rest[start..];
        let end = word.find(|letter| !is_part(letter)).unwrap_or(word.len());
        let (name, after) = word.split_at(end);
        let after_name = after.trim_start();
        let is_call = ["(", "by (", "without ("]
            .iter()
            .any(|text| after_name.starts_with(text));
        if (is_call && !SYNTAX.contains(&name)) || KEYWORDS.contains(&name) {
            names.insert(name);
        }
        rest = after;
    }
    names.extend(
        OPERATORS
            .iter()
            .filter(|text| expression.contains(**text))
            .map(|text| text.trim()),
    );
    if names.is_empty() {
        return "selectors and literals".to_owned();
    }
    names.into_iter().collect::<Vec<_>>().join(" ")
}

const OPERATORS: [&str; 12] = [
    "==", "!=", "<=", ">=", "</", ">/", " + ", " - ", " * ", " / ", " % ", " ^ ",
];

const SYNTAX: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

const KEYWORDS: [&str; 13] = [
    "offset",
    "bool",
    "and",
    "or",
    "unless",
    "atan2",
    "anchored",
    "smoothed",
    "fill",
    "fill_left",
    "fill_right",
    "group_left",
    "group_right",
];

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn causes_are_named_by_what_is_called() {
        let cases = [
            ("sum by (a) (rate(x[5m])) / y", "/ rate sum"),
            ("x{a=\"b\"}[5m]", "selectors and literals"),
            ("x offset 5m", "offset"),
        ];
        for (expression, name) in cases {
            assert_eq!(cause(expression), name);
        }
    }
}
