//! How a text stands in YAML so that it reads back as the same text, in the form that Go's YAML
//! library gives it: plain where that is safe, quoted or as a block where it is not, folded at a
//! space where a line gets long.

/// Where a scalar is about to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Characters that the line has already.
    pub(super) column: usize,
    /// Spaces in front of what continues on a further line.
    pub(super) indent: usize,
    /// What is around it.
    pub(super) context: Context,
}

/// What is around a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A key: it stays on its line.
    Key,
    /// A value, or an item of a list that has a line for each.
    Block,
    /// An item inside `[…]`.
    Flow,
}

/// Appends `text` to `out`.
pub(super) fn write(out: &mut String, text: &str, spot: Spot) {
    let shape = Shape::of(text);
    let plain_is_safe = match spot.context {
        Context::Flow => shape.flow_plain,
        Context::Key | Context::Block => shape.block_plain,
    };
    if reads_as_other_type(text) {
        fold_double_quoted(out, text, spot);
    } else if text.contains('\n') {
        match shape.block && spot.context == Context::Block {
            true => write_literal(out, text, spot.indent),
            false => fold_double_quoted(out, text, spot),
        }
    } else if plain_is_safe {
        fold(out, text, spot);
    } else if shape.single_quoted {
        let mut folded = Spot { ..spot };
        folded.column += 1;
        out.push('\'');
        fold_single_quoted(out, text, folded);
        out.push('\'');
    } else {
        fold_double_quoted(out, text, spot);
    }
}

/// Which notations hold a text.
struct Shape {
    flow_plain: bool,
    block_plain: bool,
    single_quoted: bool,
    /// The notation with `|`.
    block: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let indicators = Indicators::of(text);
        let characters: Vec<char> = text.chars().collect();
        let is_special = |c: &char| !is_printable(*c) || is_odd_break(*c);
        let has_special = characters.iter().any(is_special);
        let pairs = || characters.iter().zip(characters.iter().skip(1));
        let space_before_break = pairs().any(|(a, b)| *a == ' ' && *b == '\n');
        let space_after_break = pairs().any(|(a, b)| *a == '\n' && *b == ' ');
        let edge = |c: Option<&char>| matches!(c, Some(' ' | '\n'));
        let bad_edges = edge(characters.first()) || edge(characters.last());
        let quoted_only = has_special || space_before_break;
        let plain = !quoted_only && !bad_edges && !text.contains('\n') && !text.is_empty();
        Self {
            flow_plain: plain && !indicators.flow,
            block_plain: plain && !indicators.block,
            single_quoted: !quoted_only && !space_after_break,
            block: !quoted_only && !text.ends_with(' '),
        }
    }
}

/// Characters that mean something to YAML where they stand.
#[derive(Default)]
struct Indicators {
    flow: bool,
    block: bool,
}

