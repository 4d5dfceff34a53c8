//! Writes YAML in the form that upstream prints its configuration in.

use super::scalar::{self, Context, Spot};
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
        self.scalar(value, Context::Block);
        self.out.push('\n');
    }

    /// `key: value` with a value that needs no quotes: a number, a truth value, a duration.
    pub(crate) fn bare(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        self.out.push_str(&format!(" {value}\n"));
    }

    /// `key: value`, if there is one.
    pub(crate) fn stated(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.entry(key, value);
        }
    }

    /// `key: <secret>`, if there is one.
    pub(crate) fn secret(&mut self, key: &str, secret: &Secret) {
        if !secret.is_empty() {
            self.bare(key, secret);
        }
    }

    /// `key: [a, b]`.
    pub(crate) fn flow_list(&mut self, key: &str, values: &[String]) {
        self.key(key);
        self.out.push_str(" [");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
                match self.column() > scalar::WIDTH {
                    true => {
                        self.out.push('\n');
                        self.out.push_str(&" ".repeat(2 * self.depth + 2));
                    }
                    false => self.out.push(' '),
                }
            }
            self.scalar(value, Context::Flow);
        }
        self.out.push_str("]\n");
    }

    /// A key with one item a line; `[]` without any.
    pub(crate) fn list<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        self.key(key);
        let empty = self.out.len();
        for value in values {
            self.out.push('\n');
            self.indent();
            self.out.push_str("- ");
            self.scalar(value, Context::Block);
        }
        if self.out.len() == empty {
            self.out.push_str(" []");
        }
        self.out.push('\n');
    }

    /// A key with a mapping inside; `{}` if the body writes nothing.
    pub(crate) fn mapping(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push('\n');
        let empty = self.out.len();
        self.depth += 1;
        body(self);
        self.depth -= 1;
        if self.out.len() == empty {
            self.out.pop();
            self.out.push_str(" {}\n");
        }
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
            if std::mem::take(&mut self.after_dash) {
                self.out.push_str("{}\n");
            }
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
        self.scalar(key, Context::Key);
        self.out.push(':');
    }

    fn scalar(&mut self, text: &str, context: Context) {
        let column = match context {
            Context::Key => 0,
            Context::Block | Context::Flow => self.column(),
        };
        let indent = 2 * self.depth + 2;
        let spot = Spot {
            column,
            indent,
            context,
        };
        scalar::write(&mut self.out, text, spot);
    }

    /// Characters of the line so far.
    fn column(&self) -> usize {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        line.chars().count()
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}
