//! Relabeling rule by rule: what each one looked at, whether it applied, and what was left after it.

use super::{RelabelAction, RelabelRule};
use crate::{Labels, LabelsBuilder};

/// What one rule did to a label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelabelStep<'a> {
    /// The rule.
    pub rule: &'a RelabelRule,
    /// What it looked at.
    pub subject: Subject,
    /// Whether the condition of the rule held: its pattern matched, the two values were equal, or it
    /// has no condition.
    pub applied: bool,
    /// Whether the label set lives on.
    pub keep: bool,
    /// The labels after the rule; empty if the set was dropped.
    pub labels: Labels,
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The joined values of its source labels.
    Value(String),
    /// The same beside the value of the target label.
    Values {
        /// Of the source labels, joined.
        source: String,
        /// Of the target label.
        target: String,
    },
    /// The names of all labels; these ones match.
    Names(Vec<String>),
}

/// Applies the rules in order and tells of each. No rule runs on a set that was dropped.
pub fn trace<'a>(rules: &'a [RelabelRule], labels: &Labels) -> Vec<RelabelStep<'a>> {
    let mut builder = LabelsBuilder::from_labels(labels);
    let mut steps = Vec::with_capacity(rules.len());
    for rule in rules {
        let (subject, applied) = rule.examine(&builder);
        let keep = rule.apply(&mut builder);
        steps.push(RelabelStep {
            rule,
            subject,
            applied,
            keep,
            labels: if keep {
                builder.build()
            } else {
                Labels::empty()
            },
        });
        if !keep {
            break;
        }
    }
    steps
}

impl RelabelRule {
    fn examine(&self, labels: &LabelsBuilder) -> (Subject, bool) {
        let source = || self.source_value(labels).into_owned();
        match self.spec.action {
            RelabelAction::Replace | RelabelAction::Keep | RelabelAction::Drop => {
                let source = source();
                let applied = self.pattern.matcher.is_match(&source);
                (Subject::Value(source), applied)
            }
            RelabelAction::HashMod | RelabelAction::Lowercase | RelabelAction::Uppercase => {
                (Subject::Value(source()), true)
            }
            RelabelAction::KeepEqual | RelabelAction::DropEqual => {
                let target = labels.get(&self.spec.target_label).unwrap_or_default();
                let (source, target) = (source(), target.to_owned());
                let equal = source == target;
                (Subject::Values { source, target }, equal)
            }
            RelabelAction::LabelMap | RelabelAction::LabelDrop | RelabelAction::LabelKeep => {
                let matching = labels
                    .iter()
                    .map(|(name, _)| name)
                    .filter(|name| self.pattern.matcher.is_match(name));
                let mut names: Vec<String> = matching.map(str::to_owned).collect();
                names.sort_unstable();
                let applied = !names.is_empty();
                (Subject::Names(names), applied)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::NameValidationScheme;
    use crate::relabel::RelabelSpec;

    fn rule(action: RelabelAction, sources: &[&str], regex: &str, target: &str) -> RelabelRule {
        let spec = RelabelSpec {
            action,
            source_labels: sources.iter().map(|&name| name.to_owned()).collect(),
            regex: regex.to_owned(),
            target_label: target.to_owned(),
            modulus: u64::from(action == RelabelAction::HashMod),
            ..RelabelSpec::default()
        };
        RelabelRule::new(spec, NameValidationScheme::Utf8).unwrap()
    }

    #[test]
    fn each_rule_tells_what_it_saw_and_did() {
        use RelabelAction as Action;
        let value = |text: &str| Subject::Value(text.to_owned());
        let values = |source: &str, target: &str| Subject::Values {
            source: source.to_owned(),
            target: target.to_owned(),
        };
        let names =
            |names: &[&str]| Subject::Names(names.iter().map(|&name| name.to_owned()).collect());
        let cases = [
            (
                rule(Action::Replace, &["a", "b"], "(.*);y", "c"),
                value("x;y"),
                true,
                "x",
            ),
            (
                rule(Action::Replace, &["a"], "z", "c"),
                value("x"),
                false,
                "",
            ),
            (rule(Action::Keep, &["none"], "", ""), value(""), true, ""),
            (
                rule(Action::HashMod, &["a"], "(.*)", "c"),
                value("x"),
                true,
                "0",
            ),
            (
                rule(Action::Uppercase, &["a"], "(.*)", "c"),
                value("x"),
                true,
                "X",
            ),
            (
                rule(Action::DropEqual, &["a"], "(.*)", "b"),
                values("x", "y"),
                false,
                "",
            ),
            (
                rule(Action::LabelDrop, &[], "[bc]", ""),
                names(&["b"]),
                true,
                "",
            ),
            (rule(Action::LabelKeep, &[], "q", ""), names(&[]), false, ""),
        ];
        let labels = Labels::from_pairs([("a", "x"), ("b", "y")]);
        for (rule, subject, applied, c) in cases {
            let rules = [rule];
            let steps = trace(&rules, &labels);
            let [step] = steps.as_slice() else {
                panic!("one step for one rule");
            };
            assert_eq!(
                (&step.subject, step.applied),
                (&subject, applied),
                "{rules:?}"
            );
            assert_eq!(step.labels.get("c").unwrap_or_default(), c, "{rules:?}");
            assert!(step.keep);
        }
    }

    #[test]
    fn nothing_runs_on_what_was_dropped() {
        let rules = [
            rule(RelabelAction::Drop, &["a"], "x", ""),
            rule(RelabelAction::Replace, &["a"], "(.*)", "b"),
        ];
        let steps = trace(&rules, &Labels::from_pairs([("a", "x")]));
        assert_eq!(steps.len(), 1);
        assert!(!steps[0].keep && steps[0].applied && steps[0].labels.is_empty());
    }
}
