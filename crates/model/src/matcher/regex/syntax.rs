//! Go's regular expressions, which users of Prometheus write, read into the form that the `regex`
//! crates compile.
//!
//! The crates have a parser of their own, but its language differs in ways that would change
//! results silently: Go's `\d`, `\w`, `\s` and `\b` are ASCII, it has no set operations in classes,
//! takes `{` for itself where no count follows, knows `\Q…\E` and octal, and refuses counts above
//! 1000 and doubled repetition. What Go refuses is refused in Go's words.
//!
//! What still differs, on purpose: trees may be 250 levels high, not 1000; characters are classed by
//! the library's newer version of Unicode; scripts of several words (`\p{Old_Italic}`) are taken,
//! which Go 1.25 and 1.26 forgot; and the numbers of surrogates match nothing at all.

mod class;
mod class_names;
mod escape;
mod group;
mod stack;

use regex_syntax::hir::{Dot, Hir, Look};

use class::Class;
use stack::{Repeat, Stack};

/// The expression as a tree. `.` matches line ends, too.
///
/// # Errors
/// Why Go would refuse the expression.
pub(super) fn parse(pattern: &str) -> Result<Hir, String> {
    parse_groups(pattern, Groups::Ignored).map(|(hir, _)| hir)
}

/// Names of groups with their numbers, in order; names may repeat.
pub(super) type Names = Vec<(Box<str>, usize)>;

/// The expression as a tree, with its groups or without.
///
/// # Errors
/// Why Go would refuse the expression.
pub(super) fn parse_groups(pattern: &str, groups: Groups) -> Result<(Hir, Names), String> {
    parse_with(pattern, groups, Flags::default())
}

/// The expression with its groups, read without flags: `.` stops at line ends.
///
/// # Errors
/// Why Go would refuse the expression.
pub(super) fn parse_plain(pattern: &str) -> Result<(Hir, Names), String> {
    let flags = Flags {
        dot_all: false,
        ..Flags::default()
    };
    parse_with(pattern, Groups::Captured, flags)
}

fn parse_with(pattern: &str, groups: Groups, flags: Flags) -> Result<(Hir, Names), String> {
    let mut parser = Parser {
        rest: pattern,
        flags,
        stack: Stack::new(groups),
        last_repeat: None,
    };
    while !parser.rest.is_empty() {
        let start = parser.rest;
        let is_repeat = parser.token(pattern)?;
        parser.last_repeat = is_repeat.then_some(start);
        if parser.stack.is_too_deep() {
            return Err(fault("expression nests too deeply", pattern));
        }
    }
    parser
        .stack
        .finish()
        .ok_or_else(|| fault("missing closing )", pattern))
}

/// Whether groups are wanted: a matcher that only says yes or no does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    /// Each group can be asked for what it matched.
    Captured,
    /// Groups only bind.
    Ignored,
}

/// What `(?imsU)` turns on and off.
#[derive(Clone, Copy, Debug)]
struct Flags {
    /// `i`: letters of either case.
    folds_case: bool,
    /// `m`: `^` and `$` match at lines.
    multi_line: bool,
    /// `s`: `.` matches a line end.
    dot_all: bool,
    /// `U`: repetition is lazy and `?` makes it greedy.
    swaps_greed: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            folds_case: false,
            multi_line: false,
            dot_all: true,
            swaps_greed: false,
        }
    }
}

struct Parser<'p> {
    rest: &'p str,
    flags: Flags,
    stack: Stack,
    /// From the operator of the repetition just before on, if there is one.
    last_repeat: Option<&'p str>,
}

