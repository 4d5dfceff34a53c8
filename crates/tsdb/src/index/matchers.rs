//! From matchers to series: one plan for the head and for blocks.
//!
//! A matcher that the empty text passes also selects series without the label. It is answered
//! backwards: by the series that have a value which fails, to be taken away at the end.

use model::{MatchOp, Matcher};

use super::postings_ops::{intersect, subtract, unite};

/// An index of label pairs, in memory or in a file. Lists are sorted.
pub(crate) trait PostingsSource {
    /// Why a look-up failed.
    type Error;

    /// All series.
    fn all(&self) -> Result<Vec<u32>, Self::Error>;

    /// Series that have this label with this value, added to `list`.
    fn pair(&self, name: &str, value: &str, list: &mut Vec<u32>) -> Result<(), Self::Error>;

    /// Series that have this label with a value that starts with `prefix` and that `keep` accepts,
    /// added to `list`, value by value.
    fn values(
        &self,
        name: &str,
        prefix: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        list: &mut Vec<u32>,
    ) -> Result<(), Self::Error>;
}

/// Series on which all matchers hold, sorted.
pub(crate) fn resolve<S: PostingsSource>(
    source: &S,
    matchers: &[Matcher],
) -> Result<Vec<u32>, S::Error> {
    let mut found: Option<Vec<u32>> = None;
    let (mut required, backwards): (Vec<_>, Vec<_>) = matchers
        .iter()
        .filter(|m| !always_holds(m))
        .partition(|m| !m.matches_empty());
    // Single look-ups first: an empty one ends the search before any pattern is tried.
    required.sort_by_key(|matcher| !is_look_up(matcher));
    for matcher in required {
        let list = passing(source, matcher)?;
        let narrowed = match found {
            Some(before) => intersect(&before, &list),
            None => list,
        };
        if narrowed.is_empty() {
            return Ok(narrowed);
        }
        found = Some(narrowed);
    }
    let mut found = found.map_or_else(|| source.all(), Ok)?;
    for matcher in backwards {
        if found.is_empty() {
            break;
        }
        found = subtract(&found, &failing(source, matcher)?);
    }
    Ok(found)
}

/// True for `name=~".*"`, which says nothing.
fn always_holds(matcher: &Matcher) -> bool {
    let everything = matcher.regex().is_some_and(|r| r.matches_everything());
    matcher.op() == MatchOp::Regex && everything
}

fn is_look_up(matcher: &Matcher) -> bool {
    matcher.op() == MatchOp::Equal || matcher.regex().is_some_and(|r| r.literals().is_some())
}

/// Series with a value that passes. The empty text does not pass this matcher.
fn passing<S: PostingsSource>(source: &S, matcher: &Matcher) -> Result<Vec<u32>, S::Error> {
    let mut list = Vec::new();
    let literals = matcher.regex().and_then(|regex| regex.literals());
    match (matcher.op(), literals) {
        (MatchOp::Equal, _) => source.pair(matcher.name(), matcher.value(), &mut list)?,
        (MatchOp::Regex, Some(literals)) => {
            pairs(source, matcher.name(), literals, &mut list)?;
        }
        (op, _) => {
            let prefix = matcher
                .regex()
                .filter(|_| op == MatchOp::Regex)
                .map_or("", |r| r.prefix());
            source.values(
                matcher.name(),
                prefix,
                &mut |value| matcher.matches(value),
                &mut list,
            )?;
        }
    }
    Ok(unite(list))
}

/// Series with a value that fails. The empty text passes this matcher.
fn failing<S: PostingsSource>(source: &S, matcher: &Matcher) -> Result<Vec<u32>, S::Error> {
    let mut list = Vec::new();
    let regex = matcher
        .regex()
        .filter(|_| matcher.op() == MatchOp::NotRegex);
    match (matcher.op(), regex) {
        (MatchOp::NotEqual, _) => source.pair(matcher.name(), matcher.value(), &mut list)?,
        (_, Some(regex)) if regex.literals().is_some() => {
            pairs(
                source,
                matcher.name(),
                regex.literals().unwrap_or_default(),
                &mut list,
            )?;
        }
        (_, regex) => {
            let prefix = regex.map_or("", |r| r.prefix());
            source.values(
                matcher.name(),
                prefix,
                &mut |value| !matcher.matches(value),
                &mut list,
            )?;
        }
    }
    Ok(unite(list))
}

fn pairs<S: PostingsSource>(
    source: &S,
    name: &str,
    values: &[String],
    list: &mut Vec<u32>,
) -> Result<(), S::Error> {
    values
        .iter()
        .try_for_each(|value| source.pair(name, value, list))
}
