//! One event as one line.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use model::date::format_rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Format;
use crate::clock::{Clock as _, RealClock};

/// Writes every event to standard error.
pub(super) struct LineLayer {
    format: Format,
    clock: RealClock,
}

impl LineLayer {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            clock: RealClock::default(),
        }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line::new(self.format);
        line.text("time", &format_rfc3339(self.clock.now_millis()));
        line.text("level", event.metadata().level().as_str());
        line.text("source", event.metadata().target());
        let mut message = Message::default();
        event.record(&mut message);
        line.text("msg", &message.text);
        event.record(&mut line);
        // Nobody can be told that standard error is gone.
        drop(std::io::stderr().lock().write_all(line.finish().as_bytes()));
    }
}

#[derive(Default)]
struct Message {
    text: String,
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}");
        }
    }
}

struct Line {
    format: Format,
    out: String,
}

impl Line {
    fn new(format: Format) -> Self {
        Self {
            format,
            out: String::with_capacity(160),
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        match self.format {
            Format::Logfmt => {
                if !self.out.is_empty() {
                    self.out.push(' ');
                }
                self.out.push_str(key);
                self.out.push('=');
                let plain = !value.is_empty()
                    && value
                        .chars()
                        .all(|c| c > ' ' && !matches!(c, '"' | '=' | '\\' | '\u{7f}'));
                if plain {
                    self.out.push_str(value)
                } else {
                    push_quoted(&mut self.out, value)
                }
            }
            Format::Json => {
                self.out.push(if self.out.is_empty() { '{' } else { ',' });
                push_quoted(&mut self.out, key);
                self.out.push(':');
                push_quoted(&mut self.out, value);
            }
        }
    }

    fn finish(mut self) -> String {
        if self.format == Format::Json {
            self.out.push('}');
        }
        self.out.push('\n');
        self.out
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != "message" {
            self.text(field.name(), value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "message" {
            self.text(field.name(), &format!("{value:?}"));
        }
    }
}

/// Appends a JSON string, which is also a logfmt one.
fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            c if c < ' ' || c == '\u{7f}' => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_needed() {
        let mut line = Line::new(Format::Logfmt);
        line.text("a", "plain");
        line.text("b", "two words");
        line.text("c", "");
        assert_eq!(line.finish(), "a=plain b=\"two words\" c=\"\"\n");
        let mut line = Line::new(Format::Json);
        line.text("a", "x\ny");
        assert_eq!(line.finish(), "{\"a\":\"x\\ny\"}\n");
    }
}
