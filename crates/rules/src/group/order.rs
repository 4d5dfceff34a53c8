//! Which rules of a group may be evaluated at once, so that the outcome is that of one by one.

use model::alert::ALERT_NAME;
use model::label::METRIC_NAME;
use model::{MatchOp, Matcher};
use promql::ast::Expr;

use crate::rule::is_about_alerts;
use crate::spec::RuleSpec;

/// The rules in batches: those of one batch have nothing to do with each other, and read only what
/// earlier batches, or the group's last evaluation, have written.
pub(crate) fn batches(rules: &[RuleSpec]) -> Vec<Vec<usize>> {
    let reads: Vec<Reads> = rules.iter().map(reads).collect();
    let mut levels: Vec<usize> = Vec::with_capacity(rules.len());
    for (index, (rule, read)) in rules.iter().zip(&reads).enumerate() {
        let before = rules.iter().zip(&reads).zip(&levels).take(index);
        let related = before.filter(|((other, other_reads), _)| {
            read.touch(other) || other_reads.touch(rule) || writes_same(rule, other)
        });
        let level = related.map(|(_, level)| level + 1).max();
        levels.push(level.unwrap_or_default());
    }
    let count = levels.iter().max().map_or(0, |last| last + 1);
    let mut batches = vec![Vec::new(); count];
    for (index, level) in levels.into_iter().enumerate() {
        if let Some(batch) = batches.get_mut(level) {
            batch.push(index);
        }
    }
    batches
}

/// What an expression reads.
enum Reads {
    /// Series that these selectors find, each with a metric name.
    These(Vec<(String, Vec<Matcher>)>),
    /// Perhaps anything.
    Anything,
}

impl Reads {
    /// True if what the rule writes may be read.
    fn touch(&self, rule: &RuleSpec) -> bool {
        let Self::These(selectors) = self else {
            return true;
        };
        selectors.iter().any(|(name, matchers)| match &rule.alert {
            None => *name == rule.name,
            Some(_) => is_about_alerts(name) && can_be_alert(matchers, &rule.name),
        })
    }
}

fn can_be_alert(matchers: &[Matcher], alert: &str) -> bool {
    let mut of_name = matchers
        .iter()
        .filter(|matcher| matcher.name() == ALERT_NAME);
    of_name.all(|matcher| matcher.matches(alert))
}

fn writes_same(rule: &RuleSpec, other: &RuleSpec) -> bool {
    rule.alert.is_none() && other.alert.is_none() && rule.name == other.name
}

fn reads(rule: &RuleSpec) -> Reads {
    let Some(tree) = rule.tree() else {
        return Reads::Anything;
    };
    let mut selectors = Vec::new();
    let mut has_other = false;
    let mut add = |matchers: &[Matcher]| {
        let name = matchers
            .iter()
            .find(|matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal);
        match name {
            Some(name) => selectors.push((name.value().to_owned(), matchers.to_vec())),
            None => has_other = true,
        }
    };
    tree.walk(&mut |expr| match expr {
        Expr::InstantSelector(selector) => add(&selector.matchers),
        Expr::RangeSelector(range) => add(&range.selector.matchers),
        _ => {}
    });
    match has_other {
        true => Reads::Anything,
        false => Reads::These(selectors),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use config::rules::AlertSpec;

    use super::*;

    fn rule(text: &str) -> RuleSpec {
        let (name, expr) = text.split_once(" = ").unwrap();
        let alert = name.strip_prefix('!');
        RuleSpec {
            name: alert.unwrap_or(name).to_owned(),
            expr: expr.to_owned(),
            labels: BTreeMap::new(),
            alert: alert.map(|_| AlertSpec::default()),
        }
    }

    #[test]
    fn rules_that_have_to_do_with_each_other_are_apart() {
        let cases: [(&[&str], &[&[usize]]); 8] = [
            (&[], &[]),
            (&["a = up", "b = up"], &[&[0, 1]]),
            (
                &["a = up", "b = a", "c = up", "d = b + c"],
                &[&[0, 2], &[1], &[3]],
            ),
            (&["a = b", "b = up"], &[&[0], &[1]]),
            (
                &["a = up", "b = {job=\"x\"}", "c = up"],
                &[&[0], &[1], &[2]],
            ),
            (&["a = up", "a = down"], &[&[0], &[1]]),
            (
                &[
                    "!A = up",
                    "b = count(ALERTS)",
                    "c = ALERTS{alertname=\"B\"}",
                ],
                &[&[0, 2], &[1]],
            ),
            (&["a = up", "b = rate(a[5m])"], &[&[0], &[1]]),
        ];
        for (texts, want) in cases {
            let rules: Vec<RuleSpec> = texts.iter().map(|text| rule(text)).collect();
            assert_eq!(batches(&rules), want, "{texts:?}");
        }
    }
}
