//! Expressions broken on purpose: every error must read the same.

use crate::differential::queries::{Origin, Query};
use crate::random::Random;

/// Pieces that are put in where they do not belong.
const PIECES: [&str; 40] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "`",
    "=",
    "=~",
    "!",
    "@",
    "offset",
    "by",
    "on",
    "bool",
    "group_left",
    " and ",
    "5m",
    "0x",
    "1e",
    "-",
    "::",
    "$",
    "#",
    "é",
    "\\",
    "start()",
    "sum",
    "rate",
    "[5m:]",
    "without",
    "ignoring(",
    "NaN",
    "\n",
    "~",
    "or",
    "1_0",
];

/// `count` broken variants of some of `whole`.
pub(crate) fn expressions(seed: u64, count: usize, whole: &[Query]) -> Vec<Query> {
    let mut random = Random::new(seed ^ 0xb0b);
    let short: Vec<&Query> = whole
        .iter()
        .filter(|query| query.text.len() < 120)
        .collect();
    if short.is_empty() {
        return Vec::new();
    }
    let mut broken = || {
        let mut text = short[random.below(short.len())].text.clone();
        for _ in 0..=random.below(2) {
            text = damage(&text, &mut random);
        }
        Query::new(Origin::Broken, text)
    };
    (0..count).map(|_| broken()).collect()
}

/// Takes a letter out, puts a piece in, cuts the end off, or doubles a stretch.
fn damage(text: &str, random: &mut Random) -> String {
    let places: Vec<usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .collect();
    let mut place = || places[random.below(places.len())];
    let (one, other) = (place(), place());
    let (start, end) = (one.min(other), one.max(other));
    match random.below(5) {
        0 => {
            let rest = text[start..].chars().skip(1);
            text[..start].chars().chain(rest).collect()
        }
        1 | 2 => format!(
            "{}{}{}",
            &text[..start],
            random.pick(&PIECES),
            &text[start..]
        ),
        3 => text[..end].to_owned(),
        _ => format!("{}{}", &text[..end], &text[start..]),
    }
}
