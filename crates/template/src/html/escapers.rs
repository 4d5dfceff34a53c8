//! The functions that make a value safe for the place where it stands. They are added to the
//! pipelines of a page; nobody can call them by name.

use super::attribute;
use super::content::{Content, content_of, text_of};
use super::context::{Context as Place, Delimiter, Element, State};
use super::transition::{self, script, style};
use super::{json, url};
use crate::format;
use crate::functions::{Context, PlainBody};
use crate::unicode;
use crate::value::Value;

/// Escapers by their names.
pub(crate) const ESCAPERS: &[(&str, PlainBody)] = &[
    ("_html_template_attrescaper", attribute_text),
    ("_html_template_commentescaper", comment),
    ("_html_template_cssescaper", style_text),
    ("_html_template_cssvaluefilter", style_value),
    ("_html_template_htmlnamefilter", name),
    ("_html_template_htmlescaper", html),
    ("_html_template_jsregexpescaper", script_regex),
    ("_html_template_jsstrescaper", script_text),
    ("_html_template_jstmpllitescaper", script_template),
    ("_html_template_jsvalescaper", script_value),
    ("_html_template_nospaceescaper", unquoted_attribute),
    ("_html_template_rcdataescaper", raw_text),
    ("_html_template_srcsetescaper", url::source_set),
    ("_html_template_urlescaper", url::escaped),
    ("_html_template_urlfilter", url::filtered),
    ("_html_template_urlnormalizer", url::normalized),
    ("_eval_args_", joined),
];

type Escaped = Result<Value, String>;

/// What stands in the place of something dangerous.
pub(super) const FAILSAFE: &str = "ZgotmplZ";

fn joined(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, _) = text_of(context, values)?;
    context.written(text)
}

fn html(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    match content {
        Content::Html => context.written(text),
        _ => context.written(replaced(&text, HTML, true)),
    }
}

fn raw_text(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    let table = without_ampersand(content, HTML);
    context.written(replaced(&text, &table, true))
}

fn attribute_text(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    let text = match content {
        Content::Html => without_tags(text),
        _ => text,
    };
    let table = without_ampersand(content, HTML);
    context.written(replaced(&text, &table, true))
}

fn unquoted_attribute(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    if text.is_empty() {
        return Ok(Value::from(FAILSAFE));
    }
    let text = match content {
        Content::Html => without_tags(text),
        _ => text,
    };
    let table = without_ampersand(content, UNQUOTED);
    context.written(replaced(&text, &table, false))
}

fn comment(_: &mut Context<'_>, _: &[Value]) -> Escaped {
    Ok(Value::from(""))
}

/// The name of an attribute or an element, or a whole attribute that is known to be safe.
fn name(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    if content == Content::HtmlAttribute {
        return context.written(text);
    }
    let name = unicode::mapped(&text, unicode::to_lower);
    let is_plain = attribute::kind(name.as_bytes()) == Content::Plain;
    let is_word = name
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z'));
    match is_plain && is_word && !name.is_empty() {
        true => context.written(name.into_bytes()),
        false => Ok(Value::from(FAILSAFE)),
    }
}

fn style_text(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, _) = text_of(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for (index, &byte) in text.iter().enumerate() {
        let code = match byte {
            b'\\' => {
                out.extend(*b"\\\\");
                continue;
            }
            0 | b'\t' | b'\n' | b'\x0c' | b'\r' | b'"' | b'&' | b'\'' | b'(' | b')' | b'+'
            | b'/' | b':' | b';' | b'<' | b'>' | b'{' | b'}' => byte,
            byte => {
                out.push(byte);
                continue;
            }
        };
        out.extend(format!("\\{code:x}").bytes());
        let next = text.get(index + 1);
        let needs_end = next.is_none_or(|next| next.is_ascii_hexdigit() || is_style_space(*next));
        if needs_end {
            out.push(b' ');
        }
    }
    context.written(out)
}

fn is_style_space(byte: u8) -> bool {
    b"\t\n\x0c\r ".contains(&byte)
}

