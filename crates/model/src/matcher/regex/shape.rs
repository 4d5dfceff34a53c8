//! What a pattern needs at match time, found by looking at its tree.

use regex_automata::meta;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind, Look};

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

/// All texts that an expression matches, sorted, if they are few.
fn one_of(hir: &Hir, pattern: &str) -> Option<Vec<String>> {
    // A list of alternatives may be as long as somebody cared to write it.
    let mut texts = texts(hir, pattern.len().max(MOST_LITERALS))?;
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

/// The texts of an expression, some perhaps twice. None if there are more than `most`.
fn texts(hir: &Hir, most: usize) -> Option<Vec<String>> {
    let found = match hir.kind() {
        HirKind::Empty => vec![String::new()],
        HirKind::Literal(literal) => vec![String::from_utf8(literal.0.to_vec()).ok()?],
        HirKind::Class(class) => characters(class)?,
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => match (repetition.min, repetition.max?) {
            (0, 1) => {
                let mut found = texts(&repetition.sub, most)?;
                found.push(String::new());
                found
            }
            (min, max) if min == max && max <= MOST_REPEATS => {
                let repeated = texts(&repetition.sub, most)?;
                let once = vec![String::new()];
                (0..max).try_fold(once, |found, _| product(found, &repeated, most))?
            }
            _ => return None,
        },
        HirKind::Capture(capture) => texts(&capture.sub, most)?,
        HirKind::Concat(parts) => {
            let once = vec![String::new()];
            let mut parts = parts.iter();
            parts.try_fold(once, |found, part| {
                product(found, &texts(part, most)?, most)
            })?
        }
        HirKind::Alternation(alternatives) => {
            let mut found = Vec::new();
            for alternative in alternatives {
                found.append(&mut texts(alternative, most)?);
                if found.len() > most {
                    return None;
                }
            }
            found
        }
    };
    (found.len() <= most).then_some(found)
}

/// Each text with each ending.
fn product(texts: Vec<String>, endings: &[String], most: usize) -> Option<Vec<String>> {
    if texts.len().saturating_mul(endings.len()) > most {
        return None;
    }
    if let [ending] = endings {
        let longer = texts.into_iter().map(|text| text + ending);
        return Some(longer.collect());
    }
    let pairs = texts
        .iter()
        .flat_map(|text| endings.iter().map(move |ending| (text, ending)));
    Some(
        pairs
            .map(|(text, ending)| format!("{text}{ending}"))
            .collect(),
    )
}

/// The characters of a small class.
fn characters(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else {
        // Nothing else is made of bytes than the class of nothing.
        return class.is_empty().then(Vec::new);
    };
    let len: usize = class.ranges().iter().map(ClassUnicodeRange::len).sum();
    let ranges = class.ranges().iter();
    let characters = ranges.flat_map(|range| range.start()..=range.end());
    (len <= MOST_OF_CLASS).then(|| characters.map(String::from).collect())
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
/// More copies of something stay with the expression.
const MOST_REPEATS: u32 = 16;
/// More values than this are not looked up one by one, unless they were written out.
const MOST_LITERALS: usize = 128;
/// With more alternatives, one walk over the text by an automaton is faster.
const MOST_SEQUENCES: usize = 8;