impl Indicators {
    fn of(text: &str) -> Self {
        let both = Self {
            flow: true,
            block: true,
        };
        if text.starts_with("---") || text.starts_with("...") {
            return both;
        }
        let mut found = Self::default();
        let mut before: Option<char> = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let ends_word = rest
                .peek()
                .is_none_or(|next| matches!(next, ' ' | '\t' | '\n'));
            match c {
                '#' if before.is_none_or(|before| matches!(before, ' ' | '\t' | '\n')) => {
                    return both;
                }
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`'
                    if before.is_none() =>
                {
                    return both;
                }
                '-' if before.is_none() && ends_word => return both,
                ':' => {
                    found.flow = true;
                    found.block |= ends_word;
                }
                '?' => {
                    found.flow = true;
                    found.block |= ends_word && before.is_none();
                }
                ',' | '[' | ']' | '{' | '}' => found.flow = true,
                _ => {}
            }
            before = Some(c);
        }
        found
    }
}

// ---- notations ----

/// Appends plain text, continued on the next line at the first single space behind the width.
fn fold(out: &mut String, text: &str, spot: Spot) {
    let mut column = spot.column;
    let mut after_space = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let folds = c == ' ' && !after_space && column > WIDTH && rest.peek() != Some(&' ');
        if folds && spot.context != Context::Key {
            column = break_line(out, spot.indent);
        } else {
            out.push(c);
            column += 1;
        }
        after_space = c == ' ';
    }
}

/// The inside of single quotes.
fn fold_single_quoted(out: &mut String, text: &str, spot: Spot) {
    let mut column = spot.column;
    let mut after_space = false;
    let length = text.chars().count();
    let mut rest = text.chars().enumerate().peekable();
    while let Some((index, c)) = rest.next() {
        let is_inside = index > 0 && index + 1 < length;
        let before_space = rest.peek().is_some_and(|(_, next)| *next == ' ');
        let folds = c == ' ' && !after_space && column > WIDTH && is_inside && !before_space;
        if folds && spot.context != Context::Key {
            column = break_line(out, spot.indent);
        } else {
            if c == '\'' {
                out.push('\'');
                column += 1;
            }
            out.push(c);
            column += 1;
        }
        after_space = c == ' ';
    }
}

fn fold_double_quoted(out: &mut String, text: &str, spot: Spot) {
    out.push('"');
    let mut column = spot.column + 1;
    let mut after_space = false;
    let length = text.chars().count();
    let mut rest = text.chars().enumerate().peekable();
    while let Some((index, c)) = rest.next() {
        let is_inside = index > 0 && index + 1 < length;
        let folds = c == ' ' && !after_space && column > WIDTH && is_inside;
        if folds && spot.context != Context::Key {
            column = break_line(out, spot.indent);
            if rest.peek().is_some_and(|(_, next)| *next == ' ') {
                out.push('\\');
                column += 1;
            }
        } else {
            let start = out.len();
            push_escaped(out, c);
            column += out
                .get(start..)
                .map_or(0, |written| written.chars().count());
        }
        after_space = c == ' ';
    }
    out.push('"');
}

fn push_escaped(out: &mut String, c: char) {
    let code = u32::from(c);
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c if is_printable(c) => return out.push(c),
        _ => {
            let escaped = match code {
                ..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
            return out.push_str(&escaped);
        }
    };
    out.push('\\');
    out.push(short);
}

/// `|` and the lines of the text.
fn write_literal(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push('-'),
        Some(body) if body.is_empty() || body.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
}

fn break_line(out: &mut String, indent: usize) -> usize {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    indent
}

// ---- characters and types ----

/// What Go's library writes as it is; the rest it escapes.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Breaks of a line that are none to every reader.
fn is_odd_break(c: char) -> bool {
    matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// True for text that Go's library takes for nothing, a truth value, a number, a time or a merge key.
fn reads_as_other_type(text: &str) -> bool {
    let words = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", ".nan", ".inf",
        "+.inf", "-.inf",
    ];
    let lower = text.to_ascii_lowercase();
    if words.contains(&lower.as_str()) {
        let mut letters = text.chars().filter(char::is_ascii_alphabetic);
        let first = letters.next();
        // `Yes` and `YES`, but not `yEs`; only of `NaN` the last letter may be large too.
        return text == lower
            || text == text.to_ascii_uppercase()
            || text == ".NaN"
            || first.is_some_and(|c| c.is_ascii_uppercase())
                && letters.all(|c| c.is_ascii_lowercase());
    }
    let begins_number = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.starts_with(begins_number)
        && (is_integer(text) || is_fraction(text) || is_time(text) || is_base_60(text))
}

fn is_integer(text: &str) -> bool {
    let digits = text.replace('_', "");
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    let prefixed = [
        ("0x", 16),
        ("0X", 16),
        ("0o", 8),
        ("0O", 8),
        ("0b", 2),
        ("0B", 2),
    ];
    let (digits, radix) = prefixed
        .iter()
        .find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)))
        .unwrap_or((digits, 10));
    !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
}

/// `1.5`, `.5`, `1.`, each with an exponent or without.
fn is_fraction(text: &str) -> bool {
    let number = text.replace('_', "");
    let number = number.strip_prefix(['+', '-']).unwrap_or(&number);
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (number, None),
    };
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    !(whole.is_empty() && rest.is_empty()) && are_digits(whole) && are_digits(rest) && has_exponent
}

/// A date of the form `2001-1-1`, whatever time follows.
fn is_time(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split('-').collect();
    let is_part = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts.as_slice() {
        [year, month, day] => {
            year.len() == 4 && is_part(year, 4) && is_part(month, 2) && is_part(day, 2)
        }
        _ => false,
    }
}

/// `12:30:45`, which older versions of YAML take for a number.
fn is_base_60(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = number.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let begins = first.starts_with(|c: char| c.is_ascii_digit());
    let are_digits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    begins
        && are_digits(first)
        && !rest.is_empty()
        && rest.iter().enumerate().all(|(index, part)| {
            let is_last = index + 1 == rest.len();
            let whole = match part.split_once('.') {
                Some((whole, fraction)) if is_last && are_digits(fraction) => whole,
                _ => part,
            };
            let tens = whole.len() < 2 || whole.starts_with(|c: char| ('0'..='5').contains(&c));
            (1..=2).contains(&whole.len()) && tens && whole.bytes().all(|b| b.is_ascii_digit())
        })
}

/// Characters after which a line is continued at the next space.
pub(super) const WIDTH: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_as_go_writes_them() {
        let block = |text: &str| {
            let mut out = String::new();
            let spot = Spot {
                column: 0,
                indent: 2,
                context: Context::Block,
            };
            write(&mut out, text, spot);
            out
        };
        let cases = [
            ("plain", "plain"),
            (
                "00000000-0000-0000-0000-000000000000",
                "00000000-0000-0000-0000-000000000000",
            ),
            ("11AAAA11-A11A", "11AAAA11-A11A"),
            ("2001-01-01", "\"2001-01-01\""),
            ("1.2.3.4:80", "1.2.3.4:80"),
            ("12:30:45", "\"12:30:45\""),
            ("12:70", "12:70"),
            ("1_000", "\"1_000\""),
            ("0x1F", "\"0x1F\""),
            ("0xyz", "0xyz"),
            ("1e3", "\"1e3\""),
            ("1.", "\"1.\""),
            ("-", "'-'"),
            ("-a", "-a"),
            ("yEs", "yEs"),
            ("Yes", "\"Yes\""),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a #b", "'a #b'"),
            ("it's #1", "'it''s #1'"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\nb", "|-\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            (" a\nb", "|2-\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("tab\t", "\"tab\\t\""),
            ("😀", "\"\\U0001F600\""),
            ("é", "é"),
        ];
        for (text, want) in cases {
            assert_eq!(block(text), want, "{text:?}");
        }
        let long = "words ".repeat(20);
        let folded = block(long.trim_end());
        assert_eq!(folded.lines().count(), 2, "{folded}");
        assert!(folded.lines().all(|line| line.len() < 90), "{folded}");
    }
}
