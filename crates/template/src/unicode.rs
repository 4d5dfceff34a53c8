//! Characters as Go classes and maps them, and runes in bytes that need not be UTF-8.

use std::sync::LazyLock;

/// True for letters, digits and the underscore: what names are made of.
pub(crate) fn is_alphanumeric(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => is_letter(c) || DIGITS.contains(c),
    }
}

/// True for letters.
pub(crate) fn is_letter(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphabetic(),
        false => LETTERS.contains(c),
    }
}

/// True for decimal digits.
pub(crate) fn is_digit(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_digit(),
        false => DIGITS.contains(c),
    }
}

/// True for white space, of other scripts too.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// True for what can be printed as it is: of the spaces, only the ASCII one.
pub(crate) fn is_print(c: char) -> bool {
    match c.is_ascii() {
        true => (' '..='~').contains(&c),
        false => PRINTABLE.contains(c),
    }
}

/// The capital of a letter, if that is one character.
pub(crate) fn to_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => match u32::from(c) {
            // Greek with an iota below, whose capitals are one character in the plain mapping.
            0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => shifted(c, 8),
            0x1fb3 | 0x1fc3 | 0x1ff3 => shifted(c, 9),
            _ => c,
        },
    }
}

/// The small form of a letter.
pub(crate) fn to_lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The form of a letter at the beginning of a title.
pub(crate) fn to_title(c: char) -> char {
    match u32::from(c) {
        0x01c4..=0x01c6 => '\u{1c5}',
        0x01c7..=0x01c9 => '\u{1c8}',
        0x01ca..=0x01cc => '\u{1cb}',
        0x01f1..=0x01f3 => '\u{1f2}',
        0x10d0..=0x10fa | 0x10fd..=0x10ff => c,
        _ => to_upper(c),
    }
}

/// The first rune of some bytes and its length: none for a byte that starts no character.
pub(crate) fn first_rune(bytes: &[u8]) -> (Option<char>, usize) {
    let Some(&lead) = bytes.first() else {
        return (None, 0);
    };
    let len = match lead {
        0..=0x7f => return (Some(char::from(lead)), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (None, 1),
    };
    let text = bytes
        .get(..len)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(c) => (Some(c), len),
        None => (None, 1),
    }
}

/// The runes of some bytes with where they begin.
pub(crate) fn runes(bytes: &[u8]) -> impl Iterator<Item = (usize, Option<char>, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let (rune, len) = first_rune(rest);
        let start = at;
        at += len;
        Some((start, rune, &rest[..len]))
    })
}

/// Number of runes in some bytes.
pub(crate) fn rune_count(bytes: &[u8]) -> usize {
    match bytes.is_ascii() {
        true => bytes.len(),
        false => runes(bytes).count(),
    }
}

/// Each character mapped; bytes that are none become the replacement character.
pub(crate) fn mapped(bytes: &[u8], map: impl Fn(char) -> char) -> String {
    let runes = runes(bytes);
    runes
        .map(|(_, rune, _)| map(rune.unwrap_or(char::REPLACEMENT_CHARACTER)))
        .collect()
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

/// Ranges of characters, sorted.
struct Class(Vec<(char, char)>);

impl Class {
    fn new(pattern: &str) -> Self {
        let hir = regex_syntax::parse(pattern).expect("the pattern is a class of this file");
        let ranges = match hir.kind() {
            regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => class
                .iter()
                .map(|range| (range.start(), range.end()))
                .collect(),
            _ => Vec::new(),
        };
        Self(ranges)
    }

    fn contains(&self, c: char) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= c);
        let range = after.checked_sub(1).and_then(|index| self.0.get(index));
        range.is_some_and(|(_, end)| c <= *end)
    }
}

static LETTERS: LazyLock<Class> = LazyLock::new(|| Class::new(r"\p{L}"));
static DIGITS: LazyLock<Class> = LazyLock::new(|| Class::new(r"\p{Nd}"));
static PRINTABLE: LazyLock<Class> = LazyLock::new(|| Class::new(r"[\p{L}\p{M}\p{N}\p{P}\p{S} ]"));
