//! Patterns whose groups are asked for, as relabeling and `label_replace` do.

use regex_automata::{meta, util::captures};

use super::syntax::{self, Groups, Names};
use super::{RegexError, anchored, compile, compile_search};

/// A pattern that matches whole texts and says what its groups matched.
#[derive(Clone, Debug)]
pub struct CaptureRegex {
    regex: meta::Regex,
    /// Names of groups with their numbers, in order.
    names: Names,
}

impl CaptureRegex {
    /// Compiles a pattern. As upstream does, the anchors are put around it before it is read.
    ///
    /// # Errors
    /// The pattern is not a valid regular expression or too large when compiled.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let pattern = anchored(pattern);
        let (hir, names) = syntax::parse_groups(&pattern, Groups::Captured).map_err(RegexError)?;
        let regex = compile(hir, &pattern)?;
        Ok(Self { regex, names })
    }

    /// Compiles a pattern that is looked for anywhere in a text, as Go reads it without anchors and
    /// flags.
    pub(super) fn searching(pattern: &str) -> Result<Self, RegexError> {
        let (hir, names) = syntax::parse_plain(pattern).map_err(RegexError)?;
        let regex = compile_search(hir, pattern)?;
        Ok(Self { regex, names })
    }

    /// The groups of each match in `text`, one behind the other.
    pub(super) fn each<'r, 't>(&'r self, text: &'t str) -> impl Iterator<Item = Captures<'t>> + 'r
    where
        't: 'r,
    {
        let found = self.regex.captures_iter(text);
        found.map(move |slots| Captures { text, slots })
    }

    /// True if any part of `text` matches.
    pub(super) fn is_found_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The groups, if all of `text` matches.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        let mut slots = self.regex.create_captures();
        self.regex.captures(text, &mut slots);
        slots.is_match().then_some(Captures { text, slots })
    }

    /// Number of groups; the whole match is one of them.
    pub fn group_count(&self) -> usize {
        self.regex.captures_len()
    }

    /// Numbers of the groups with this name: there may be several.
    pub(crate) fn groups_named(&self, name: &str) -> impl Iterator<Item = usize> {
        self.names
            .iter()
            .filter(move |(other, _)| **other == *name)
            .map(|(_, number)| *number)
    }
}

/// What the groups of a pattern matched.
#[derive(Clone, Debug)]
pub struct Captures<'t> {
    text: &'t str,
    slots: captures::Captures,
}

impl<'t> Captures<'t> {
    /// Where the whole match stands in the text.
    pub(super) fn span(&self) -> std::ops::Range<usize> {
        self.slots.get_match().map_or(0..0, |found| found.range())
    }

    /// The text of a group, if it took part in the match.
    pub fn get(&self, group: usize) -> Option<&'t str> {
        let span = self.slots.get_group(group)?;
        self.text.get(span.start..span.end)
    }
}
