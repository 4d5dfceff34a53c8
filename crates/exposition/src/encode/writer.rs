//! The parts that both formats share: escaped text, names, labels, numbers.

use model::label::{is_legacy_label_name, is_legacy_metric_name};
use model::number;

/// One label as it is written.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// Appends to a page; keeps a buffer for numbers.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    number: String,
    /// True if numbers always show that they are floats (`1.0`).
    pointed: bool,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>, pointed: bool) -> Self {
        Self {
            out,
            number: String::new(),
            pointed,
        }
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A metric name after `# HELP` and the like.
    pub(super) fn name(&mut self, base: &str, suffix: &str) {
        if is_legacy_metric_name(base) {
            self.raw(base);
            self.raw(suffix);
        } else {
            self.quoted(base, suffix);
        }
    }

    /// Help text: backslashes and line ends are escaped, in OpenMetrics quotes too.
    pub(super) fn help(&mut self, text: &str) {
        let quotes = self.pointed;
        self.escaped(text, quotes);
    }

    /// Name and labels of a series. `extra` is the bound or quantile that comes last.
    pub(super) fn series(
        &mut self,
        (base, suffix): (&str, &str),
        labels: &[(model::family::Text, model::family::Text)],
        extra: Option<Pair<'_>>,
    ) {
        // Exemplars have labels and no name, and braces always.
        let is_nameless = base.is_empty();
        let is_bare = is_nameless || is_legacy_metric_name(base);
        if is_bare {
            self.raw(base);
            self.raw(suffix);
        }
        let mut separator = "{";
        if !is_bare {
            self.raw(separator);
            self.quoted(base, suffix);
            separator = ",";
        }
        let pairs = labels.iter().map(|(name, value)| (&**name, &**value));
        for (name, value) in pairs.chain(extra) {
            self.raw(separator);
            separator = ",";
            if is_legacy_label_name(name) {
                self.raw(name);
            } else {
                self.quoted(name, "");
            }
            self.raw("=");
            self.quoted(value, "");
        }
        match (separator, is_nameless) {
            (",", _) => self.raw("}"),
            (_, true) => self.raw("{}"),
            _ => {}
        }
    }

    pub(super) fn number(&mut self, value: f64) {
        let mut text = std::mem::take(&mut self.number);
        text.clear();
        self.push_number(&mut text, value);
        self.raw(&text);
        self.number = text;
    }

    /// A bound or quantile as label value.
    pub(super) fn number_text(&self, value: f64) -> String {
        let mut text = String::new();
        self.push_number(&mut text, value);
        text
    }

    /// A number of observations: a whole number in OpenMetrics, too.
    pub(super) fn count(&mut self, value: f64) {
        let pointed = std::mem::replace(&mut self.pointed, false);
        if pointed && (0.0..WHOLE).contains(&value) && value.fract() == 0.0 {
            let digits = (value as u64).to_string();
            self.raw(&digits);
        } else {
            self.number(value);
        }
        self.pointed = pointed;
    }

    fn push_number(&self, text: &mut String, value: f64) {
        number::push_general(text, value);
        if self.pointed && value.is_finite() && !text.contains(['.', 'e']) {
            text.push_str(".0");
        }
    }

    fn quoted(&mut self, text: &str, suffix: &str) {
        self.raw("\"");
        self.escaped(text, true);
        self.raw(suffix);
        self.raw("\"");
    }

    fn escaped(&mut self, text: &str, quotes: bool) {
        for part in text.split_inclusive(['\\', '\n', '"']) {
            let mut chars = part.chars();
            match chars.next_back() {
                Some('\\') => {
                    self.raw(chars.as_str());
                    self.raw("\\\\");
                }
                Some('\n') => {
                    self.raw(chars.as_str());
                    self.raw("\\n");
                }
                Some('"') if quotes => {
                    self.raw(chars.as_str());
                    self.raw("\\\"");
                }
                _ => self.raw(part),
            }
        }
    }
}

/// Whole numbers below this are exact in a double: 2^53.
const WHOLE: f64 = 9_007_199_254_740_992.0;
