//! Writes YAML in the form that upstream prints its configuration in.

use crate::secret::Secret;

/// Puts a document together, line by line, two spaces a level; a list starts at the column of its
/// key.
#[derive(Debug, Default)]
pub(crate) struct YamlWriter {
    out: String,
    depth: usize,
    /// The next key stands behind the dash of a list item.
    after_dash: bool,
}

impl YamlWriter {
    /// `key: value`.
    pub(crate) fn entry(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push(' ');
        self.out.push_str(&scalar(value));
        self.out.push('\n');
    }

    /// `key: value` with a value that needs no quotes: a number, a truth value, a duration.
    pub(crate) fn bare(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        self.out.push_str(&format!(" {value}\n"));
    }

    /// `key: <secret>`, if there is one.
    pub(crate) fn secret(&mut self, key: &str, secret: &Secret) {
        if !secret.is_empty() {
            self.bare(key, secret);
        }
    }

    /// `key: [a, b]`.
    pub(crate) fn flow_list(&mut self, key: &str, values: &[String]) {
        let quoted: Vec<String> = values.iter().map(|value| flow_scalar(value)).collect();
        self.bare(key, format_args!("[{}]", quoted.join(", ")));
    }

    /// A key with one item a line.
    pub(crate) fn list<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        self.key(key);
        self.out.push('\n');
        for value in values {
            self.indent();
            self.out.push_str("- ");
            self.out.push_str(&scalar(value));
            self.out.push('\n');
        }
    }

    /// A key with a mapping inside.
    pub(crate) fn mapping(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push('\n');
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    /// A key with a list of mappings inside, each written by `body`.
    pub(crate) fn mappings<T>(&mut self, key: &str, items: &[T], body: impl Fn(&mut Self, &T)) {
        self.key(key);
        self.out.push('\n');
        for item in items {
            self.indent();
            self.out.push_str("- ");
            self.after_dash = true;
            self.depth += 1;
            body(self, item);
            self.depth -= 1;
            self.after_dash = false;
        }
    }

    /// The whole document.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.after_dash) {
            self.indent();
        }
        self.out.push_str(&scalar(key));
        self.out.push(':');
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}

/// A scalar, quoted where a reader would take it for something else.
fn scalar(text: &str) -> String {
    let has_control = text
        .chars()
        .any(|c| c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}');
    if has_control || reads_as_other_type(text) {
        return double_quoted(text);
    }
    let starts_badly = text.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c));
    if starts_badly || text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #") {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

/// A scalar inside `[…]`, where commas and brackets mean something too.
fn flow_scalar(text: &str) -> String {
    let quoted = scalar(text);
    if quoted == text && text.contains([',', '[', ']', '{', '}']) {
        return format!("'{text}'");
    }
    quoted
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// True for text that YAML, in its version 1.1 or 1.2, takes for nothing, a truth value, a number,
/// a date or a merge key.
fn reads_as_other_type(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "=", ".nan",
    ];
    words.contains(&lower.as_str())
        || lower.trim_start_matches(['+', '-']) == ".inf"
        || lower.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && is_numeric(&lower)
}

fn is_numeric(lower: &str) -> bool {
    lower.bytes().any(|b| b.is_ascii_digit())
        && (lower.starts_with("0x")
            || lower
                .bytes()
                .all(|b| b.is_ascii_digit() || b"+-._:eobt z".contains(&b)))
}
