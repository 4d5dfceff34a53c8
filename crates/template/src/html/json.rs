//! Values as JSON, as Go writes them: what stands in scripts.

use crate::format;
use crate::unicode;
use crate::value::{IntegerKind, Slice, Struct, Type, Value};

/// A value as JSON; nothing is added past `most` bytes.
///
/// # Errors
/// JSON has no notation for the value.
pub(super) fn encoded(value: &Value, most: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    push(&mut out, value, most)?;
    Ok(out)
}

fn push(out: &mut Vec<u8>, value: &Value, most: usize) -> Result<(), String> {
    if out.len() > most {
        return Ok(());
    }
    let value = value.out_of_interface();
    match value.underlying() {
        Value::Invalid | Value::Interface(None) => out.extend(*b"null"),
        Value::Interface(Some(inner)) => push(out, inner, most)?,
        Value::Bool(truth) => out.extend(truth.to_string().bytes()),
        Value::Signed(_, number) => out.extend(number.to_string().bytes()),
        Value::Unsigned(_, number) => out.extend(number.to_string().bytes()),
        Value::Float(number) => push_float(out, *number)?,
        Value::Text(text) => push_text(out, text),
        Value::Time(time) => {
            push_text(
                out,
                time.format("2006-01-02T15:04:05.999999999Z07:00")
                    .as_bytes(),
            );
        }
        Value::Pointer(pointer) => match pointer.value() {
            Some(target) => push(out, target, most)?,
            None => out.extend(*b"null"),
        },
        Value::Slice(_) if value.is_nil() => out.extend(*b"null"),
        Value::Map(_) if value.is_nil() => out.extend(*b"null"),
        Value::Slice(slice) => push_slice(out, slice, most)?,
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.entries().len());
            for (key, value) in map.entries() {
                let name = match key.out_of_interface().underlying() {
                    Value::Text(text) => text.to_vec(),
                    key @ (Value::Signed(..) | Value::Unsigned(..)) => {
                        format::shown(key, 'd').into_bytes()
                    }
                    _ => return Err(format!("json: unsupported type: {}", type_name(key))),
                };
                entries.push((name, value));
            }
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            push_entries(out, entries, most)?;
        }
        Value::Struct(fields) => push_entries(out, fields_of(fields), most)?,
        Value::Complex(..) | Value::Function(_) | Value::Named(..) => {
            return Err(format!("json: unsupported type: {}", type_name(value)));
        }
    }
    Ok(())
}

fn type_name(value: &Value) -> String {
    value
        .kind()
        .map_or_else(String::new, |kind| kind.to_string())
}

/// The fields that can be seen from outside.
fn fields_of(value: &Struct) -> Vec<(Vec<u8>, &Value)> {
    let fields = value.struct_type().fields.iter().zip(value.fields());
    fields
        .filter(|((name, _), _)| name.starts_with(char::is_uppercase))
        .map(|((name, _), value)| (name.as_bytes().to_vec(), value))
        .collect()
}

fn push_entries(
    out: &mut Vec<u8>,
    entries: Vec<(Vec<u8>, &Value)>,
    most: usize,
) -> Result<(), String> {
    out.push(b'{');
    for (index, (name, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_text(out, &name);
        out.push(b':');
        push(out, value, most)?;
    }
    out.push(b'}');
    Ok(())
}

fn push_slice(out: &mut Vec<u8>, slice: &Slice, most: usize) -> Result<(), String> {
    if *slice.element() == Type::Integer(IntegerKind::Uint8) {
        let byte = |item: &Value| match item {
            Value::Unsigned(_, number) => (number & 0xff) as u8,
            _ => 0,
        };
        let bytes: Vec<u8> = slice.items().iter().map(byte).collect();
        out.push(b'"');
        out.extend(base64(&bytes));
        out.push(b'"');
        return Ok(());
    }
    out.push(b'[');
    for (index, item) in slice.items().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, item, most)?;
    }
    out.push(b']');
    Ok(())
}

fn push_float(out: &mut Vec<u8>, number: f64) -> Result<(), String> {
    if !number.is_finite() {
        let shown = model::number::general(number);
        return Err(format!("json: unsupported value: {shown}"));
    }
    let mut text = String::new();
    model::number::push_json(&mut text, number);
    // Exponents below ten have one digit here.
    if let Some(at) = text.find("e-0") {
        text.remove(at + 2);
    }
    out.extend(text.bytes());
    Ok(())
}

/// Text in quotes, without what could end a script.
fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for (_, rune, bytes) in unicode::runes(text) {
        match rune {
            Some('"') => out.extend(*b"\\\""),
            Some('\\') => out.extend(*b"\\\\"),
            Some('\u{8}') => out.extend(*b"\\b"),
            Some('\u{c}') => out.extend(*b"\\f"),
            Some('\n') => out.extend(*b"\\n"),
            Some('\r') => out.extend(*b"\\r"),
            Some('\t') => out.extend(*b"\\t"),
            Some(c @ ('\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}')) => {
                out.extend(format!("\\u{:04x}", u32::from(c)).bytes());
            }
            Some(_) => out.extend_from_slice(bytes),
            None => out.extend(*b"\\ufffd"),
        }
    }
    out.push(b'"');
}

/// Bytes in letters, digits and two signs.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * index) & 63).unwrap_or(0);
            out.push(match index <= chunk.len() {
                true => ALPHABET[digit],
                false => b'=',
            });
        }
    }
    out
}
