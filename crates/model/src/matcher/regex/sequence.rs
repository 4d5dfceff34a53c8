//! Literals in their order with anything between them: `abc.*def.+`.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// Pieces of text with gaps between them, before the first and behind the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    /// What a match starts with.
    prefix: String,
    /// The gaps, each with the piece behind it. None: the prefix is all.
    rest: Vec<(Gap, String)>,
    /// True if ASCII letters of either case match. The pieces are lower-case then.
    folds_case: bool,
}

/// Characters that may be anything: so many at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    min: u32,
}

impl Sequence {
    /// Reads a sequence from an expression, if it is one.
    pub(super) fn of(hir: &Hir) -> Option<Self> {
        let parts = match hir.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(hir),
        };
        let mut sequence = Self {
            prefix: String::new(),
            rest: Vec::new(),
            folds_case: false,
        };
        let mut has_exact_letters = false;
        for part in parts {
            if let Some(gap) = Gap::of(part) {
                sequence.push_gap(gap);
                continue;
            }
            match part.kind() {
                HirKind::Literal(literal) => {
                    let text = std::str::from_utf8(&literal.0).ok()?;
                    has_exact_letters |= text.contains(|c: char| c.is_ascii_alphabetic());
                    sequence.last_piece().push_str(text);
                }
                HirKind::Class(class) => {
                    sequence.folds_case = true;
                    sequence.last_piece().push(folded_letter(class)?);
                }
                _ => return None,
            }
        }
        let is_mixed = sequence.folds_case && has_exact_letters;
        (!is_mixed).then_some(sequence)
    }

    fn push_gap(&mut self, gap: Gap) {
        match self.rest.last_mut() {
            Some((last, piece)) if piece.is_empty() => last.min = last.min.saturating_add(gap.min),
            _ => self.rest.push((gap, String::new())),
        }
    }

    fn last_piece(&mut self) -> &mut String {
        match self.rest.last_mut() {
            Some((_, piece)) => piece,
            None => &mut self.prefix,
        }
    }

    /// True if any text of at least `min` characters matches, and no other.
    pub(super) fn is_anything(&self, min: u32) -> bool {
        self.prefix.is_empty()
            && matches!(self.rest.as_slice(), [(gap, piece)] if gap.min == min && piece.is_empty())
    }

    /// What every match starts with.
    pub(super) fn prefix(&self) -> &str {
        if self.folds_case { "" } else { &self.prefix }
    }

    pub(super) fn is_match(&self, value: &str) -> bool {
        let Some(rest) = self.strip_prefix(value, &self.prefix) else {
            return false;
        };
        let Some(((last_gap, suffix), inner)) = self.rest.split_last() else {
            return rest.is_empty();
        };
        let Some(mut middle) = self.strip_suffix(rest, suffix) else {
            return false;
        };
        for (gap, piece) in inner {
            middle = match gap.skip(middle).and_then(|rest| self.behind(rest, piece)) {
                Some(behind) => behind,
                None => return false,
            };
        }
        last_gap.skip(middle).is_some()
    }

    fn strip_prefix<'v>(&self, value: &'v str, prefix: &str) -> Option<&'v str> {
        if !self.folds_case {
            return value.strip_prefix(prefix);
        }
        let (start, rest) = value.split_at_checked(folded_len(value.chars(), prefix)?)?;
        is_folded(start, prefix).then_some(rest)
    }

    fn strip_suffix<'v>(&self, value: &'v str, suffix: &str) -> Option<&'v str> {
        if !self.folds_case {
            return value.strip_suffix(suffix);
        }
        let len = folded_len(value.chars().rev(), suffix)?;
        let (rest, end) = value.split_at_checked(value.len().checked_sub(len)?)?;
        is_folded(end, suffix).then_some(rest)
    }

    /// What is behind the first place of `piece`.
    fn behind<'v>(&self, value: &'v str, piece: &str) -> Option<&'v str> {
        if !self.folds_case {
            return value.split_once(piece).map(|(_, behind)| behind);
        }
        let places = value.char_indices().map(|(place, _)| place);
        places
            .chain([value.len()])
            .find_map(|place| self.strip_prefix(value.get(place..)?, piece))
    }
}

impl Gap {
    /// `.*` or `.+` or `.{3,}`, of all characters.
    fn of(hir: &Hir) -> Option<Self> {
        let HirKind::Repetition(repetition) = hir.kind() else {
            return None;
        };
        (repetition.max.is_none() && is_any(&repetition.sub)).then_some(Self {
            min: repetition.min,
        })
    }

    /// The text behind the characters that the gap must have.
    fn skip(self, text: &str) -> Option<&str> {
        match self.min {
            0 => Some(text),
            min => {
                let (place, c) = text.char_indices().nth(min as usize - 1)?;
                text.get(place + c.len_utf8()..)
            }
        }
    }
}

fn is_any(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            matches!(class.ranges(), [all] if all.start() == '\0' && all.end() == char::MAX)
        }
        _ => false,
    }
}

/// The small letter of ASCII whose other cases are all of a class, and nothing else is.
fn folded_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let mut letters = class
        .ranges()
        .iter()
        .filter(|range| range.start().is_ascii_lowercase());
    let small = letters.next()?.start();
    let mut folded = ClassUnicode::new([ClassUnicodeRange::new(small, small)]);
    folded.case_fold_simple();
    (folded == *class).then_some(small)
}

/// Bytes of the characters that could be `piece` in another case.
fn folded_len(chars: impl Iterator<Item = char>, piece: &str) -> Option<usize> {
    let wanted = piece.chars().count();
    let (mut count, mut len) = (0, 0);
    for c in chars.take(wanted) {
        count += 1;
        len += c.len_utf8();
    }
    (count == wanted).then_some(len)
}

/// True if `text`, which has as many characters, is `piece` but for the case of letters.
fn is_folded(text: &str, piece: &str) -> bool {
    let same = |(c, wanted): (char, char)| match c {
        // The two signs beyond ASCII that are cases of ASCII letters.
        '\u{17f}' => wanted == 's' || wanted == c,
        '\u{212a}' => wanted == 'k' || wanted == c,
        c => c.to_ascii_lowercase() == wanted,
    };
    text.chars().zip(piece.chars()).all(same)
}
