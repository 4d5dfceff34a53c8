//! Tags and their attributes.

use super::{find, find_any, shown, skip_space};
use crate::html::attribute;
use crate::html::content::Content;
use crate::html::context::{Attribute, Context, Delimiter, Element, State};

/// Up to the name of a tag or a comment.
pub(super) fn text(context: Context, text: &[u8]) -> (Context, usize) {
    let mut from = 0;
    while let Some(at) = find_any(text, from, b"<") {
        if at + 1 == text.len() {
            break;
        }
        if text.get(at..).is_some_and(|rest| rest.starts_with(b"<!--")) {
            return (Context::of(State::HtmlComment), at + 4);
        }
        let mut name = at + 1;
        let is_end = text.get(name) == Some(&b'/');
        if is_end {
            name += 1;
            if name == text.len() {
                break;
            }
        }
        let (end, element) = tag_name(text, name);
        if end != name {
            let tag = Context {
                state: State::Tag,
                element: if is_end { Element::None } else { element },
                ..Context::default()
            };
            return (tag, end);
        }
        from = end;
    }
    (context, text.len())
}

fn tag_name(text: &[u8], start: usize) -> (usize, Element) {
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    if !byte(start).is_ascii_alphabetic() {
        return (start, Element::None);
    }
    let mut end = start + 1;
    loop {
        if byte(end).is_ascii_alphanumeric() {
            end += 1;
        } else if matches!(byte(end), b':' | b'-') && byte(end + 1).is_ascii_alphanumeric() {
            end += 2;
        } else {
            break;
        }
    }
    let name = text.get(start..end).unwrap_or_default();
    (end, Element::of_name(name))
}

/// Up to the name of an attribute or the end of the tag.
pub(super) fn tag(context: Context, text: &[u8]) -> (Context, usize) {
    let start = skip_space(text, 0);
    let Some(first) = text.get(start) else {
        return (context, text.len());
    };
    if *first == b'>' {
        let element = match context.element {
            Element::Meta => Element::None,
            element => element,
        };
        let inside = Context {
            state: element.content(),
            element,
            ..Context::default()
        };
        return (inside, start + 1);
    }
    let end = match name_end(text, start) {
        Ok(end) => end,
        Err(fault) => return (Context::fault(None, fault), text.len()),
    };
    let name = text.get(start..end).unwrap_or_default();
    if name.is_empty() {
        let rest = shown(text.get(start..).unwrap_or_default(), usize::MAX);
        let fault = format!("expected space, attr name, or end of tag, but got {rest}");
        return (Context::fault(None, fault), text.len());
    }
    let named = Context {
        state: match end == text.len() {
            true => State::AttributeName,
            false => State::AfterName,
        },
        element: context.element,
        attribute: attribute_of(context.element, &name.to_ascii_lowercase()),
        ..Context::default()
    };
    (named, end)
}

fn attribute_of(element: Element, name: &[u8]) -> Attribute {
    match (element, name) {
        (Element::Script, b"type") => return Attribute::ScriptType,
        (Element::Meta, b"content") => return Attribute::MetaContent,
        _ => {}
    }
    match attribute::kind(name) {
        Content::Url => Attribute::Url,
        Content::Style => Attribute::Style,
        Content::Script => Attribute::Script,
        Content::SourceSet => Attribute::SourceSet,
        _ => Attribute::None,
    }
}

/// Where the name of an attribute ends.
fn name_end(text: &[u8], start: usize) -> Result<usize, String> {
    let Some(end) = find_any(text, start, b" \t\n\x0c\r=>'\"<") else {
        return Ok(text.len());
    };
    match text.get(end) {
        Some(b'\'' | b'"' | b'<') => {
            let found = shown(text.get(end..=end).unwrap_or_default(), usize::MAX);
            Err(format!("{found} in attribute name: {}", shown(text, 32)))
        }
        _ => Ok(end),
    }
}

pub(super) fn attribute_name(mut context: Context, text: &[u8]) -> (Context, usize) {
    match name_end(text, 0) {
        Ok(end) => {
            if end != text.len() {
                context.state = State::AfterName;
            }
            (context, end)
        }
        Err(fault) => (Context::fault(None, fault), text.len()),
    }
}

pub(super) fn after_name(mut context: Context, text: &[u8]) -> (Context, usize) {
    let at = skip_space(text, 0);
    match text.get(at) {
        None => (context, text.len()),
        Some(b'=') => {
            context.state = State::BeforeValue;
            (context, at + 1)
        }
        Some(_) => {
            context.state = State::Tag;
            (context, at)
        }
    }
}

pub(super) fn before_value(mut context: Context, text: &[u8]) -> (Context, usize) {
    let at = skip_space(text, 0);
    let (delimiter, start) = match text.get(at) {
        None => return (context, text.len()),
        Some(b'\'') => (Delimiter::Single, at + 1),
        Some(b'"') => (Delimiter::Double, at + 1),
        Some(_) => (Delimiter::SpaceOrTagEnd, at),
    };
    context.state = context.attribute.start();
    context.delimiter = delimiter;
    (context, start)
}

/// Up to `url=` in the content of a `meta` element.
pub(super) fn meta_content(mut context: Context, text: &[u8]) -> (Context, usize) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| {
        let mut words = rest.windows(3);
        words.position(|word| word.eq_ignore_ascii_case(b"url"))
    }) {
        let after = skip_space(text, from + at + 3);
        if text.get(after) == Some(&b'=') {
            context.state = State::MetaContentUrl;
            return (context, after + 1);
        }
        from += at + 1;
    }
    (context, text.len())
}

pub(super) fn meta_content_url(mut context: Context, text: &[u8]) -> (Context, usize) {
    match find(text, b";") {
        Some(at) => {
            context.state = State::MetaContent;
            (context, at + 1)
        }
        None => (context, text.len()),
    }
}

/// True for types of `script` elements whose content is a script.
pub(in crate::html) fn is_script_type(kind: &[u8]) -> bool {
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (family, name) = kind.split_once('/').unwrap_or(("", kind));
    match family {
        "" => matches!(name, "" | "module"),
        "application" => matches!(
            name,
            "ecmascript" | "javascript" | "json" | "ld+json" | "x-ecmascript" | "x-javascript"
        ),
        "text" => matches!(
            name,
            "ecmascript"
                | "javascript"
                | "javascript1.0"
                | "javascript1.1"
                | "javascript1.2"
                | "javascript1.3"
                | "javascript1.4"
                | "javascript1.5"
                | "jscript"
                | "livescript"
                | "x-ecmascript"
                | "x-javascript"
        ),
        _ => false,
    }
}
