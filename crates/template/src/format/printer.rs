//! Writes values of any type.

use super::flags::Flags;
use super::{float, integer, quote};
use crate::unicode;
use crate::value::{IntegerKind, Struct, Type, Value};

/// What is written, and how.
pub(super) struct Printer {
    pub(super) out: Vec<u8>,
    /// Past this many bytes nothing is written any more.
    most: usize,
    pub(super) flags: Flags,
    /// While a wrong verb is reported, types do not print themselves.
    is_reporting: bool,
}

impl Printer {
    pub(super) fn new(most: usize) -> Self {
        Self {
            out: Vec::new(),
            most,
            flags: Flags::default(),
            is_reporting: false,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= self.most
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.out.len());
        let bytes = bytes.get(..room).unwrap_or(bytes);
        self.out.extend_from_slice(bytes);
    }

    /// Writes padding, of zeros only on the left.
    pub(super) fn push_padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        let room = self.most.saturating_sub(self.out.len());
        self.out.resize(self.out.len() + count.min(room), byte);
    }

    /// Writes text, filled up to the width.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let width = self.flags.width.unwrap_or(0);
        let padding = width.saturating_sub(unicode::rune_count(text));
        if self.flags.minus {
            self.push(text);
            self.push_padding(padding);
        } else {
            self.push_padding(padding);
            self.push(text);
        }
    }

    /// The same, but never with zeros.
    pub(super) fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    /// Writes an operand.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        let value = value.out_of_interface();
        match (value, verb) {
            (Value::Invalid, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Invalid, _) => self.bad_verb(value, verb),
            (value, 'T') => self.text(value.type_name().as_bytes()),
            (value, 'p') => self.address(value, verb),
            (value, verb) => self.value(value, verb, 0),
        }
    }

    /// Writes a value that lies `depth` levels inside of an operand.
    pub(super) fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.is_full() || self.by_itself(value, verb) {
            return;
        }
        match value.underlying() {
            Value::Invalid | Value::Interface(None) => match verb {
                'v' => self.push(b"<nil>"),
                _ => self.bad_verb(value, verb),
            },
            Value::Interface(Some(inner)) => self.value(inner, verb, depth + 1),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Signed(_, number) => {
                let (magnitude, is_negative) = (number.unsigned_abs(), *number < 0);
                if !integer::print(self, (magnitude, is_negative, true), verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Unsigned(_, number) => {
                if !integer::print(self, (*number, false, false), verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Float(number) => {
                if !float::print(self, *number, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Complex(real, imaginary) => {
                if !float::print_complex(self, (*real, *imaginary), verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Text(text) => {
                if !self.string(text, verb) {
                    self.bad_verb(value, verb);
                }
            }
            Value::Slice(_) => self.slice(value, verb, depth),
            Value::Map(_) => self.map(value, verb, depth),
            Value::Struct(fields) => self.fields(fields, verb, depth),
            Value::Pointer(pointer) => match pointer.value() {
                Some(target) if depth == 0 && is_composite(target) => {
                    self.push(b"&");
                    self.value(target, verb, depth + 1);
                }
                _ => self.address(value, verb),
            },
            Value::Function(_) => self.address(value, verb),
            Value::Time(time) => {
                let text = time.to_string();
                self.text(text.as_bytes());
            }
            Value::Named(..) => {}
        }
    }

    /// Lets a type with a text of its own write it, where the verb takes text.
    fn by_itself(&mut self, value: &Value, verb: char) -> bool {
        let takes_text = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        if self.is_reporting || self.flags.is_source || !takes_text {
            return false;
        }
        let text = match value {
            Value::Named(kind, _) => kind.text.map(|text| text(value)),
            Value::Struct(fields) => fields.struct_type().text.map(|text| text(value)),
            Value::Pointer(pointer) => match pointer.value() {
                Some(target @ Value::Struct(fields)) => {
                    fields.struct_type().text.map(|text| text(target))
                }
                Some(Value::Time(time)) => Some(time.to_string()),
                Some(target @ Value::Named(kind, _)) => kind.text.map(|text| text(target)),
                _ => None,
            },
            Value::Time(time) => Some(time.to_string()),
            _ => None,
        };
        match text {
            Some(text) => self.string(text.as_bytes(), verb),
            None => false,
        }
    }

    /// Writes text, cut at the precision.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.pad(self.cut(text));
    }

    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let most = self.flags.precision.unwrap_or(usize::MAX);
        match unicode::runes(text).nth(most) {
            Some((at, _, _)) => text.get(..at).unwrap_or(text),
            None => text,
        }
    }

    /// Writes text as a verb wants it. False if the verb is not for text.
    fn string(&mut self, text: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.is_source => self.quoted(text),
            'v' | 's' => self.text(text),
            'x' => self.hexadecimal(text, LOWER_DIGITS),
            'X' => self.hexadecimal(text, UPPER_DIGITS),
            'q' => self.quoted(text),
            _ => return false,
        }
        true
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.cut(text);
        if self.flags.sharp && quote::can_be_raw(text) {
            let raw = [b"`", text, b"`"].concat();
            return self.pad(&raw);
        }
        let quoted = quote::quoted_in(text, '"', self.flags.plus);
        self.pad(quoted.as_bytes());
    }

    /// Writes the bytes of a text in hexadecimal.
    fn hexadecimal(&mut self, text: &[u8], digits: &[u8; 17]) {
        let most = self.flags.precision.unwrap_or(usize::MAX);
        let text = text.get(..most).unwrap_or(text);
        let mut out = Vec::new();
        for (index, byte) in text.iter().enumerate() {
            if index > 0 && self.flags.space {
                out.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                out.extend([b'0', digits[16]]);
            }
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend([digits[high], digits[low]]);
            if out.len() > self.most {
                break;
            }
        }
        self.pad(&out);
    }

    fn slice(&mut self, value: &Value, verb: char, depth: usize) {
        let Value::Slice(slice) = value.underlying() else {
            return;
        };
        let is_bytes = *slice.element() == Type::Integer(IntegerKind::Uint8);
        if is_bytes && matches!(verb, 's' | 'q' | 'x' | 'X') {
            let byte = |item: &Value| match item {
                Value::Unsigned(_, number) => (number & 0xff) as u8,
                _ => 0,
            };
            let bytes: Vec<u8> = slice.items().iter().map(byte).collect();
            self.string(&bytes, verb);
            return;
        }
        if self.flags.is_source {
            let is_plain = is_bytes && depth == 0 && matches!(value, Value::Slice(_));
            let name = if is_plain {
                "[]byte".to_owned()
            } else {
                value.type_name()
            };
            self.push(name.as_bytes());
            if value.is_nil() {
                return self.push(b"(nil)");
            }
        }
        self.push(if self.flags.is_source { b"{" } else { b"[" });
        for (index, item) in slice.items().iter().enumerate() {
            if self.is_full() {
                return;
            }
            self.separate(index);
            self.inner(slice.element(), item, verb, depth);
        }
        self.push(if self.flags.is_source { b"}" } else { b"]" });
    }

    fn map(&mut self, value: &Value, verb: char, depth: usize) {
        let Value::Map(map) = value.underlying() else {
            return;
        };
        if self.flags.is_source {
            self.push(value.type_name().as_bytes());
            if value.is_nil() {
                return self.push(b"(nil)");
            }
            self.push(b"{");
        } else {
            self.push(b"map[");
        }
        for (index, (key, item)) in map.entries().iter().enumerate() {
            if self.is_full() {
                return;
            }
            self.separate(index);
            self.inner(map.key(), key, verb, depth);
            self.push(b":");
            self.inner(map.element(), item, verb, depth);
        }
        self.push(if self.flags.is_source { b"}" } else { b"]" });
    }

    fn fields(&mut self, value: &Struct, verb: char, depth: usize) {
        let kind = value.struct_type();
        if self.flags.is_source {
            self.push(kind.to_string().as_bytes());
        }
        self.push(b"{");
        for (index, ((name, place), field)) in kind.fields.iter().zip(value.fields()).enumerate() {
            if self.is_full() {
                return;
            }
            self.separate(index);
            if self.flags.names_fields || self.flags.is_source {
                self.push(name.as_bytes());
                self.push(b":");
            }
            self.inner(place, field, verb, depth);
        }
        self.push(b"}");
    }

    fn separate(&mut self, index: usize) {
        match (index, self.flags.is_source) {
            (0, _) => {}
            (_, true) => self.push(b", "),
            (_, false) => self.push(b" "),
        }
    }

    /// Writes what lies in a container, in a place of this type.
    fn inner(&mut self, place: &Type, value: &Value, verb: char, depth: usize) {
        let value = value.out_of_interface();
        match (place, value) {
            (Type::Interface, Value::Invalid) if self.flags.is_source => {
                self.push(b"interface {}(nil)");
            }
            (Type::Interface, Value::Invalid) => self.push(b"<nil>"),
            (_, value) => self.value(value, verb, depth + 1),
        }
    }

    /// Where a value lies is nobody's business; what is not nil has some address.
    fn address(&mut self, value: &Value, verb: char) {
        let has_address = matches!(
            value.underlying(),
            Value::Pointer(_) | Value::Map(_) | Value::Slice(_) | Value::Function(_)
        );
        if !has_address {
            return self.bad_verb(value, verb);
        }
        let address = if value.is_nil() { 0 } else { SOME_ADDRESS };
        let name = value.type_name();
        match verb {
            'v' if self.flags.is_source => {
                let target = match address {
                    0 => "nil".to_owned(),
                    address => format!("{address:#x}"),
                };
                self.push(format!("({name})({target})").as_bytes());
            }
            'v' if address == 0 => self.pad(b"<nil>"),
            'v' | 'p' => {
                let sharp = self.flags.sharp;
                self.flags.sharp = !sharp;
                integer::print(self, (address, false, false), 'x');
                self.flags.sharp = sharp;
            }
            'b' | 'o' | 'd' | 'x' | 'X' => {
                integer::print(self, (address, false, false), verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }

    /// Reports a verb that does not fit the value.
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) {
        let was_reporting = std::mem::replace(&mut self.is_reporting, true);
        self.push(format!("%!{verb}(").as_bytes());
        match value.out_of_interface() {
            Value::Invalid => self.push(b"<nil>"),
            value => {
                self.push(value.type_name().as_bytes());
                self.push(b"=");
                self.value(value, 'v', 0);
            }
        }
        self.push(b")");
        self.is_reporting = was_reporting;
    }
}

fn is_composite(value: &Value) -> bool {
    matches!(
        value.underlying(),
        Value::Slice(_) | Value::Map(_) | Value::Struct(_)
    )
}

pub(super) const LOWER_DIGITS: &[u8; 17] = b"0123456789abcdefx";
pub(super) const UPPER_DIGITS: &[u8; 17] = b"0123456789ABCDEFX";
/// Printed for every pointer.
const SOME_ADDRESS: u64 = 0xc0_0000_0000;
