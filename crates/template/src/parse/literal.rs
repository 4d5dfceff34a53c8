//! Numbers, characters and quoted text as Go writes them.

use crate::ast::Number;
use crate::format;
use crate::lexer::ItemKind;

/// The bytes that a quoted text stands for.
///
/// # Errors
/// It has an escape that Go does not know.
pub(crate) fn unquote(quoted: &str) -> Result<Vec<u8>, &'static str> {
    const FAULT: &str = "invalid syntax";
    if let Some(raw) = quoted.strip_prefix('`') {
        let raw = raw.strip_suffix('`').ok_or(FAULT)?;
        return Ok(raw.bytes().filter(|&byte| byte != b'\r').collect());
    }
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut rest = inner.ok_or(FAULT)?;
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, after) = take_unit(rest, '"').ok_or(FAULT)?;
        match unit {
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unit::Byte(byte) => out.push(byte),
        }
        rest = after;
    }
    Ok(out)
}

/// A number, a character or a complex number with all types that it can have.
///
/// # Errors
/// It is none, or too large.
pub(crate) fn number(pos: usize, text: &str, kind: ItemKind) -> Result<Number, String> {
    let mut number = Number {
        pos,
        text: text.to_owned(),
        ..Number::default()
    };
    match kind {
        ItemKind::CharConstant => {
            let body = text.strip_prefix('\'').unwrap_or_default();
            let Some((unit, rest)) = take_unit(body, '\'') else {
                return Err("invalid syntax".to_owned());
            };
            if rest != "'" {
                return Err(format!("malformed character constant: {text}"));
            }
            let code = match unit {
                Unit::Char(c) => u32::from(c),
                Unit::Byte(byte) => u32::from(byte),
            };
            number.signed = Some(i64::from(code));
            number.unsigned = Some(u64::from(code));
            number.float = Some(f64::from(code));
            return Ok(number);
        }
        ItemKind::Complex => {
            let split = text.get(1..).and_then(split_complex).map(|at| at + 1);
            let parts = split.and_then(|at| {
                let real = parse_float(text.get(..at)?)?;
                let imaginary = parse_float(text.get(at..)?.strip_suffix('i')?)?;
                Some((real, imaginary))
            });
            set_complex(
                &mut number,
                parts.ok_or("syntax error scanning complex number")?,
            );
            return Ok(number);
        }
        _ => {}
    }
    if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
        set_complex(&mut number, (0.0, imaginary));
        return Ok(number);
    }
    number.unsigned = parse_unsigned(text);
    number.signed = parse_signed(text);
    if number.signed == Some(0) {
        number.unsigned = Some(0);
    }
    match (number.signed, number.unsigned) {
        (Some(signed), _) => number.float = Some(signed as f64),
        (None, Some(unsigned)) => number.float = Some(unsigned as f64),
        (None, None) => set_float(&mut number, text)?,
    }
    match number.float {
        Some(_) => Ok(number),
        None => Err(format!(
            "illegal number syntax: {}",
            format::quoted(text.as_bytes())
        )),
    }
}

fn set_float(number: &mut Number, text: &str) -> Result<(), String> {
    let Some(float) = parse_float(text) else {
        return Ok(());
    };
    if !text.contains(['.', 'e', 'E', 'p', 'P']) {
        let shown = format::quoted(text.as_bytes());
        return Err(format!("integer overflow: {shown}"));
    }
    set_whole(number, float);
    number.float = Some(float);
    Ok(())
}

fn set_complex(number: &mut Number, (real, imaginary): (f64, f64)) {
    number.complex = Some((real, imaginary));
    if imaginary == 0.0 {
        number.float = Some(real);
        set_whole(number, real);
    }
}

/// A float that is whole can stand where a whole number is wanted.
fn set_whole(number: &mut Number, float: f64) {
    if float.fract() == 0.0 {
        let in_signed =
            (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float);
        number.signed = in_signed.then_some(float as i64);
        let in_unsigned = (0.0..18_446_744_073_709_551_616.0).contains(&float);
        number.unsigned = in_unsigned.then_some(float as u64);
    }
}

