//! Floats in all of Go's notations.

use super::printer::Printer;

/// Writes a float. False if the verb is not for one.
pub(super) fn print(printer: &mut Printer, value: f64, verb: char) -> bool {
    let (notation, precision) = match verb {
        'v' => ('g', None),
        'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
        'f' | 'e' | 'E' => (verb, Some(6)),
        'F' => ('f', Some(6)),
        _ => return false,
    };
    padded(printer, value, notation, precision);
    true
}

/// Writes a complex number. False if the verb is not for one.
pub(super) fn print_complex(printer: &mut Printer, parts: (f64, f64), verb: char) -> bool {
    if !matches!(
        verb,
        'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
    ) {
        return false;
    }
    let plus = printer.flags.plus;
    printer.push(b"(");
    print(printer, parts.0, verb);
    printer.flags.plus = true;
    print(printer, parts.1, verb);
    printer.push(b"i)");
    printer.flags.plus = plus;
    true
}

fn padded(printer: &mut Printer, value: f64, notation: char, default_precision: Option<usize>) {
    let flags = printer.flags;
    let precision = flags.precision.or(default_precision);
    let mut text = format_float(value, notation, precision);
    if !text.starts_with(['+', '-']) {
        text.insert(0, '+');
    }
    if flags.space && text.starts_with('+') && !flags.plus {
        text.replace_range(..1, " ");
    }
    let body = text.get(1..).unwrap_or_default();
    if body.starts_with(['I', 'N']) {
        // No number, so that zeros in front of it make no sense.
        let unsigned = body.starts_with('N') && !flags.space && !flags.plus;
        let shown = if unsigned { body } else { text.as_str() };
        return printer.pad_with_spaces(shown.as_bytes());
    }
    if flags.sharp && notation != 'b' {
        text = with_point(&text, notation, precision);
    }
    if flags.plus || !text.starts_with('+') {
        let width = flags.width.unwrap_or(0);
        if flags.zero && !flags.minus && width > text.len() {
            let (sign, digits) = text.split_at(1);
            printer.push(sign.as_bytes());
            printer.push_padding(width - text.len());
            return printer.push(digits.as_bytes());
        }
        return printer.pad(text.as_bytes());
    }
    printer.pad(text.get(1..).unwrap_or_default().as_bytes());
}

/// The sharp flag: always a point, and the zeros behind it that were left out.
fn with_point(text: &str, notation: char, precision: Option<usize>) -> String {
    let mut digits = match notation {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let is_hexadecimal = matches!(notation, 'x' | 'X');
    let is_tail = |c: char| match is_hexadecimal {
        true => matches!(c, 'p' | 'P'),
        false => matches!(c, 'e' | 'E'),
    };
    let (number, tail) = match text.find(is_tail) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut seen = false;
    for c in number.chars().skip(1).filter(|c| *c != '.') {
        seen |= c != '0';
        digits = digits.saturating_sub(usize::from(seen));
    }
    let mut out = number.to_owned();
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits = digits.saturating_sub(1);
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits));
    out + tail
}

/// A float as Go's `strconv.FormatFloat` writes it. Without a precision, with as many digits as tell
/// it from its neighbours.
pub(crate) fn format_float(value: f64, notation: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let value = value.abs();
    let text = match notation {
        'e' | 'E' => scientific(value, precision),
        'f' => match precision {
            Some(precision) => {
                let exact = precision.min(MOST_EXACT_DIGITS);
                let zeros = "0".repeat(precision - exact);
                format!("{value:.exact$}{zeros}")
            }
            None => model::number::plain(value),
        },
        'g' | 'G' => general(value, precision),
        'b' => binary(value),
        _ => hexadecimal(value, precision),
    };
    let text = match notation {
        'E' | 'G' | 'X' => text.to_ascii_uppercase(),
        _ => text,
    };
    format!("{sign}{text}")
}

fn scientific(value: f64, precision: Option<usize>) -> String {
    let exact = precision.unwrap_or(0).min(MOST_EXACT_DIGITS);
    let zeros = "0".repeat(precision.unwrap_or(0) - exact);
    let text = match precision {
        Some(_) => format!("{value:.exact$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}{zeros}e{sign}{digits:0>2}")
}

fn general(value: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        return model::number::general(value);
    };
    let precision = precision.max(1);
    let exact = (precision - 1).min(MOST_EXACT_DIGITS);
    let text = format!("{value:.exact$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let limit = i64::try_from(precision).unwrap_or(i64::MAX);
    if value != 0.0 && (exponent < -4 || exponent >= limit) {
        return scientific(value, Some(digits.len() - 1));
    }
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let after_point = usize::try_from(count - exponent - 1).unwrap_or(0);
    if exponent + 1 >= count {
        // Whole: what the precision cut off are zeros.
        let zeros = usize::try_from(exponent + 1 - count).unwrap_or(0);
        return format!("{digits}{}", "0".repeat(zeros));
    }
    format!("{value:.after_point$}")
}

/// Mantissa and exponent to the base of two.
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    let sign = if exponent < 0 { "" } else { "+" };
    format!("{mantissa}p{sign}{exponent}")
}

/// The whole mantissa of a double and its exponent.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (fraction, -1074),
        exponent => (
            fraction | 1 << 52,
            i64::try_from(exponent).unwrap_or(0) - 1075,
        ),
    }
}

/// `0x1.8p+01`.
fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading one at bit 60, with 15 hexadecimal digits behind it.
        exponent += 52;
        while mantissa & (1 << 60) == 0 {
            mantissa <<= 1;
            exponent -= 1;
        }
        // The shift from bit 52 to bit 60 changed nothing in the value.
        exponent += 8;
    }
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let shift = u32::try_from(precision).unwrap_or(0) * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let lead = mantissa >> 60;
    let digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) => {
            let zeros = "0".repeat(precision.saturating_sub(digits.len()));
            let kept = digits.get(..precision).unwrap_or(&digits);
            format!("{kept}{zeros}")
        }
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x{lead}{point}{digits}p{sign}{:02}", exponent.abs())
}

/// No double has more digits behind its point.
const MOST_EXACT_DIGITS: usize = 1100;
