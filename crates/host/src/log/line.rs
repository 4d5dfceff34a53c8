//! One event as one line.

use std::fmt::{self, Write as _};
use std::io::Write as _;

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
        line.text("time", &rfc3339(self.clock.now_millis()));
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

/// UTC time of day from milliseconds since the Unix epoch: `2026-11-21T12:34:56.789Z`.
fn rfc3339(millis: i64) -> String {
    let (days, in_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Date from days since the Unix epoch, by counting 400-year eras that start in March.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_826_496_789), "2000-02-29T12:14:56.789Z");
    }

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
