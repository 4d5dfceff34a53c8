//! Reads a format: which verb gets which operand.

use super::flags::Flags;
use super::printer::Printer;
use crate::unicode;
use crate::value::Value;

/// Writes operands as a format says.
pub(super) fn print(printer: &mut Printer, format: &[u8], values: &[Value]) {
    let mut reader = Reader {
        format,
        at: 0,
        values,
        next: 0,
        is_reordered: false,
        is_good: true,
    };
    loop {
        let rest = format.get(reader.at..).unwrap_or_default();
        let len = rest.iter().take_while(|&&byte| byte != b'%').count();
        printer.push(rest.get(..len).unwrap_or_default());
        reader.at += len;
        if reader.at >= format.len() || printer.is_full() {
            break;
        }
        reader.at += 1;
        reader.verb(printer);
    }
    if !reader.is_reordered && reader.next < values.len() {
        extra(printer, values.get(reader.next..).unwrap_or_default());
    }
}

struct Reader<'f> {
    format: &'f [u8],
    at: usize,
    values: &'f [Value],
    /// The operand whose turn it is.
    next: usize,
    /// Operands were named by number.
    is_reordered: bool,
    /// The number of the operand makes sense.
    is_good: bool,
}

impl Reader<'_> {
    /// One verb, whose percent sign is behind us.
    fn verb(&mut self, printer: &mut Printer) {
        self.is_good = true;
        printer.flags = Flags::default();
        self.flags(&mut printer.flags);
        let mut after_index = self.index();
        after_index = self.width(printer, after_index);
        after_index = self.precision(printer, after_index);
        if !after_index {
            self.index();
        }
        let rest = self.format.get(self.at..).unwrap_or_default();
        let (verb, len) = unicode::first_rune(rest);
        if len == 0 {
            return printer.push(b"%!(NOVERB)");
        }
        self.at += len;
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        let value = self.values.get(self.next);
        match (verb, value) {
            ('%', _) => printer.push(b"%"),
            (verb, _) if !self.is_good => {
                printer.push(format!("%!{verb}(BADINDEX)").as_bytes());
            }
            (verb, None) => printer.push(format!("%!{verb}(MISSING)").as_bytes()),
            (verb, Some(value)) => {
                if matches!(verb, 'v' | 'w') {
                    let flags = &mut printer.flags;
                    flags.is_source = std::mem::take(&mut flags.sharp);
                    flags.names_fields = std::mem::take(&mut flags.plus);
                }
                match verb {
                    'w' => printer.bad_verb(value, verb),
                    verb => printer.argument(value, verb),
                }
                self.next += 1;
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    /// `[2]`: the operand to go on with. True if there was one.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.is_reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b']');
        let Some(end) = end.filter(|_| rest.len() >= 3) else {
            self.at += 1;
            self.is_good = false;
            return false;
        };
        self.at += end + 1;
        let digits = rest.get(1..end).unwrap_or_default();
        let (number, len) = number(digits);
        let Some(number) = number.filter(|_| len == digits.len()) else {
            self.is_good = false;
            return false;
        };
        match number
            .checked_sub(1)
            .filter(|&index| index < self.values.len())
        {
            Some(index) => self.next = index,
            None => self.is_good = false,
        }
        true
    }

    fn width(&mut self, printer: &mut Printer, after_index: bool) -> bool {
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.number_from_operand() {
                Some(width) => {
                    printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        printer.flags.minus = true;
                        printer.flags.zero = false;
                    }
                }
                None => printer.push(b"%!(BADWIDTH)"),
            }
            return false;
        }
        printer.flags.width = self.plain_number();
        if after_index && printer.flags.width.is_some() {
            self.is_good = false;
        }
        after_index
    }

    fn precision(&mut self, printer: &mut Printer, mut after_index: bool) -> bool {
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return after_index;
        }
        self.at += 1;
        if after_index {
            self.is_good = false;
        }
        after_index = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            let precision = self.number_from_operand();
            printer.flags.precision = precision.and_then(|number| usize::try_from(number).ok());
            if printer.flags.precision.is_none() {
                printer.push(b"%!(BADPREC)");
            }
            return false;
        }
        printer.flags.precision = Some(self.plain_number().unwrap_or(0));
        after_index
    }

    fn plain_number(&mut self) -> Option<usize> {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let (number, _) = number(rest.get(..digits).unwrap_or_default());
        // Past a number that is too large, Go gives up on the format.
        self.at = match number {
            Some(_) => self.at + digits,
            None => self.format.len(),
        };
        number
    }

    fn number_from_operand(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value.out_of_interface().underlying() {
            Value::Signed(_, number) => *number,
            Value::Unsigned(_, number) => i64::try_from(*number).ok()?,
            _ => return None,
        };
        (-MOST_NUMBER..=MOST_NUMBER)
            .contains(&number)
            .then_some(number)
    }
}

/// The number that some digits are, and how many digits there are; none if it is too large.
fn number(digits: &[u8]) -> (Option<usize>, usize) {
    let len = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let mut number: i64 = 0;
    for byte in digits.get(..len).unwrap_or_default() {
        if number > MOST_NUMBER {
            return (None, len);
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    let found = usize::try_from(number).ok().filter(|_| len > 0);
    (found, len)
}

/// Reports operands that no verb asked for.
fn extra(printer: &mut Printer, values: &[Value]) {
    printer.flags = Flags::default();
    printer.push(b"%!(EXTRA ");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.push(b", ");
        }
        match value.out_of_interface() {
            Value::Invalid => printer.push(b"<nil>"),
            value => {
                printer.push(value.type_name().as_bytes());
                printer.push(b"=");
                printer.argument(value, 'v');
            }
        }
    }
    printer.push(b")");
}

/// Larger widths and precisions are refused.
const MOST_NUMBER: i64 = 1_000_000;
