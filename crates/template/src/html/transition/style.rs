//! Style sheets.

use super::{find_any, shown, url};
use crate::html::context::{Context, State};
use crate::unicode;

pub(super) fn style(mut context: Context, text: &[u8]) -> (Context, usize) {
    let mut from = 0;
    while let Some(at) = find_any(text, from, b"(\"'/") {
        from = at + 1;
        match (text.get(at), text.get(from)) {
            (Some(b'('), _) => {
                let before = text.get(..at).unwrap_or_default();
                if ends_with_url(before.trim_ascii_end()) {
                    return begin_url(context, text, from);
                }
            }
            (Some(b'/'), Some(b'/')) => {
                context.state = State::StyleLineComment;
                return (context, from + 1);
            }
            (Some(b'/'), Some(b'*')) => {
                context.state = State::StyleBlockComment;
                return (context, from + 1);
            }
            (Some(b'"'), _) => {
                context.state = State::StyleDouble;
                return (context, from);
            }
            (Some(b'\''), _) => {
                context.state = State::StyleSingle;
                return (context, from);
            }
            _ => {}
        }
    }
    (context, text.len())
}

/// `url(` is behind us.
fn begin_url(mut context: Context, text: &[u8], from: usize) -> (Context, usize) {
    let start = super::skip_space(text, from);
    let (state, start) = match text.get(start) {
        Some(b'"') => (State::StyleDoubleUrl, start + 1),
        Some(b'\'') => (State::StyleSingleUrl, start + 1),
        _ => (State::StyleUrl, start),
    };
    context.state = state;
    (context, start)
}

/// True if the word `url` stands at the end.
fn ends_with_url(text: &[u8]) -> bool {
    let Some((before, word)) = text.split_last_chunk::<3>() else {
        return false;
    };
    let is_part = before.last().is_some_and(|&byte| is_name_byte(byte));
    word.eq_ignore_ascii_case(b"url") && !is_part
}

/// True for what names are made of; everything outside ASCII counts.
pub(in crate::html) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii()
}

/// Text in quotes, and addresses.
pub(super) fn quoted(mut context: Context, text: &[u8]) -> (Context, usize) {
    let ends: &[u8] = match context.state {
        State::StyleDouble | State::StyleDoubleUrl => b"\\\"",
        State::StyleSingle | State::StyleSingleUrl => b"\\'",
        _ => b"\\\t\n\x0c\r )",
    };
    let mut from = 0;
    while let Some(mut at) = find_any(text, from, ends) {
        if text.get(at) != Some(&b'\\') {
            context.state = State::Style;
            return (context, at + 1);
        }
        at += 1;
        if at == text.len() {
            let shown = shown(text, usize::MAX);
            let fault = format!("unfinished escape sequence in CSS string: {shown}");
            return (Context::fault(None, fault), text.len());
        }
        let passed = decoded(text.get(..=at).unwrap_or_default());
        context = url(context, &passed).0;
        from = at + 1;
    }
    let rest = decoded(text.get(from..).unwrap_or_default());
    // As in Go, what was read is counted in decoded bytes.
    let (context, len) = url(context, &rest);
    (context, (from + len).min(text.len()))
}

/// Text without its escapes.
pub(in crate::html) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_any(rest, 0, b"\\") {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if rest.is_empty() {
            return out;
        }
        let digits = rest
            .iter()
            .take(6)
            .take_while(|byte| byte.is_ascii_hexdigit());
        let mut count = digits.count();
        if count == 0 {
            let (_, len) = unicode::first_rune(rest);
            out.extend_from_slice(rest.get(..len).unwrap_or_default());
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        let mut code = number(rest.get(..count).unwrap_or_default());
        if code > u32::from(char::MAX) {
            code /= 16;
            count -= 1;
        }
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = without_space(rest.get(count..).unwrap_or_default());
    }
    out.extend_from_slice(rest);
    out
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, byte| {
        sum * 16 + char::from(*byte).to_digit(16).unwrap_or(0)
    })
}

/// Text without one space in front, which ends an escape.
fn without_space(text: &[u8]) -> &[u8] {
    match text {
        [b'\r', b'\n', rest @ ..] => rest,
        [b'\t' | b'\n' | b'\x0c' | b' ' | b'\r', rest @ ..] => rest,
        text => text,
    }
}
