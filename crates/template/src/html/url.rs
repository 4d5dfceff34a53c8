//! Addresses.

use super::content::{Content, text_of};
use super::escapers::FAILSAFE;
use crate::functions::Context;
use crate::value::Value;

/// An address whose scheme is harmless, or a word in its place.
pub(super) fn filtered(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (text, content) = text_of(context, values)?;
    match content == Content::Url || is_safe(&text) {
        true => context.written(text),
        false => Ok(Value::from(format!("#{FAILSAFE}"))),
    }
}

/// A part of an address, such as a value of its query.
pub(super) fn escaped(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (text, content) = text_of(context, values)?;
    context.written(encoded(&text, content == Content::Url))
}

/// A whole address.
pub(super) fn normalized(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (text, _) = text_of(context, values)?;
    context.written(encoded(&text, true))
}

/// A list of addresses of images, each with what is known of it.
pub(super) fn source_set(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let (text, content) = text_of(context, values)?;
    let out = match content {
        Content::SourceSet => text,
        Content::Url => {
            let normal = encoded(&text, true);
            let parts: Vec<&[u8]> = normal.split(|&byte| byte == b',').collect();
            parts.join(&b"%2c"[..])
        }
        _ => {
            let sources: Vec<Vec<u8>> = text.split(|&byte| byte == b',').map(source).collect();
            sources.join(&b","[..])
        }
    };
    context.written(out)
}

/// One address with what follows it.
fn source(text: &[u8]) -> Vec<u8> {
    let is_space = |byte: &u8| b" \t\n\x0c\r".contains(byte);
    let start = text.iter().take_while(|byte| is_space(byte)).count();
    let (space, rest) = text.split_at(start);
    let end = rest.iter().position(is_space).unwrap_or(rest.len());
    let (url, notes) = rest.split_at(end);
    let notes_are_plain = notes
        .iter()
        .all(|byte| is_space(byte) || byte.is_ascii_alphanumeric());
    match is_safe(url) && notes_are_plain {
        true => [space, &encoded(url, true), notes].concat(),
        false => format!("#{FAILSAFE}").into_bytes(),
    }
}

/// True for addresses without a scheme and for schemes that only lead elsewhere.
fn is_safe(url: &[u8]) -> bool {
    let Some(colon) = url.iter().position(|&byte| byte == b':') else {
        return true;
    };
    let scheme = url.get(..colon).unwrap_or_default();
    let known: [&[u8]; 3] = [b"http", b"https", b"mailto"];
    scheme.contains(&b'/') || known.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// With percent signs for what an address may not have. A whole address keeps its own signs.
fn encoded(text: &[u8], is_whole: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (index, &byte) in text.iter().enumerate() {
        let is_kept = match byte {
            b'!' | b'#' | b'$' | b'&' | b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?'
            | b'@' | b'[' | b']' => is_whole,
            b'-' | b'.' | b'_' | b'~' => true,
            b'%' => {
                let digits = text.get(index + 1..index + 3);
                is_whole && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            }
            byte => byte.is_ascii_alphanumeric(),
        };
        match is_kept {
            true => out.push(byte),
            false => out.extend(format!("%{byte:02x}").bytes()),
        }
    }
    out
}
