//! The functions of the language itself.

use super::{Body, Context, Named, comparison, indexing};
use crate::format;
use crate::unicode;
use crate::value::{Signature, Type, Value};

pub(super) fn list() -> Vec<Named> {
    let any = Type::Reflected;
    let one = || [any.clone()];
    let two = || [any.clone(), any.clone()];
    let some = || Signature::new(two(), any.clone()).variadic();
    let some_fallible = || Signature::fallible(two(), any.clone()).variadic();
    let comparison = || Signature::fallible(two(), Type::Bool);
    let texts = || Signature::new([Type::Interface], Type::Text).variadic();
    let plain = Body::Plain;
    vec![
        ("and", some(), Body::And),
        ("or", some(), Body::Or),
        ("call", some_fallible(), Body::Call),
        ("not", Signature::new(one(), Type::Bool), plain(not)),
        (
            "len",
            Signature::fallible(one(), Type::Integer(crate::value::IntegerKind::Int)),
            plain(indexing::len),
        ),
        ("index", some_fallible(), plain(indexing::index)),
        ("slice", some_fallible(), plain(indexing::slice)),
        ("print", texts(), plain(print)),
        ("println", texts(), plain(println)),
        (
            "printf",
            Signature::new([Type::Text, Type::Interface], Type::Text).variadic(),
            plain(printf),
        ),
        ("html", texts(), plain(html)),
        ("js", texts(), plain(js)),
        ("urlquery", texts(), plain(urlquery)),
        (
            "eq",
            Signature::fallible(two(), Type::Bool).variadic(),
            plain(comparison::eq),
        ),
        ("ne", comparison(), plain(comparison::ne)),
        ("lt", comparison(), plain(comparison::lt)),
        ("le", comparison(), plain(comparison::le)),
        ("gt", comparison(), plain(comparison::gt)),
        ("ge", comparison(), plain(comparison::ge)),
    ]
}

fn not(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let is_true = values
        .first()
        .is_some_and(|value| value.out_of_interface().is_true());
    Ok(Value::Bool(!is_true))
}

fn print(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    context.written(format::print(values, context.room().saturating_add(1)))
}

fn println(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    context.written(format::print_line(values, context.room().saturating_add(1)))
}

fn printf(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let Some((layout, values)) = values.split_first() else {
        return Ok(Value::default());
    };
    let layout = layout.as_text().cloned().unwrap_or_default();
    let most = context.room().saturating_add(1);
    context.written(format::print_formatted(&layout, values, most))
}

fn html(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let text = as_text(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for &byte in text.iter() {
        match byte {
            0 => out.extend("\u{fffd}".bytes()),
            b'"' => out.extend(*b"&#34;"),
            b'\'' => out.extend(*b"&#39;"),
            b'&' => out.extend(*b"&amp;"),
            b'<' => out.extend(*b"&lt;"),
            b'>' => out.extend(*b"&gt;"),
            byte => out.push(byte),
        }
    }
    context.written(out)
}

fn js(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let text = as_text(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for (_, rune, bytes) in unicode::runes(&text) {
        let escaped = match rune {
            Some('\\') => "\\\\",
            Some('\'') => "\\'",
            Some('"') => "\\\"",
            Some('<') => "\\u003C",
            Some('>') => "\\u003E",
            Some('&') => "\\u0026",
            Some('=') => "\\u003D",
            Some(c) if c.is_ascii() && c >= ' ' => "",
            Some(c) if !c.is_ascii() && unicode::is_print(c) => "",
            rune => {
                let code = u32::from(rune.unwrap_or(char::REPLACEMENT_CHARACTER));
                match rune {
                    // Go takes a byte that is no character for the replacement character, which
                    // can be printed, and writes the byte.
                    None => out.extend_from_slice(bytes),
                    Some(_) => out.extend(format!("\\u{code:04X}").bytes()),
                }
                continue;
            }
        };
        match escaped {
            "" => out.extend_from_slice(bytes),
            escaped => out.extend(escaped.bytes()),
        }
    }
    context.written(out)
}

fn urlquery(context: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let text = as_text(context, values)?;
    let escaped = super::text::query_escaped(&text);
    context.written(escaped.into_bytes())
}

/// The arguments as one text; what pointers point to is printed.
fn as_text(context: &Context<'_>, values: &[Value]) -> Result<Vec<u8>, String> {
    if let [Value::Text(text)] = values {
        return Ok(text.to_vec());
    }
    let values: Vec<Value> = values.iter().map(printable).collect();
    let most = context.room();
    let text = format::print(&values, most.saturating_add(1));
    match text.len() > most {
        true => Err(context.budget.out_of_memory()),
        false => Ok(text),
    }
}

/// What is printed of a value: the target of a pointer, and words for nothing.
fn printable(value: &Value) -> Value {
    match value.out_of_interface() {
        Value::Invalid => Value::from("<no value>"),
        value @ Value::Pointer(_) => value.indirect().0.clone(),
        value => value.clone(),
    }
}
