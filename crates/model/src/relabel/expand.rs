//! Replacement templates in Go's notation: `$1`, `${1}`, `$name`, `${name}`, `$$`.

use std::borrow::Cow;

use crate::matcher::{CaptureRegex, Captures};

/// A template, taken apart once; group names are resolved against the pattern.
#[derive(Clone, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Capture groups that the pattern has; the first that took part in the match counts.
    Groups(Vec<usize>),
}

impl Template {
    /// Takes a template apart. A name is the longest run of letters, digits and underscores, so
    /// `$1x` means the group called `1x`. A `$` that starts no reference stands for itself, a
    /// reference to a group that the pattern does not have for nothing.
    pub fn parse(template: &str, regex: &CaptureRegex) -> Self {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('$') {
            push_text(&mut pieces, text);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                push_text(&mut pieces, "$");
                rest = after;
            } else if let Some((name, after)) = take_reference(rest) {
                pieces.push(Piece::Groups(groups_of(name, regex)));
                rest = after;
            } else {
                push_text(&mut pieces, "$");
            }
        }
        push_text(&mut pieces, rest);
        Self { pieces }
    }

    pub(super) fn has_groups(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Groups(_)))
    }

    /// The text for a match.
    pub fn expand(&self, captures: &Captures<'_>) -> Cow<'_, str> {
        self.expand_with(|groups| group_text(groups, captures))
    }

    /// Bytes of the text for a match, without making it.
    pub fn expanded_len(&self, captures: &Captures<'_>) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Groups(groups) => group_text(groups, captures).len(),
        });
        lengths.fold(0, usize::saturating_add)
    }

    /// The text when every group is the whole value.
    pub(super) fn expand_whole(&self, value: &str) -> Cow<'_, str> {
        self.expand_with(|groups| if groups.is_empty() { "" } else { value })
    }

    fn expand_with<'v>(&self, text_of: impl Fn(&[usize]) -> &'v str) -> Cow<'_, str> {
        match self.pieces.as_slice() {
            [] => Cow::Borrowed(""),
            [Piece::Text(text)] => Cow::Borrowed(text),
            pieces => Cow::Owned(pieces.iter().fold(String::new(), |out, piece| {
                out + match piece {
                    Piece::Text(text) => text.as_str(),
                    Piece::Groups(groups) => text_of(groups),
                }
            })),
        }
    }
}

/// The text of the first of some groups that took part in a match.
fn group_text<'v>(groups: &[usize], captures: &Captures<'v>) -> &'v str {
    let mut found = groups.iter().filter_map(|&group| captures.get(group));
    found.next().unwrap_or_default()
}

/// True if the text has `$`-references and is not just a name.
pub(super) fn has_reference(text: &str) -> bool {
    text.contains('$')
}

/// Splits what follows a `$` into the name of the reference and the rest.
fn take_reference(after_dollar: &str) -> Option<(&str, &str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let (body, in_braces) = match after_dollar.strip_prefix('{') {
        Some(body) => (body, true),
        None => (after_dollar, false),
    };
    let end = body.find(|c| !is_name(c)).unwrap_or(body.len());
    let (name, rest) = body.split_at(end);
    let rest = if in_braces {
        rest.strip_prefix('}')?
    } else {
        rest
    };
    (!name.is_empty()).then_some((name, rest))
}

/// A number without leading zeros counts groups, anything else names one.
fn groups_of(name: &str, regex: &CaptureRegex) -> Vec<usize> {
    let is_number =
        name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number {
        let number = name.parse().ok();
        let group = number.filter(|&group| group < regex.group_count());
        return group.into_iter().collect();
    }
    regex.groups_named(name).collect()
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_expand_as_in_go() {
        let regex = CaptureRegex::new("(?<first>[a-z]+)-([0-9]+)(x)?").unwrap();
        let cases = [
            ("$1", "web"),
            ("${1}x", "webx"),
            ("$1x", ""),
            ("$first/$2", "web/7"),
            ("${first}", "web"),
            ("$0", "web-7"),
            ("$$1", "$1"),
            ("$3", ""),
            ("$9", ""),
            ("$01", ""),
            ("${1", "${1"),
            ("${}", "${}"),
            ("a$", "a$"),
            ("$-", "$-"),
            ("", ""),
        ];
        let captures = regex.captures("web-7").unwrap();
        for (template, want) in cases {
            let got = Template::parse(template, &regex);
            assert_eq!(got.expand(&captures), want, "{template}");
            assert_eq!(got.expanded_len(&captures), want.len(), "{template}");
        }
    }
}
