//! Text in quotes, as Go writes it in source.

use model::quote::push_escape;

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
    if c == quote || c == '\\' {
        out.push('\\');
        return out.push(c);
    }
    if unicode::is_print(c) && (c.is_ascii() || !only_ascii) {
        return out.push(c);
    }
    push_escape(out, c);
}

/// True if the text can stand between backquotes.
pub(super) fn can_be_raw(text: &[u8]) -> bool {
    unicode::runes(text).all(|(_, rune, _)| match rune {
        Some('\t') => true,
        Some(c) => c >= ' ' && c != '`' && c != '\u{7f}' && c != '\u{feff}',
        None => false,
    })
}