/// Where the second number begins in `1+2i` behind its first byte.
fn split_complex(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_split = |&index: &usize| {
        let before = index.checked_sub(1).and_then(|before| bytes.get(before));
        matches!(bytes.get(index), Some(b'+' | b'-'))
            && !matches!(before, Some(b'e' | b'E' | b'p' | b'P'))
    };
    (0..bytes.len()).rev().find(is_split)
}

enum Unit {
    Char(char),
    Byte(u8),
}

/// One character or escape in front of `text`, inside quotes of this kind.
fn take_unit(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = |c: char| Some((Unit::Char(c), rest));
    match escape {
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\u{b}'),
        '\\' => simple('\\'),
        '\'' | '"' => (escape == quote).then(|| simple(escape))?,
        'x' => {
            let (code, rest) = take_digits(rest, 2, 16)?;
            Some((Unit::Byte(u8::try_from(code).ok()?), rest))
        }
        'u' | 'U' => {
            let (code, rest) = take_digits(rest, if escape == 'u' { 4 } else { 8 }, 16)?;
            Some((Unit::Char(char::from_u32(code)?), rest))
        }
        '0'..='7' => {
            let (code, rest) = take_digits(text.get(1..)?, 3, 8)?;
            Some((Unit::Byte(u8::try_from(code).ok()?), rest))
        }
        _ => None,
    }
}

fn take_digits(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let all = digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok()?;
    all.then_some((code, rest))
}

/// A whole number in any notation of Go, without a sign.
fn parse_unsigned(text: &str) -> Option<u64> {
    let (digits, radix) = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (text.get(2..)?, 16),
        Some("0o") => (text.get(2..)?, 8),
        Some("0b") => (text.get(2..)?, 2),
        _ if text.len() > 1 && text.starts_with('0') => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    if text.contains('_') && !underscores_are_right(text) {
        return None;
    }
    let digits = digits.replace('_', "");
    let starts_right = digits.chars().next()?.is_digit(radix);
    starts_right.then(|| u64::from_str_radix(&digits, radix).ok())?
}

fn parse_signed(text: &str) -> Option<i64> {
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = i128::from(parse_unsigned(rest)?);
    i64::try_from(if is_negative { -number } else { number }).ok()
}

/// A float in decimal or hexadecimal notation.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.contains('_') && !underscores_are_right(rest) {
        return None;
    }
    let rest = rest.replace('_', "");
    let hexadecimal = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
    let float = match hexadecimal {
        Some(digits) => parse_hexadecimal(digits)?,
        None => {
            let starts_right = rest
                .bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
            starts_right
                .then(|| rest.parse::<f64>().ok())?
                .filter(|float| float.is_finite())?
        }
    };
    Some(if is_negative { -float } else { float })
}

/// `1.8p3` behind its `0x`. Digits beyond what a double holds are cut with a sticky bit.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let mut exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut bits: u64 = 0;
    let digits = whole.chars().map(|c| (c, false));
    for (c, is_fraction) in digits.chain(fraction.chars().map(|c| (c, true))) {
        let digit = u64::from(c.to_digit(16)?);
        match bits >> 58 {
            0 => {
                bits = bits << 4 | digit;
                exponent = exponent.saturating_sub(if is_fraction { 4 } else { 0 });
            }
            _ => {
                bits |= u64::from(digit != 0);
                exponent = exponent.saturating_add(if is_fraction { 0 } else { 4 });
            }
        }
    }
    let float = bits as f64 * 2f64.powi(exponent.clamp(-1100, 1100));
    float.is_finite().then_some(float)
}

/// Underscores stand between digits, or between a prefix and a digit.
fn underscores_are_right(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']);
    let lower = text.to_ascii_lowercase();
    let prefixed = ["0x", "0o", "0b"].iter().any(|p| lower.starts_with(p));
    let (body, radix) = match prefixed {
        true => (
            lower.get(2..).unwrap_or_default(),
            if lower.starts_with("0x") { 16 } else { 10 },
        ),
        false => (lower.as_str(), 10),
    };
    let mut before = if prefixed { Some('0') } else { None };
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '_' {
            let after = chars.peek().copied();
            let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_digit(radix));
            if !is_digit(before) || !is_digit(after) {
                return false;
            }
        }
        before = Some(c);
    }
    true
}
