//! The smallest part of an expression that still differs, found by trying texts.
//!
//! A candidate that makes no sense gets the same refusal from both servers and is dropped by
//! that, so that nothing here needs to understand the language beyond brackets and quotes.

use std::collections::BTreeSet;

/// Smaller texts to try in place of `expression`, the smallest first.
pub(super) fn candidates(expression: &str) -> Vec<String> {
    let groups = groups(expression);
    let mut found = BTreeSet::new();
    for group in &groups {
        let inside = &expression[group.open + 1..group.close];
        let arguments = split(inside, |depth, rest| {
            (depth == 0 && rest.starts_with(',')).then_some(1)
        });
        let call = &expression[group.head..=group.close];
        found.insert(call.to_owned());
        for argument in arguments {
            found.insert(argument.to_owned());
            // The call replaced by what it was called with.
            let (before, after) = (&expression[..group.head], &expression[group.close + 1..]);
            found.insert(format!("{before}{argument}{after}"));
        }
        let (before, after) = (&expression[..group.open], &expression[group.close + 1..]);
        found.insert(format!("{before}{after}"));
        found.insert(format!(
            "{before}({}){after}",
            sides(inside).first().unwrap_or(&inside)
        ));
        found.insert(format!(
            "{before}({}){after}",
            sides(inside).last().unwrap_or(&inside)
        ));
    }
    found.extend(sides(expression).into_iter().map(str::to_owned));
    for (place, _) in expression.match_indices([' ', '{', '[']) {
        // Without a word, a selector's matchers or a range.
        let rest = &expression[place + 1..];
        let end = rest.find([' ', ')', '}', ']', ',']).unwrap_or(rest.len());
        let end = end + usize::from(rest[end..].starts_with(['}', ']']));
        found.insert(format!("{}{}", &expression[..place], &rest[end..]));
    }
    let mut found: Vec<String> = found
        .into_iter()
        .map(|text| text.trim().to_owned())
        .collect();
    found.retain(|text| !text.is_empty() && text.len() < expression.len());
    found.sort_by_key(String::len);
    found
}

/// A pair of round brackets and the name in front of it.
struct Group {
    head: usize,
    open: usize,
    close: usize,
}

fn groups(expression: &str) -> Vec<Group> {
    let (mut opened, mut groups) = (Vec::new(), Vec::new());
    let in_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut quote = None;
    for (place, letter) in expression.char_indices() {
        match (quote, letter) {
            (Some(begun), _) if begun == letter => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '(') => opened.push(place),
            (None, ')') => {
                if let Some(open) = opened.pop() {
                    let before = expression[..open].trim_end_matches(in_name);
                    let (head, close) = (before.len(), place);
                    groups.push(Group { head, open, close });
                }
            }
            _ => {}
        }
    }
    groups
}

/// The sides of the operators outside all brackets.
fn sides(expression: &str) -> Vec<&str> {
    split(expression, |depth, rest| {
        let is_operator = |operator: &&&str| rest.starts_with(**operator);
        (depth == 0)
            .then(|| OPERATORS.iter().find(is_operator))?
            .map(|operator| operator.len())
    })
}

const OPERATORS: [&str; 16] = [
    " + ", " - ", " * ", " / ", " % ", " ^ ", " == ", " != ", " <= ", " < ", " >= ", " > ",
    " and ", " or ", " unless ", " atan2 ",
];

/// Splits a text where `separator` says how many bytes of the rest separate, given the depth.
fn split(text: &str, separator: impl Fn(usize, &str) -> Option<usize>) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    let mut skipped_until = 0;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            _ if place < skipped_until => {}
            (Some(begun), _) => {
                if begun == letter {
                    quote = None;
                }
            }
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {
                if let Some(length) = separator(depth, &text[place..]) {
                    parts.push(text[start..place].trim());
                    start = place + length;
                    skipped_until = start;
                }
            }
        }
    }
    parts.push(text[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::{candidates, sides};

    #[test]
    fn parts_and_replacements_are_tried() {
        let tried = candidates("sum by (a) (rate(x{b=\"1,2\"}[5m]) / abs(y, 2))");
        for wanted in [
            "rate(x{b=\"1,2\"}[5m])",
            "y",
            "2",
            "abs(y, 2)",
            "x{b=\"1,2\"}[5m]",
        ] {
            assert!(
                tried.iter().any(|text| text == wanted),
                "{wanted}: {tried:#?}"
            );
        }
        assert!(tried.is_sorted_by_key(String::len));
    }

    #[test]
    fn operators_have_sides() {
        assert_eq!(sides("a + on (b) c <= bool d"), ["a", "on (b) c", "bool d"]);
        assert_eq!(sides("f(a + b)"), ["f(a + b)"]);
    }
}
