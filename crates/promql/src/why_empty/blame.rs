//! Which matcher of a selector leaves no series.

use model::label::METRIC_NAME;
use model::{MatchOp, Matcher, TimeRange};
use storage::LabelQuery;

use super::Inquiry;
use super::near::{literals, nearest};
use crate::query::QueryError;

/// Why no series match. All counts are of the selector's range, or of all time if nothing in the
/// range has its metric name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// Series that are left after each matcher, those of the metric name first, up to the one that
    /// leaves none.
    pub left: Vec<Count>,
    /// Matchers without which, one alone left out, series would match, and how many.
    pub without: Vec<Count>,
    /// The label of the matcher that leaves no series.
    pub label: String,
    /// True if there is a label with this name.
    pub label_exists: bool,
    /// Names of labels like it, the nearest first, if there is none.
    pub near_names: Vec<String>,
    /// Values that the label has and that are like the wanted one, the nearest first: of series
    /// that all other matchers match, or else those before it.
    pub near_values: Vec<String>,
    /// True if there are so many names or values that not all were looked at.
    pub is_partial: bool,
}

/// A matcher, and a number of series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// As an expression writes it.
    pub matcher: String,
    /// How many.
    pub series: usize,
}

impl Inquiry<'_> {
    /// Finds what is to blame for a selector that matches nothing.
    pub(super) fn blame(&self, ordered: &[Matcher], range: TimeRange) -> Result<Blame, QueryError> {
        let range = match ordered.first() {
            Some(first) if self.count(std::slice::from_ref(first), range)? == 0 => TimeRange::ALL,
            _ => range,
        };
        let mut blame = Blame::default();
        let mut culprit = 0;
        for (index, matcher) in ordered.iter().enumerate() {
            let series = self.count(ordered.get(..=index).unwrap_or(ordered), range)?;
            blame.left.push(count_of(matcher, series));
            culprit = index;
            if series == 0 {
                break;
            }
        }
        let mut around = ordered.get(..culprit).unwrap_or_default().to_vec();
        for (index, matcher) in ordered.iter().enumerate() {
            let mut others = ordered.to_vec();
            others.remove(index);
            if others.is_empty() {
                continue;
            }
            let series = self.count(&others, range)?;
            if series > 0 {
                blame.without.push(count_of(matcher, series));
                if index == culprit {
                    around = others;
                }
            }
        }
        if let Some(matcher) = ordered.get(culprit) {
            self.suggest(matcher, around, range, &mut blame)?;
        }
        Ok(blame)
    }

    /// Names and values near those of a matcher; values are of series that `around` matches.
    fn suggest(
        &self,
        matcher: &Matcher,
        around: Vec<Matcher>,
        range: TimeRange,
        blame: &mut Blame,
    ) -> Result<(), QueryError> {
        self.interrupt.check()?;
        matcher.name().clone_into(&mut blame.label);
        let querier = self.store.querier(range)?;
        let (names, _) = querier.label_names(&asked(Vec::new()))?;
        blame.label_exists = names.iter().any(|name| name == matcher.name());
        if !blame.label_exists && matcher.name() != METRIC_NAME {
            blame.is_partial = names.len() >= MOST_LOOKED_AT;
            blame.near_names = nearest(&[matcher.name()], names);
            return Ok(());
        }
        let wanted = match matcher.op() {
            MatchOp::Equal => vec![matcher.value()],
            MatchOp::Regex => literals(matcher.value()),
            // Who does not want a value does not want one like it.
            MatchOp::NotEqual | MatchOp::NotRegex => return Ok(()),
        };
        let (values, _) = querier.label_values(matcher.name(), &asked(around))?;
        blame.is_partial = values.len() >= MOST_LOOKED_AT;
        blame.near_values = nearest(&wanted, values);
        Ok(())
    }
}

fn count_of(matcher: &Matcher, series: usize) -> Count {
    Count {
        matcher: matcher.to_string(),
        series,
    }
}

fn asked(matchers: Vec<Matcher>) -> LabelQuery {
    LabelQuery {
        matchers,
        limit: MOST_LOOKED_AT,
    }
}

/// Names or values that are compared with the one that was asked for.
const MOST_LOOKED_AT: usize = 10_000;