impl<'p> Parser<'p> {
    /// Reads one token. True if it is a repetition.
    fn token(&mut self, pattern: &str) -> Result<bool, String> {
        let start = self.rest;
        let Some(c) = self.next() else {
            return Ok(false);
        };
        match c {
            '(' => self.open_group(start)?,
            ')' => {
                let flags = self.stack.close_group();
                self.flags = flags.ok_or_else(|| fault("unexpected )", pattern))?;
            }
            '|' => self.stack.begin_alternative(),
            '*' => return self.repeat(start, Repeat::at_least(0)),
            '+' => return self.repeat(start, Repeat::at_least(1)),
            '?' => return self.repeat(start, Repeat::between(0, 1)),
            '{' => match take_count(self.rest) {
                Some((rest, count)) => {
                    self.rest = rest;
                    let count = count.ok_or_else(|| fault(BAD_COUNT, text_between(start, rest)))?;
                    return self.repeat(start, count);
                }
                None => self.literal('{'),
            },
            '^' if self.flags.multi_line => self.stack.push(Hir::look(Look::StartLF)),
            '^' => self.stack.push(Hir::look(Look::Start)),
            '$' if self.flags.multi_line => self.stack.push(Hir::look(Look::EndLF)),
            '$' => self.stack.push(Hir::look(Look::End)),
            '.' if self.flags.dot_all => self.stack.push(Hir::dot(Dot::AnyChar)),
            '.' => self.stack.push(Hir::dot(Dot::AnyCharExceptLF)),
            '[' => self.bracketed(start)?,
            '\\' => self.escape(start)?,
            c => self.literal(c),
        }
        Ok(false)
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn literal(&mut self, c: char) {
        self.code_point(u32::from(c));
    }

    /// A character by its number. Those of surrogates are in no text.
    fn code_point(&mut self, code: u32) {
        let mut class = Class::new(self.flags);
        class.add(code, code);
        self.stack.push(Hir::class(class.finish(false)));
    }

    /// Repeats what is on top of the stack. The operator began at `start`; a `?` behind it turns
    /// its greed around.
    fn repeat(&mut self, start: &'p str, count: Repeat) -> Result<bool, String> {
        let is_greedy = self.eat("?") == self.flags.swaps_greed;
        if let Some(last) = self.last_repeat {
            let shown = text_between(last, self.rest);
            return Err(fault("invalid nested repetition operator", shown));
        }
        let shown = text_between(start, self.rest);
        match self.stack.repeat(count, is_greedy) {
            Some(weight) if weight > MAX_COUNT && count.multiplies() => {
                Err(fault(BAD_COUNT, shown))
            }
            Some(_) => Ok(true),
            None => Err(fault("missing argument to repetition operator", shown)),
        }
    }
}

/// Reads `3}`, `3,}` or `3,5}` behind a brace: what follows, and the count unless it is too large
/// or falls. Anything else is no count, and the brace means itself.
fn take_count(rest: &str) -> Option<(&str, Option<Repeat>)> {
    let (count, rest) = rest.split_once('}')?;
    let (min, max) = match count.split_once(',') {
        None => (count, Some(count)),
        Some((min, "")) => (min, None),
        Some((min, max)) => (min, Some(max)),
    };
    let number = |text: &str| {
        let is_number = text.bytes().all(|b| b.is_ascii_digit())
            && (text == "0" || !text.is_empty() && !text.starts_with('0'));
        is_number.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let min = number(min)?;
    let max = match max {
        None => None,
        Some(max) => Some(number(max)?),
    };
    let is_valid = min <= MAX_COUNT && max.is_none_or(|max| min <= max && max <= MAX_COUNT);
    Some((rest, is_valid.then_some(Repeat { min, max })))
}

/// The text from `start` up to `rest`, which is the end of it.
fn text_between<'p>(start: &'p str, rest: &str) -> &'p str {
    start.strip_suffix(rest).unwrap_or(start)
}

fn fault(what: &str, shown: &str) -> String {
    format!("{what}: `{shown}`")
}

const BAD_COUNT: &str = "invalid repeat count";
/// Go's bound on counts, which keeps compiled expressions small; nested counts multiply.
const MAX_COUNT: u32 = 1000;

#[cfg(test)]
mod tests;
