//! Values as text, as Go's `fmt` writes them.

mod flags;
mod float;
mod integer;
mod printer;
mod quote;
mod verbs;

pub(crate) use quote::quoted;

use crate::unicode;
use crate::value::Value;
use flags::Flags;
use printer::Printer;

/// Operands as `Sprint` writes them: with a space between two that are not text. Past `most` bytes
/// nothing is written any more.
pub(crate) fn print(values: &[Value], most: usize) -> Vec<u8> {
    let mut printer = Printer::new(most);
    let mut text_before = true;
    for value in values {
        let is_text = value.out_of_interface().as_text().is_some();
        if !is_text && !text_before {
            printer.push(b" ");
        }
        printer.argument(value, 'v');
        text_before = is_text;
    }
    printer.out
}

/// Operands as `Sprintln` writes them: with spaces and a line end.
pub(crate) fn print_line(values: &[Value], most: usize) -> Vec<u8> {
    let mut printer = Printer::new(most);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.push(b" ");
        }
        printer.argument(value, 'v');
    }
    printer.push(b"\n");
    printer.out
}

/// Operands as `Sprintf` writes them.
pub(crate) fn print_formatted(format: &[u8], values: &[Value], most: usize) -> Vec<u8> {
    let mut printer = Printer::new(most);
    verbs::print(&mut printer, format, values);
    printer.out
}

/// A value as a verb writes it, for messages.
pub(crate) fn shown(value: &Value, verb: char) -> String {
    let mut printer = Printer::new(MOST_SHOWN);
    printer.argument(value, verb);
    String::from_utf8_lossy(&printer.out).into_owned()
}

/// A float as `%.<precision>g` writes it.
pub(crate) fn general(value: f64, precision: usize) -> String {
    let mut printer = Printer::new(MOST_SHOWN);
    printer.flags = Flags {
        precision: Some(precision),
        ..Flags::default()
    };
    printer.argument(&Value::Float(value), 'g');
    String::from_utf8_lossy(&printer.out).into_owned()
}

/// A character as `%#U` writes it.
pub(crate) fn code_point(c: Option<char>) -> String {
    match c {
        Some(c) if unicode::is_print(c) => format!("U+{:04X} '{c}'", u32::from(c)),
        Some(c) => format!("U+{:04X}", u32::from(c)),
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
    }
}

/// Values in messages are cut.
const MOST_SHOWN: usize = 4096;
