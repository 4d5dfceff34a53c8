//! What a pattern needs at match time, found by looking at its tree.

use regex_automata::meta;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::sequence::Sequence;
use super::{RegexError, compile};

/// The cheapest way to answer a pattern.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// `.*`
    Anything,
    /// `.+`
    NotEmpty,
    /// `a|b|c(d|e)?`: the values that match, sorted.
    OneOf(Vec<String>),
    /// `abc.*|.+def.*`: literals in their order with anything between them.
    Sequences(Vec<Sequence>),
    /// Anything else.
    Pattern(Box<meta::Regex>),
}

impl Shape {
    #[inline]
    pub(super) fn is_match(&self, value: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::NotEmpty => !value.is_empty(),
            Self::OneOf(set) => set.binary_search_by(|s| s.as_str().cmp(value)).is_ok(),
            Self::Sequences(sequences) => sequences.iter().any(|s| s.is_match(value)),
            Self::Pattern(regex) => regex.is_match(value),
        }
    }
}

/// The shape of an expression, and what every match starts with.
pub(super) fn of(hir: Hir, pattern: &str) -> Result<(Shape, String), RegexError> {
    let hir = without_outer_anchors(hir);
    if hir.properties().look_set().is_empty() {
        if let Some(set) = one_of(&hir, pattern) {
            return Ok((Shape::OneOf(set), String::new()));
        }
        if let Some(sequences) = sequences(&hir) {
            return Ok(match sequences.as_slice() {
                [one] if one.is_anything(0) => (Shape::Anything, String::new()),
                [one] if one.is_anything(1) => (Shape::NotEmpty, String::new()),
                [one] => {
                    let prefix = one.prefix().to_owned();
                    (Shape::Sequences(sequences), prefix)
                }
                _ => (Shape::Sequences(sequences), prefix_of(&hir)),
            });
        }
    }
    let prefix = prefix_of(&hir);
    let regex = compile(hir, pattern)?;
    Ok((Shape::Pattern(Box::new(regex)), prefix))
}

/// A match is of a whole text anyway, so that anchors at both its ends say nothing.
fn without_outer_anchors(hir: Hir) -> Hir {
    let HirKind::Concat(parts) = hir.kind() else {
        return hir;
    };
    let is_look = |part: Option<&Hir>, wanted: Look| {
        part.is_some_and(|part| matches!(part.kind(), HirKind::Look(look) if *look == wanted))
    };
    let from = usize::from(is_look(parts.first(), Look::Start));
    let to = parts.len() - usize::from(is_look(parts.last(), Look::End));
    match parts.get(from..to) {
        Some(inner) if inner.len() < parts.len() => Hir::concat(inner.to_vec()),
        _ => hir,
    }
}

/// All texts that an expression matches, if they are few.
fn one_of(hir: &Hir, pattern: &str) -> Option<Vec<String>> {
    let mut extractor = Extractor::new();
    extractor
        .limit_class(MOST_OF_CLASS)
        .limit_literal_len(LONGEST_LITERAL)
        // A list of alternatives may be as long as somebody cared to write it.
        .limit_total(pattern.len().max(MOST_LITERALS));
    let found = extractor.extract(hir);
    if !found.is_exact() {
        return None;
    }
    let texts = found.literals()?.iter();
    let texts = texts.map(|literal| String::from_utf8(literal.as_bytes().to_vec()).ok());
    let mut set: Vec<String> = texts.collect::<Option<_>>()?;
    set.sort_unstable();
    set.dedup();
    Some(set)
}

/// The alternatives of an expression, if each is a sequence.
fn sequences(hir: &Hir) -> Option<Vec<Sequence>> {
    match hir.kind() {
        HirKind::Alternation(alternatives) if alternatives.len() <= MOST_SEQUENCES => {
            alternatives.iter().map(Sequence::of).collect()
        }
        HirKind::Alternation(_) => None,
        _ => Some(vec![Sequence::of(hir)?]),
    }
}

fn prefix_of(hir: &Hir) -> String {
    let found: Seq = Extractor::new().kind(ExtractKind::Prefix).extract(hir);
    let bytes = found.longest_common_prefix().unwrap_or_default();
    // The border may be inside of a character.
    let chunk = bytes.utf8_chunks().next();
    chunk.map_or_else(String::new, |chunk| chunk.valid().to_owned())
}

/// A class of more characters is not taken apart.
const MOST_OF_CLASS: usize = 16;
/// Longer literals stay with the expression.
const LONGEST_LITERAL: usize = 4096;
/// More values than this are not looked up one by one, unless they were written out.
const MOST_LITERALS: usize = 128;
/// With more alternatives, one walk over the text by an automaton is faster.
const MOST_SEQUENCES: usize = 8;
