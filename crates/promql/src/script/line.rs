//! Lines of a script, and words of a line.

use std::time::Duration;

use model::duration;

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) message: String,
}

/// The lines of a script, trimmed; comments count as empty, as they do upstream.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = text.split('\n').map(str::trim);
        let lines = lines.map(|line| if line.starts_with('#') { "" } else { line });
        Self {
            lines: lines.collect(),
            next: 0,
        }
    }

    /// The next line that is not empty, with its number from 1.
    pub(super) fn next_command(&mut self) -> Option<(usize, &'a str)> {
        while let Some(&line) = self.lines.get(self.next) {
            self.next += 1;
            if !line.is_empty() {
                return Some((self.next, line));
            }
        }
        None
    }

    /// The next line of a command's body, with its number; an empty line ends the body.
    pub(super) fn next_of_body(&mut self) -> Option<(usize, &'a str)> {
        let line = self
            .lines
            .get(self.next)
            .copied()
            .filter(|line| !line.is_empty())?;
        self.next += 1;
        Some((self.next, line))
    }

    /// Leaves out what is left of a command's body.
    pub(super) fn skip_body(&mut self) {
        while self.next_of_body().is_some() {}
    }
}

/// Splits the first word off.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// Reads `keyword value …`; yields the value and the rest.
pub(super) fn keyword_value<'a>(
    text: &'a str,
    keyword: &str,
) -> Result<(&'a str, &'a str), String> {
    let (word, rest) = split_word(text);
    if word != keyword {
        return Err(format!("expected {keyword:?}, found {word:?}"));
    }
    let (value, rest) = split_word(rest);
    if value.is_empty() {
        return Err(format!("nothing follows {keyword:?}"));
    }
    Ok((value, rest))
}

/// Reads a duration as milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<i64, String> {
    let duration: Duration = duration::parse(text).map_err(|error| error.to_string())?;
    i64::try_from(duration.as_millis()).map_err(|error| error.to_string())
}
