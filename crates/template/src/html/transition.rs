//! How the text of a page leads from one context to the next.

pub(super) mod script;
pub(super) mod style;
mod tag;

use super::context::{Context, Element, State, UrlPart};
pub(super) use tag::is_script_type;

/// The context behind some of a text's first bytes, and how many those are.
pub(super) fn step(state: State, context: Context, text: &[u8]) -> (Context, usize) {
    match state {
        State::Text => tag::text(context, text),
        State::Tag => tag::tag(context, text),
        State::AttributeName => tag::attribute_name(context, text),
        State::AfterName => tag::after_name(context, text),
        State::BeforeValue => tag::before_value(context, text),
        State::HtmlComment => match find(text, b"-->") {
            Some(at) => (Context::default(), at + 3),
            None => (context, text.len()),
        },
        State::RawText => special_tag_end(context, text),
        State::Attribute | State::Error | State::Dead => (context, text.len()),
        State::Url | State::SourceSet => url(context, text),
        State::MetaContent => tag::meta_content(context, text),
        State::MetaContentUrl => tag::meta_content_url(context, text),
        State::Script => script::script(context, text),
        State::ScriptDouble | State::ScriptSingle | State::ScriptRegex => {
            script::delimited(context, text)
        }
        State::ScriptTemplate => script::template(context, text),
        State::ScriptBlockComment | State::StyleBlockComment => block_comment(context, text),
        State::ScriptLineComment
        | State::ScriptHtmlOpen
        | State::ScriptHtmlClose
        | State::StyleLineComment => line_comment(context, text),
        State::Style => style::style(context, text),
        State::StyleDouble
        | State::StyleSingle
        | State::StyleDoubleUrl
        | State::StyleSingleUrl
        | State::StyleUrl => style::quoted(context, text),
    }
}

/// Up to the end tag of a special element.
pub(super) fn special_tag_end(context: Context, text: &[u8]) -> (Context, usize) {
    if context.element == Element::None {
        return (context, text.len());
    }
    let is_kept = context.state.is_in_script_literal() || context.state.is_comment();
    if context.element == Element::Script && is_kept {
        return (context, text.len());
    }
    match tag_end(text, context.element.end_tag()) {
        Some(at) => (Context::default(), at),
        None => (context, text.len()),
    }
}

/// Where the end tag of an element begins.
fn tag_end(text: &[u8], tag: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let start = at + find(rest, b"</")?;
        at = start + 2;
        let rest = text.get(at..)?;
        let is_tag = rest
            .get(..tag.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(tag));
        if is_tag {
            let after = rest.get(tag.len());
            if after.is_some_and(|byte| b"> \t\n\x0c/".contains(byte)) {
                return Some(start);
            }
            at += tag.len();
        }
    }
}

/// The part of an address that text leads to.
pub(super) fn url(mut context: Context, text: &[u8]) -> (Context, usize) {
    if text.iter().any(|byte| b"#?".contains(byte)) {
        context.url_part = UrlPart::QueryOrFragment;
    } else if skip_space(text, 0) != text.len() && context.url_part == UrlPart::None {
        context.url_part = UrlPart::BeforeQuery;
    }
    (context, text.len())
}

fn block_comment(mut context: Context, text: &[u8]) -> (Context, usize) {
    let Some(at) = find(text, b"*/") else {
        return (context, text.len());
    };
    context.state = match context.state {
        State::ScriptBlockComment => State::Script,
        _ => State::Style,
    };
    (context, at + 2)
}

/// Up to the end of a line, which does not belong to the comment.
fn line_comment(mut context: Context, text: &[u8]) -> (Context, usize) {
    let (end, state) = match context.state {
        State::StyleLineComment => {
            let end = text.iter().position(|byte| b"\n\x0c\r".contains(byte));
            (end, State::Style)
        }
        _ => {
            let separators: [&[u8]; 4] = [b"\n", b"\r", b"\xe2\x80\xa8", b"\xe2\x80\xa9"];
            let ends = separators
                .iter()
                .filter_map(|separator| find(text, separator));
            (ends.min(), State::Script)
        }
    };
    match end {
        Some(at) => {
            context.state = state;
            (context, at)
        }
        None => (context, text.len()),
    }
}

/// Where some bytes stand in a text.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len().max(1))
        .position(|part| part == wanted)
}

/// Where the first of some bytes stands, from a place on.
pub(super) fn find_any(text: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.iter()
        .position(|byte| wanted.contains(byte))
        .map(|at| from + at)
}

/// Where something other than white space stands, from a place on.
pub(super) fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let space = rest.iter().take_while(|byte| b" \t\n\x0c\r".contains(byte));
    from + space.count()
}

/// The start of a text in quotes, for messages.
pub(super) fn shown(text: &[u8], most: usize) -> String {
    let end = crate::unicode::runes(text)
        .nth(most)
        .map_or(text.len(), |(at, _, _)| at);
    crate::format::quoted(text.get(..end).unwrap_or(text))
}