/// A harmless word, number or color of a style.
fn style_value(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    if content == Content::Style {
        return context.written(text);
    }
    let text = style::decoded(&text);
    let is_bad = |byte: &u8| b"\0\"'()/;@[\\]`{}<>".contains(byte);
    let word: Vec<u8> = text
        .iter()
        .filter(|byte| byte.is_ascii() && **byte != b'-' && style::is_name_byte(**byte))
        .map(u8::to_ascii_lowercase)
        .collect();
    let runs = [&b"expression"[..], b"mozbinding"];
    let runs_script = runs
        .iter()
        .any(|run| transition::find(&word, run).is_some());
    let has_dashes = transition::find(&text, b"--").is_some();
    match runs_script || has_dashes || text.iter().any(is_bad) {
        true => Ok(Value::from(FAILSAFE)),
        false => context.written(text),
    }
}

/// A value as an expression of a script.
fn script_value(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let value = match values {
        [only] => {
            let value = only.out_of_interface();
            let (target, _) = value.indirect();
            match content_of(target) {
                Content::Script => {
                    return Ok(Value::Text(target.as_text().cloned().unwrap_or_default()));
                }
                Content::ScriptText => {
                    let text = target.as_text().cloned().unwrap_or_default();
                    return context.written([b"\"", &text[..], b"\""].concat());
                }
                _ => as_itself(value),
            }
        }
        values => {
            let values: Vec<Value> = values
                .iter()
                .map(|value| value.indirect().0.clone())
                .collect();
            Value::from(format::print(&values, context.room().saturating_add(1)))
        }
    };
    let most = context.room();
    let text = match json::encoded(&value, most) {
        Ok(text) => text,
        Err(error) => {
            let error = error.replace("*/", "* /").replace("<!--", "\\x3C!--");
            return Ok(Value::from(format!(" /* {error} */null ")));
        }
    };
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| script::is_name_byte(*byte));
    match is_name(text.first()) || is_name(text.last()) {
        true => context.written([b" ", &text[..], b" "].concat()),
        false => context.written(text),
    }
}

/// A type that has a text of its own stands for that text.
fn as_itself(value: &Value) -> Value {
    let (target, _) = value.indirect();
    let has_text = match target {
        Value::Named(kind, _) => kind.text.is_some(),
        Value::Struct(fields) => fields.struct_type().text.is_some(),
        _ => false,
    };
    match has_text {
        true => Value::from(format::shown(target, 's')),
        false => target.clone(),
    }
}

fn script_text(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, content) = text_of(context, values)?;
    let keeps_escapes = content == Content::ScriptText;
    context.written(in_script(&text, |c| match c {
        '\\' if keeps_escapes => None,
        '\\' => Some("\\\\".to_owned()),
        '/' => Some("\\/".to_owned()),
        '"' | '`' | '&' | '\'' | '+' | '<' | '>' => Some(coded(c)),
        _ => None,
    }))
}

fn script_template(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, _) = text_of(context, values)?;
    context.written(in_script(&text, |c| match c {
        '\\' => Some("\\\\".to_owned()),
        '/' => Some("\\/".to_owned()),
        '"' | '`' | '&' | '\'' | '+' | '<' | '>' | '$' | '{' | '}' => Some(coded(c)),
        _ => None,
    }))
}

fn script_regex(context: &mut Context<'_>, values: &[Value]) -> Escaped {
    let (text, _) = text_of(context, values)?;
    if text.is_empty() {
        return Ok(Value::from("(?:)"));
    }
    context.written(in_script(&text, |c| match c {
        '$' | '(' | ')' | '*' | '-' | '.' | '/' | '?' | '[' | '\\' | ']' | '^' | '{' | '|'
        | '}' => Some(format!("\\{c}")),
        '"' | '&' | '\'' | '+' | '<' | '>' => Some(coded(c)),
        _ => None,
    }))
}

fn coded(c: char) -> String {
    format!("\\u{:04x}", u32::from(c))
}

