//! Text in quotes, as Go writes it in source.

use crate::unicode;

/// Text in double quotes.
pub(crate) fn quoted(text: &[u8]) -> String {
    quoted_in(text, '"', false)
}

/// Text in these quotes; of characters outside ASCII the numbers, where that is wanted.
pub(super) fn quoted_in(text: &[u8], quote: char, only_ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for (_, rune, bytes) in unicode::runes(text) {
        match rune {
            Some(c) => push_escaped(&mut out, c, quote, only_ascii),
            None => bytes
                .iter()
                .for_each(|byte| out.push_str(&format!("\\x{byte:02x}"))),
        }
    }
    out.push(quote);
    out
}

fn push_escaped(out: &mut String, c: char, quote: char, only_ascii: bool) {
    let code = u32::from(c);
    if c == quote || c == '\\' {
        out.push('\\');
        return out.push(c);
    }
    if unicode::is_print(c) && (c.is_ascii() || !only_ascii) {
        return out.push(c);
    }
    match c {
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    }
}

/// True if the text can stand between backquotes.
pub(super) fn can_be_raw(text: &[u8]) -> bool {
    unicode::runes(text).all(|(_, rune, _)| match rune {
        Some('\t') => true,
        Some(c) => c >= ' ' && c != '`' && c != '\u{7f}' && c != '\u{feff}',
        None => false,
    })
}
