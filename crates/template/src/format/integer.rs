//! Whole numbers, and characters by their numbers.

use super::printer::{LOWER_DIGITS, Printer, UPPER_DIGITS};
use super::quote;
use crate::unicode;

/// Magnitude, whether it is negative, whether its type is signed.
type Integer = (u64, bool, bool);

/// Writes a whole number. False if the verb is not for one.
pub(super) fn print(printer: &mut Printer, number: Integer, verb: char) -> bool {
    let (magnitude, is_negative, is_signed) = number;
    let bits = match is_negative {
        true => magnitude.wrapping_neg(),
        false => magnitude,
    };
    match verb {
        'v' if printer.flags.is_source && !is_signed => {
            let sharp = std::mem::replace(&mut printer.flags.sharp, true);
            digits(printer, number, (16, verb), LOWER_DIGITS);
            printer.flags.sharp = sharp;
        }
        'v' | 'd' => digits(printer, number, (10, verb), LOWER_DIGITS),
        'b' => digits(printer, number, (2, verb), LOWER_DIGITS),
        'o' | 'O' => digits(printer, number, (8, verb), LOWER_DIGITS),
        'x' => digits(printer, number, (16, verb), LOWER_DIGITS),
        'X' => digits(printer, number, (16, verb), UPPER_DIGITS),
        'c' => {
            let c = character(bits);
            printer.pad(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        'q' => {
            let c = character(bits);
            let bytes = c.to_string();
            let quoted = quote::quoted_in(bytes.as_bytes(), '\'', printer.flags.plus);
            printer.pad(quoted.as_bytes());
        }
        'U' => code_point(printer, bits),
        _ => return false,
    }
    true
}

fn digits(
    printer: &mut Printer,
    (mut rest, is_negative, _): Integer,
    (base, verb): (u64, char),
    alphabet: &[u8; 17],
) {
    let flags = printer.flags;
    let mut least = 0;
    if let Some(precision) = flags.precision {
        least = precision;
        if precision == 0 && rest == 0 {
            // Nothing but padding.
            let zero = std::mem::take(&mut printer.flags.zero);
            printer.push_padding(flags.width.unwrap_or(0));
            printer.flags.zero = zero;
            return;
        }
    } else if let Some(width) = flags.width.filter(|_| flags.zero && !flags.minus) {
        let has_sign = is_negative || flags.plus || flags.space;
        least = width.saturating_sub(usize::from(has_sign));
    }
    // From the last digit to the first.
    let mut reversed = Vec::new();
    while reversed.is_empty() || rest > 0 {
        let digit = usize::try_from(rest % base).unwrap_or(0);
        reversed.push(alphabet[digit]);
        rest /= base;
    }
    if reversed.len() < least {
        reversed.resize(least, b'0');
    }
    if flags.sharp {
        match base {
            2 => reversed.extend(*b"b0"),
            8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
            16 => reversed.extend([alphabet[16], b'0']),
            _ => {}
        }
    }
    if verb == 'O' {
        reversed.extend(*b"o0");
    }
    if is_negative {
        reversed.push(b'-');
    } else if flags.plus {
        reversed.push(b'+');
    } else if flags.space {
        reversed.push(b' ');
    }
    reversed.reverse();
    printer.pad_with_spaces(&reversed);
}

fn character(code: u64) -> char {
    let code = u32::try_from(code).ok();
    code.and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// `U+0078`, and with the sharp flag the character, too.
fn code_point(printer: &mut Printer, code: u64) {
    let least = printer.flags.precision.unwrap_or(0).max(4);
    let digits = format!("{code:X}");
    let zeros = "0".repeat(least.saturating_sub(digits.len()));
    let mut text = format!("U+{zeros}{digits}");
    let c = u32::try_from(code).ok().and_then(char::from_u32);
    if let Some(c) = c.filter(|&c| printer.flags.sharp && unicode::is_print(c)) {
        text.push_str(&format!(" '{c}'"));
    }
    printer.pad_with_spaces(text.as_bytes());
}
