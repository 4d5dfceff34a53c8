//! From matchers to series: one plan for the head and for blocks.
//!
//! A matcher that the empty text passes also selects series without the label. It is answered
//! backwards: by the series that have a value which fails, to be taken away at the end.

use std::borrow::Cow;

use model::{MatchOp, Matcher};

use super::postings_ops::{intersect, subtract, unite};

/// An index of label pairs, in memory or in a file. Lists are sorted.
pub(crate) trait PostingsSource {
    /// Why a look-up failed.
    type Error;

    /// All series.
    fn all(&self) -> Result<Vec<u32>, Self::Error>;

    /// Series that have this label with this value.
    fn pair(&self, name: &str, value: &str) -> Result<Cow<'_, [u32]>, Self::Error>;

    /// Series that have this label with a value that starts with `prefix` and that `keep` accepts,
    /// added to `list`, value by value.
    fn values(
        &self,
        name: &str,
        prefix: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        list: &mut Vec<u32>,
    ) -> Result<(), Self::Error>;

    /// Keeps the series of `list` on which a matcher holds by looking at each of them. False, and
    /// nothing done, if that would take longer than asking for values.
    fn narrow(&self, _list: &mut Vec<u32>, _matcher: &Matcher) -> bool {
        false
    }
}

/// Series on which all matchers hold, sorted.
pub(crate) fn resolve<S: PostingsSource>(
    source: &S,
    matchers: &[Matcher],
) -> Result<Vec<u32>, S::Error> {
    let (required, backwards): (Vec<_>, Vec<_>) = matchers
        .iter()
        .filter(|m| !always_holds(m))
        .partition(|m| !m.matches_empty());
    let (look_ups, patterns): (Vec<_>, Vec<_>) = required.into_iter().partition(|m| is_look_up(m));
    // An empty list ends the search before any pattern is tried; short ones make the others cheap.
    let mut lists = Vec::with_capacity(look_ups.len());
    for matcher in look_ups {
        let list = looked_up(source, matcher)?;
        if list.is_empty() {
            return Ok(Vec::new());
        }
        lists.push(list);
    }
    lists.sort_by_key(|list| list.len());
    let narrowed = lists
        .into_iter()
        .reduce(|found, list| Cow::Owned(intersect(&found, &list)));
    let mut found = narrowed.map(Cow::into_owned);
    for matcher in patterns {
        if let Some(before) = &mut found
            && (before.is_empty() || source.narrow(before, matcher))
        {
            continue;
        }
        let list = passing(source, matcher)?;
        found = Some(match found {
            Some(before) => intersect(&before, &list),
            None => list,
        });
    }
    let mut found = found.map_or_else(|| source.all(), Ok)?;
    for matcher in backwards {
        if found.is_empty() || source.narrow(&mut found, matcher) {
            continue;
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
    let literals = matcher.regex().and_then(|regex| regex.literals());
    matcher.op() == MatchOp::Equal || matcher.op() == MatchOp::Regex && literals.is_some()
}

/// Series with one of the values that a matcher names.
fn looked_up<'s, S: PostingsSource>(
    source: &'s S,
    matcher: &Matcher,
) -> Result<Cow<'s, [u32]>, S::Error> {
    match matcher.regex().and_then(|regex| regex.literals()) {
        None => source.pair(matcher.name(), matcher.value()),
        Some(literals) => pairs(source, matcher.name(), literals),
    }
}

/// Series with a value that passes. The empty text does not pass this matcher.
fn passing<S: PostingsSource>(source: &S, matcher: &Matcher) -> Result<Vec<u32>, S::Error> {
    let mut list = Vec::new();
    let regex = matcher.regex().filter(|_| matcher.op() == MatchOp::Regex);
    let prefix = regex.map_or("", |r| r.prefix());
    let mut passes = |value: &str| matcher.matches(value);
    source.values(matcher.name(), prefix, &mut passes, &mut list)?;
    Ok(unite(list))
}

/// Series with a value that fails. The empty text passes this matcher.
fn failing<'s, S: PostingsSource>(
    source: &'s S,
    matcher: &Matcher,
) -> Result<Cow<'s, [u32]>, S::Error> {
    let regex = matcher
        .regex()
        .filter(|_| matcher.op() == MatchOp::NotRegex);
    if matcher.op() == MatchOp::NotEqual {
        return source.pair(matcher.name(), matcher.value());
    }
    if let Some(literals) = regex.and_then(|regex| regex.literals()) {
        return pairs(source, matcher.name(), literals);
    }
    let mut list = Vec::new();
    let prefix = regex.map_or("", |r| r.prefix());
    let mut fails = |value: &str| !matcher.matches(value);
    source.values(matcher.name(), prefix, &mut fails, &mut list)?;
    Ok(Cow::Owned(unite(list)))
}

fn pairs<'s, S: PostingsSource>(
    source: &'s S,
    name: &str,
    values: &[String],
) -> Result<Cow<'s, [u32]>, S::Error> {
    if let [value] = values {
        return source.pair(name, value);
    }
    let mut list = Vec::new();
    for value in values {
        list.extend_from_slice(&source.pair(name, value)?);
    }
    Ok(Cow::Owned(unite(list)))
}
