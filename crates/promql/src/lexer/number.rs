//! Numbers and durations: where they end, and what they are worth.

use super::{Lexer, TokenKind, is_alphanumeric};

const DIGITS: &str = "0123456789";
const HEX_DIGITS: &str = "0123456789abcdefABCDEF";

impl Lexer<'_> {
    pub(super) fn number_or_duration(&mut self) -> Result<TokenKind, String> {
        if self.scan_number() {
            return Ok(TokenKind::Number);
        }
        if self.scan_duration_units() {
            return Ok(TokenKind::Duration);
        }
        let text = model::quote::quoted(self.token_text());
        Err(format!("bad number or duration syntax: {text}"))
    }

    /// Decimal, hexadecimal, octal or scientific, with `_` between digits. On failure the position
    /// is where the fault was seen, which may be the unit of a duration.
    fn scan_number(&mut self) -> bool {
        let is_hex = self.accept("0") && self.accept("xX");
        let digits = if is_hex { HEX_DIGITS } else { DIGITS };
        if is_hex {
            self.accept("_");
        }
        // As upstream, a point in front does not count, so that `.5.5` is a number of bad syntax.
        self.accept(".");
        let mut has_point = false;
        let mut has_exponent = false;
        self.accept(digits);
        while let Some(next) = self.peek() {
            match next {
                '.' => {
                    let repeated = std::mem::replace(&mut has_point, true);
                    self.next();
                    if repeated || is_hex || self.accept("_.") {
                        return false;
                    }
                }
                'e' | 'E' => {
                    let repeated = std::mem::replace(&mut has_exponent, true);
                    self.next();
                    if repeated {
                        return false;
                    }
                    self.accept("+-");
                    if self.accept("._eE") || self.peek().is_none() {
                        return false;
                    }
                }
                '_' => {
                    self.next();
                    if self.accept("._eE") || self.peek().is_none() {
                        return false;
                    }
                }
                c if digits.contains(c) => {
                    self.next();
                }
                _ => break,
            }
        }
        !self.peek().is_some_and(is_alphanumeric)
    }

    /// The units and further numbers of a duration whose first number was read. Their order is
    /// checked when the value is taken.
    fn scan_duration_units(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        self.accept("s");
        while self.accept(DIGITS) {
            while self.accept(DIGITS) {}
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// The value of a number as Go reads it: whole numbers with the prefix `0x`, a leading `0` means
/// octal if the digits allow it, else a float.
pub(crate) fn value_of(text: &str) -> Option<f64> {
    if text.contains('_') && !separates_digits(text) {
        return None;
    }
    let plain: String = text.chars().filter(|&c| c != '_').collect();
    let lower = plain.to_ascii_lowercase();
    match lower.as_str() {
        "inf" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(|value| value as f64);
    }
    let is_octal = lower.len() > 1 && lower.starts_with('0');
    if is_octal && let Ok(value) = i64::from_str_radix(&lower, 8) {
        return Some(value as f64);
    }
    lower.parse().ok()
}

/// True if each `_` stands between two digits, of which the first may be the prefix `0x`.
fn separates_digits(text: &str) -> bool {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let mut previous = if hex.is_some() { '0' } else { ' ' };
    for c in hex.unwrap_or(text).chars() {
        let is_digit = c.is_ascii_digit() || (hex.is_some() && c.is_ascii_hexdigit());
        if (c == '_' && previous != '0') || (c != '_' && !is_digit && previous == '_') {
            return false;
        }
        previous = match c {
            '_' => '_',
            _ if is_digit => '0',
            _ => ' ',
        };
    }
    previous != '_'
}
