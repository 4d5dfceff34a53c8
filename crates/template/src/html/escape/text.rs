//! The text of a page between its values.

use std::sync::Arc;

use super::super::context::{Attribute, Context, Delimiter, Element, State};
use super::super::{entities, transition};
use super::Escaper;
use crate::ast::TextNode;

impl Escaper<'_> {
    /// The context behind a text, from which comments are taken out.
    pub(super) fn text(&mut self, mut context: Context, node: &TextNode) -> Context {
        let text = &node.text;
        let (mut out, mut written, mut at) = (Vec::new(), 0, 0);
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        while at < text.len() {
            let (next, len) = step(context.clone(), part(at, text.len()));
            let end = at + len;
            if len == 0 && next.equals(&context) {
                return Context::fault(None, "text leads nowhere");
            }
            if matches!(context.state, State::Text | State::RawText) {
                let mut stop = end;
                if next.state != context.state {
                    let tag = part(at, end).iter().rposition(|&byte| byte == b'<');
                    stop = tag.map_or(end, |tag| at + tag);
                }
                for bracket in at..stop {
                    let rest = part(bracket, text.len());
                    if rest.first() == Some(&b'<') && !begins_document(rest) {
                        out.extend_from_slice(part(written, bracket));
                        out.extend(*b"&lt;");
                        written = bracket + 1;
                    }
                }
            } else if context.state.is_comment() && context.delimiter == Delimiter::None {
                out.extend_from_slice(comment_rest(context.state, part(written, end)));
                written = end;
            }
            let enters_comment = context.state != next.state && next.state.is_comment();
            if enters_comment && next.delimiter == Delimiter::None {
                let opening = match next.state {
                    State::HtmlComment | State::ScriptHtmlOpen => 4,
                    State::ScriptHtmlClose => 3,
                    _ => 2,
                };
                out.extend_from_slice(part(written, end.saturating_sub(opening)));
                written = end;
            }
            if context.state.is_in_script_literal() {
                let escaped = without_script_tags(part(at, end));
                if let Some(escaped) = escaped {
                    out.extend_from_slice(part(written, at));
                    out.extend(escaped);
                    written = end;
                }
            }
            (context, at) = (next, end);
        }
        if written != 0 && context.state != State::Error {
            if !context.state.is_comment() || context.delimiter != Delimiter::None {
                out.extend_from_slice(part(written, text.len()));
            }
            let key = (Arc::clone(&self.tree), node.pos);
            self.edits.texts.insert(key, out);
        }
        context
    }
}

fn begins_document(text: &[u8]) -> bool {
    let start = text.get(..9);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE"))
}

/// What stays of a comment: a space, or a line end where there was one.
fn comment_rest(state: State, comment: &[u8]) -> &'static [u8] {
    match state {
        State::ScriptBlockComment => {
            let has_line_end = comment.iter().any(|byte| b"\n\r".contains(byte))
                || transition::find(comment, b"\xe2\x80\xa8").is_some()
                || transition::find(comment, b"\xe2\x80\xa9").is_some();
            if has_line_end { b"\n" } else { b" " }
        }
        State::StyleBlockComment => b" ",
        _ => b"",
    }
}

/// Literals of scripts whose text looks like a tag of a script have it escaped.
fn without_script_tags(text: &[u8]) -> Option<Vec<u8>> {
    let tags: [&[u8]; 3] = [b"script", b"/script", b"!--"];
    let (mut out, mut found) = (Vec::new(), false);
    for (index, &byte) in text.iter().enumerate() {
        let rest = text.get(index + 1..).unwrap_or_default();
        let is_tag = byte == b'<'
            && tags.iter().any(|tag| {
                let start = rest.get(..tag.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(tag))
            });
        match is_tag {
            true => out.extend(*b"\\x3C"),
            false => out.push(byte),
        }
        found |= is_tag;
    }
    found.then_some(out)
}

/// The context behind some of a text's first bytes, in and outside of attributes.
fn step(context: Context, text: &[u8]) -> (Context, usize) {
    if context.delimiter == Delimiter::None {
        let (ended, len) = transition::special_tag_end(context.clone(), text);
        if len == 0 {
            return (ended, 0);
        }
        let state = context.state;
        return transition::step(state, context, text.get(..len).unwrap_or_default());
    }
    let end = transition::find_any(text, 0, context.delimiter.ends());
    let value = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    if context.delimiter == Delimiter::SpaceOrTagEnd
        && let Some(bad) = transition::find_any(value, 0, b"\"'<=`")
    {
        let found = transition::shown(value.get(bad..=bad).unwrap_or_default(), 1);
        let shown = transition::shown(value, usize::MAX);
        let fault = format!("{found} in unquoted attr: {shown}");
        return (Context::fault(None, fault), text.len());
    }
    let Some(end) = end else {
        return (inside_value(context, text), text.len());
    };
    let is_type = context.state == State::Attribute
        && context.element == Element::Script
        && context.attribute == Attribute::ScriptType;
    let element = match is_type && !transition::is_script_type(value) {
        true => Element::None,
        false => context.element,
    };
    let quote = usize::from(context.delimiter != Delimiter::SpaceOrTagEnd);
    let after = Context {
        state: State::Tag,
        element,
        ..Context::default()
    };
    (after, end + quote)
}

/// The context behind a part of an attribute's value, read without its character references.
fn inside_value(mut context: Context, text: &[u8]) -> Context {
    let decoded = entities::decoded(text);
    let mut at = 0;
    while at < decoded.len() {
        let state = context.state;
        let before = context.clone();
        let rest = decoded.get(at..).unwrap_or_default();
        let (next, len) = transition::step(state, context, rest);
        if len == 0 && next.equals(&before) {
            return next;
        }
        context = next;
        at += len;
    }
    context
}
