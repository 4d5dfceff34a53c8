//! Query results as Prometheus' JSON, written in one pass.

use model::{Labels, number};
use promql::Value;

/// Appends `{"resultType":…,"result":…}`.
pub(crate) fn push_value(out: &mut String, value: &Value) {
    out.push_str("{\"resultType\":\"");
    match value {
        Value::Scalar(sample) => {
            out.push_str("scalar\",\"result\":");
            push_sample(out, sample.timestamp, sample.value);
        }
        Value::Text { timestamp, text } => {
            out.push_str("string\",\"result\":[");
            push_timestamp(out, *timestamp);
            out.push(',');
            push_text(out, text);
            out.push(']');
        }
        Value::InstantVector(samples) => {
            out.push_str("vector\",\"result\":[");
            push_list(out, samples, |out, sample| {
                out.push_str("{\"metric\":");
                push_labels(out, &sample.labels);
                out.push_str(",\"value\":");
                push_sample(out, sample.timestamp, sample.value);
                out.push('}');
            });
            out.push(']');
        }
        Value::RangeVector(series) => {
            out.push_str("matrix\",\"result\":[");
            push_list(out, series, |out, series| {
                out.push_str("{\"metric\":");
                push_labels(out, &series.labels);
                out.push_str(",\"values\":[");
                push_list(
                    out,
                    series.timestamps.iter().zip(&series.values),
                    |out, (t, v)| {
                        push_sample(out, *t, *v);
                    },
                );
                out.push_str("]}");
            });
            out.push(']');
        }
    }
    out.push('}');
}

/// Appends a label set as an object.
pub(crate) fn push_labels(out: &mut String, labels: &Labels) {
    out.push('{');
    push_list(out, labels, |out, (name, value)| {
        push_text(out, name);
        out.push(':');
        push_text(out, value);
    });
    out.push('}');
}

/// Appends the items with commas between them.
pub(crate) fn push_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push(out, item);
    }
}

fn push_sample(out: &mut String, timestamp: i64, value: f64) {
    out.push('[');
    push_timestamp(out, timestamp);
    out.push_str(",\"");
    number::push_json(out, value);
    out.push_str("\"]");
}

/// Appends milliseconds as seconds with up to three digits after the point.
fn push_timestamp(out: &mut String, millis: i64) {
    let magnitude = millis.unsigned_abs();
    if millis < 0 {
        out.push('-');
    }
    out.push_str(itoa::Buffer::new().format(magnitude / 1000));
    let fraction = magnitude % 1000;
    if fraction != 0 {
        let digits = [fraction / 100, fraction / 10 % 10, fraction % 10];
        let len = 3 - digits.iter().rev().take_while(|digit| **digit == 0).count();
        out.push('.');
        for digit in &digits[..len] {
            out.push(char::from(
                b'0' + u8::try_from(*digit).expect("one decimal digit"),
            ));
        }
    }
}

/// Appends a JSON string.
pub(crate) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
                c => out.push(c),
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_up_to_three_digits() {
        let cases = [
            (0, "0"),
            (1_000, "1"),
            (1_500, "1.5"),
            (1_020, "1.02"),
            (1_003, "1.003"),
            (-1_500, "-1.5"),
            (1_435_781_451_781, "1435781451.781"),
        ];
        for (millis, want) in cases {
            let mut out = String::new();
            push_timestamp(&mut out, millis);
            assert_eq!(out, want);
        }
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        push_text(&mut out, "a\"b\\c\nd\u{1}é");
        assert_eq!(out, "\"a\\\"b\\\\c\\nd\\u0001é\"");
    }
}
