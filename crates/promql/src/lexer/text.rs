//! Quoted texts: where they end, and what their escapes mean.

use super::{Lexer, TokenKind};

impl Lexer<'_> {
    /// Reads on after the opening quote.
    pub(super) fn text(&mut self, quote: char) -> Result<TokenKind, String> {
        loop {
            match self.next() {
                None if quote == '`' => return Err("unterminated raw string".to_owned()),
                None => return Err("unterminated quoted string".to_owned()),
                Some('\n') if quote != '`' => return Err("unterminated quoted string".to_owned()),
                Some(char::REPLACEMENT_CHARACTER) => return Err("invalid UTF-8 rune".to_owned()),
                Some('\\') if quote != '`' => self.escape(quote)?,
                Some(c) if c == quote => return Ok(TokenKind::Text),
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<(), String> {
        let Some(first) = self.next() else {
            return Err("escape sequence not terminated".to_owned());
        };
        let (mut left, base, max) = match first {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => return Ok(()),
            c if c == quote => return Ok(()),
            '0'..='7' => (2, 8, 255),
            'x' => (2, 16, 255),
            'u' => (4, 16, u32::from(char::MAX)),
            'U' => (8, 16, u32::from(char::MAX)),
            c => return Err(format!("unknown escape sequence {}", code_point(c))),
        };
        let mut value = first.to_digit(8).filter(|_| base == 8).unwrap_or_default();
        while left > 0 {
            let Some(c) = self.next() else {
                return Err("escape sequence not terminated".to_owned());
            };
            let Some(digit) = c.to_digit(base) else {
                return Err(format!(
                    "illegal character {} in escape sequence",
                    code_point(c)
                ));
            };
            value = value.saturating_mul(base).saturating_add(digit);
            left -= 1;
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err("escape sequence is an invalid Unicode code point".to_owned());
        }
        Ok(())
    }
}

/// A character as Go's `%#U` prints it.
fn code_point(c: char) -> String {
    format!("U+{:04X} '{c}'", u32::from(c))
}

/// The bytes between the quotes with the escapes resolved; they need not be UTF-8.
///
/// # Errors
/// The token is not a quoted text.
pub(crate) fn unquote(token: &str) -> Result<Vec<u8>, String> {
    let refused = || {
        format!(
            "error unquoting string {}: invalid syntax",
            model::quote::quoted(token)
        )
    };
    let inner = token
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\'' | '`'))
        .and_then(|quote| token.get(1..)?.strip_suffix(quote))
        .ok_or_else(refused)?;
    if token.starts_with('`') {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c == '\\' {
            push_escaped(&mut bytes, &mut rest).ok_or_else(refused)?;
        } else {
            push_char(&mut bytes, c);
        }
    }
    Ok(bytes)
}

/// Bytes that are not UTF-8 as Go's `%q` prints them: `"a\xc5z"`.
pub(crate) fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        let quoted = model::quote::quoted(chunk.valid());
        out.push_str(&quoted[1..quoted.len() - 1]);
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    out
}

fn push_escaped(bytes: &mut Vec<u8>, rest: &mut std::str::Chars<'_>) -> Option<()> {
    let first = rest.next()?;
    let (digits, base) = match first {
        'a' => return push_byte(bytes, 0x07),
        'b' => return push_byte(bytes, 0x08),
        'f' => return push_byte(bytes, 0x0c),
        'n' => return push_byte(bytes, b'\n'),
        'r' => return push_byte(bytes, b'\r'),
        't' => return push_byte(bytes, b'\t'),
        'v' => return push_byte(bytes, 0x0b),
        '0'..='7' => (2, 8),
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        '\\' | '"' | '\'' => {
            push_char(bytes, first);
            return Some(());
        }
        _ => return None,
    };
    let mut value = if base == 8 { first.to_digit(8)? } else { 0 };
    for _ in 0..digits {
        value = value
            .checked_mul(base)?
            .checked_add(rest.next()?.to_digit(base)?)?;
    }
    if matches!(first, 'u' | 'U') {
        push_char(bytes, char::from_u32(value)?);
        return Some(());
    }
    push_byte(bytes, u8::try_from(value).ok()?)
}

fn push_byte(bytes: &mut Vec<u8>, byte: u8) -> Option<()> {
    bytes.push(byte);
    Some(())
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
