//! Parts of URLs that are made of names and values.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand as it is: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text as a part of a path or a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// `name=value&…` without a question mark.
pub(crate) fn joined<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name.as_ref()), escaped(value.as_ref())));
    pairs.collect::<Vec<_>>().join("&")
}

/// A query with its question mark; nothing for no pairs.
pub(crate) fn of<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    format!("?{}", joined(pairs))
}