/// Text for a literal of a script: control characters and line ends are always escaped.
fn in_script(text: &[u8], escape: impl Fn(char) -> Option<String>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (_, rune, bytes) in unicode::runes(text) {
        let escaped = match rune {
            Some('\t') => Some("\\t".to_owned()),
            Some('\n') => Some("\\n".to_owned()),
            Some('\u{c}') => Some("\\f".to_owned()),
            Some('\r') => Some("\\r".to_owned()),
            Some(c @ ('\0'..='\u{1f}' | '\u{2028}' | '\u{2029}')) => Some(coded(c)),
            Some(c) => escape(c),
            None => None,
        };
        match escaped {
            Some(escaped) => out.extend(escaped.bytes()),
            None => out.extend_from_slice(bytes),
        }
    }
    out
}

/// Characters with what replaces them.
type Table = [(char, &'static str)];

const HTML: &Table = &[
    ('\0', "\u{fffd}"),
    ('"', "&#34;"),
    ('&', "&amp;"),
    ('\'', "&#39;"),
    ('+', "&#43;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
];

const UNQUOTED: &Table = &[
    ('\0', "&#xfffd;"),
    ('\t', "&#9;"),
    ('\n', "&#10;"),
    ('\u{b}', "&#11;"),
    ('\u{c}', "&#12;"),
    ('\r', "&#13;"),
    (' ', "&#32;"),
    ('"', "&#34;"),
    ('&', "&amp;"),
    ('\'', "&#39;"),
    ('+', "&#43;"),
    ('<', "&lt;"),
    ('=', "&#61;"),
    ('>', "&gt;"),
    ('`', "&#96;"),
];

/// What is HTML already has references, whose ampersands stay.
fn without_ampersand(content: Content, table: &Table) -> Vec<(char, &'static str)> {
    let kept = table
        .iter()
        .filter(|(c, _)| *c != '&' || content != Content::Html);
    kept.copied().collect()
}

/// Text with some characters replaced; in attributes without quotes also those that are none.
fn replaced(text: &[u8], table: &Table, keeps_odd: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (_, rune, bytes) in unicode::runes(text) {
        let c = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
        let code = u32::from(c);
        let is_odd = (0xfdd0..=0xfdef).contains(&code) || (0xfff0..=0xffff).contains(&code);
        match table.iter().find(|(other, _)| *other == c) {
            Some((_, replacement)) => out.extend(replacement.bytes()),
            None if is_odd && !keeps_odd => out.extend(format!("&#x{code:x};").bytes()),
            None => out.extend_from_slice(bytes),
        }
    }
    out
}

/// The text of some HTML, without its tags.
fn without_tags(html: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut place, mut at, mut is_text) = (Place::default(), 0, true);
    while at < html.len() {
        let rest = html.get(at..).unwrap_or_default();
        if place.delimiter != Delimiter::None {
            let Some(end) = transition::find_any(rest, 0, place.delimiter.ends()) else {
                break;
            };
            at += end + usize::from(place.delimiter != Delimiter::SpaceOrTagEnd);
            place = Place {
                state: State::Tag,
                element: place.element,
                ..Place::default()
            };
            continue;
        }
        let state = match place.element != Element::None && !place.state.is_in_tag() {
            true => State::RawText,
            false => place.state,
        };
        let before = place.state;
        let (next, len) = transition::step(state, place, rest);
        let passed = rest.get(..len).unwrap_or_default();
        if matches!(before, State::Text | State::RawText) {
            let tag = passed.iter().rposition(|&byte| byte == b'<');
            let end = tag.filter(|_| next.state != before).unwrap_or(len);
            out.extend_from_slice(passed.get(..end).unwrap_or_default());
        } else {
            is_text = false;
        }
        place = next;
        at += len;
    }
    if is_text {
        return html;
    }
    if matches!(place.state, State::Text | State::RawText) {
        out.extend_from_slice(html.get(at..).unwrap_or_default());
    }
    out
}
