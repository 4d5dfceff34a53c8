//! Functions of text.

use model::matcher::SearchRegex;

use super::Context;
use crate::unicode;
use crate::value::{Text, Value};

/// Text as a component of a URL's query.
pub(crate) fn query_escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text of an argument that was checked to be one.
pub(super) fn text(values: &[Value], index: usize) -> Text {
    let value = values.get(index).and_then(Value::as_text);
    value.cloned().unwrap_or_default()
}

pub(super) fn to_upper(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    Ok(Value::from(unicode::mapped(
        &text(values, 0),
        unicode::to_upper,
    )))
}

pub(super) fn to_lower(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    Ok(Value::from(unicode::mapped(
        &text(values, 0),
        unicode::to_lower,
    )))
}

/// Words begin with a capital; what is a word is Go's old rule.
pub(super) fn title(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let mut begins = true;
    let mut out = String::new();
    for (_, rune, _) in unicode::runes(&text(values, 0)) {
        let c = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.push(if begins { unicode::to_title(c) } else { c });
        begins = match c.is_ascii() {
            true => !c.is_ascii_alphanumeric() && c != '_',
            false => !unicode::is_letter(c) && !unicode::is_digit(c) && unicode::is_space(c),
        };
    }
    Ok(Value::from(out))
}

/// `match`: whether a pattern is found in a text.
pub(super) fn is_match(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    context.budget.spend(STEPS_OF_PATTERN)?;
    let pattern = text(values, 0);
    let regex = SearchRegex::new(&pattern.to_str()).map_err(|error| error.to_string())?;
    Ok(Value::Bool(regex.is_match(&text(values, 1).to_str())))
}

/// `reReplaceAll`: pattern, replacement, text.
pub(super) fn replace_all(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    context.budget.spend(STEPS_OF_PATTERN)?;
    let pattern = text(values, 0);
    let pattern = pattern.to_str();
    let regex = SearchRegex::new(&pattern).map_err(|error| {
        let quoted = match pattern.contains('`') {
            true => crate::format::quoted(pattern.as_bytes()),
            false => format!("`{pattern}`"),
        };
        format!("regexp: Compile({quoted}): {error}")
    })?;
    let (replacement, text) = (text(values, 1), text(values, 2));
    let replaced = regex.replace_all(&text.to_str(), &replacement.to_str(), context.room());
    let replaced = replaced.ok_or_else(|| context.budget.out_of_memory())?;
    Ok(Value::from(replaced))
}

/// Compiling a pattern costs as much as many steps.
const STEPS_OF_PATTERN: u64 = 200;
