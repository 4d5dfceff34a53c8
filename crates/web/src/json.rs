//! Query results as Prometheus' JSON, written in one pass.

use model::histogram::Bucket;
use model::{Histogram, Labels, number};
use promql::{SampleValue, Value};

/// Appends `{"resultType":…,"result":…}`. Calls `check` after each series, so that an answer of
/// gigabytes can be ended and accounted for while it is written.
///
/// # Errors
/// That of `check`.
pub(crate) fn push_value<E>(
    out: &mut String,
    value: &Value,
    mut check: impl FnMut(&String) -> Result<(), E>,
) -> Result<(), E> {
    out.push_str("{\"resultType\":\"");
    match value {
        Value::Scalar(sample) => {
            out.push_str("scalar\",\"result\":");
            out.push('[');
            push_short_timestamp(out, sample.timestamp);
            out.push_str(",\"");
            out.push_str(&number::plain(sample.value));
            out.push_str("\"]");
        }
        Value::Text { timestamp, text } => {
            out.push_str("string\",\"result\":[");
            push_short_timestamp(out, *timestamp);
            out.push(',');
            push_text(out, text);
            out.push(']');
        }
        Value::InstantVector(samples) => {
            out.push_str("vector\",\"result\":[");
            for (index, sample) in samples.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str("{\"metric\":");
                push_labels(out, &sample.labels);
                match &sample.value {
                    SampleValue::Float(value) => {
                        out.push_str(",\"value\":");
                        push_sample(out, sample.timestamp, *value);
                    }
                    SampleValue::Histogram(histogram) => {
                        out.push_str(",\"histogram\":");
                        push_histogram_sample(out, sample.timestamp, histogram);
                    }
                }
                out.push('}');
                check(out)?;
            }
            out.push(']');
        }
        Value::RangeVector(series) => {
            out.push_str("matrix\",\"result\":[");
            for (index, series) in series.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str("{\"metric\":");
                push_labels(out, &series.labels);
                if !series.values.is_empty() {
                    out.push_str(",\"values\":[");
                    push_list(out, series.samples(), |out, sample| {
                        push_sample(out, sample.timestamp, sample.value);
                    });
                    out.push(']');
                }
                if !series.histograms.is_empty() {
                    out.push_str(",\"histograms\":[");
                    push_list(out, &series.histograms, |out, sample| {
                        push_histogram_sample(out, sample.timestamp, &sample.histogram);
                    });
                    out.push(']');
                }
                out.push('}');
                check(out)?;
            }
            out.push(']');
        }
    }
    out.push('}');
    Ok(())
}

/// Appends a label set as an object.
pub(crate) fn push_labels(out: &mut String, labels: &Labels) {
    out.push('{');
    push_list(out, labels, |out, (name, value)| {
        push_label(out, name, value);
    });
    out.push('}');
}

/// Appends a label as a member of an object.
pub(crate) fn push_label(out: &mut String, name: &str, value: &str) {
    push_text(out, name);
    out.push(':');
    push_text(out, value);
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

/// Appends `[time,{"count":…,"sum":…,"buckets":[[rule,lower,upper,count],…]}]`, with populated buckets
/// only; without any there is no list of them.
fn push_histogram_sample(out: &mut String, timestamp: i64, histogram: &Histogram) {
    out.push('[');
    push_timestamp(out, timestamp);
    out.push_str(",{\"count\":\"");
    number::push_json(out, histogram.count);
    out.push_str("\",\"sum\":\"");
    number::push_json(out, histogram.sum);
    out.push('"');
    let mut buckets = histogram.populated_buckets().peekable();
    if buckets.peek().is_some() {
        out.push_str(",\"buckets\":[");
        push_list(out, buckets, push_bucket);
        out.push(']');
    }
    out.push_str("}]");
}

fn push_bucket(out: &mut String, bucket: Bucket) {
    out.push('[');
    out.push_str(itoa::Buffer::new().format(bucket.boundary_rule()));
    for value in [bucket.lower, bucket.upper, bucket.count] {
        out.push_str(",\"");
        number::push_json(out, value);
        out.push('"');
    }
    out.push(']');
}

/// Appends milliseconds as seconds, with three digits after the point or none.
pub(crate) fn push_timestamp(out: &mut String, millis: i64) {
    let magnitude = millis.unsigned_abs();
    if millis < 0 {
        out.push('-');
    }
    out.push_str(itoa::Buffer::new().format(magnitude / 1000));
    let fraction = magnitude % 1000;
    if fraction != 0 {
        out.push('.');
        for digit in [fraction / 100, fraction / 10 % 10, fraction % 10] {
            out.push(char::from(
                b'0' + u8::try_from(digit).expect("one decimal digit"),
            ));
        }
    }
}

/// The same without zeros at the end: upstream writes the timestamps of scalars and strings so.
fn push_short_timestamp(out: &mut String, millis: i64) {
    push_timestamp(out, millis);
    if millis % 1000 != 0 {
        out.truncate(out.trim_end_matches('0').len());
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
    use std::sync::Arc;

    use model::histogram::Buckets;
    use promql::{HistogramSample, InstantSample, RangeSeries, Sample};

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = String::new();
        let checked = push_value(&mut out, value, |_| Ok::<_, std::convert::Infallible>(()));
        checked.unwrap();
        out
    }

    #[test]
    fn timestamps_have_three_digits_or_none() {
        let cases = [
            (0, "0", "0"),
            (1_000, "1", "1"),
            (10_000, "10", "10"),
            (1_500, "1.500", "1.5"),
            (1_020, "1.020", "1.02"),
            (1_003, "1.003", "1.003"),
            (-1_500, "-1.500", "-1.5"),
            (1_435_781_451_781, "1435781451.781", "1435781451.781"),
        ];
        for (millis, want, short) in cases {
            let mut out = String::new();
            push_timestamp(&mut out, millis);
            assert_eq!(out, want);
            out.clear();
            push_short_timestamp(&mut out, millis);
            assert_eq!(out, short);
        }
    }

    #[test]
    fn scalars_are_written_without_exponent() {
        let scalar = Sample {
            timestamp: 1_500,
            value: 1e21,
        };
        let vector = InstantSample {
            labels: Labels::default(),
            timestamp: 1_500,
            value: SampleValue::Float(1e21),
        };
        let cases = [
            (
                Value::Scalar(scalar),
                r#"{"resultType":"scalar","result":[1.5,"1000000000000000000000"]}"#,
            ),
            (
                Value::InstantVector(vec![vector]),
                r#"{"resultType":"vector","result":[{"metric":{},"value":[1.500,"1e+21"]}]}"#,
            ),
        ];
        for (value, want) in cases {
            assert_eq!(written(&value), want);
        }
    }

    #[test]
    fn histograms_list_their_populated_buckets() {
        let exponential = Histogram {
            count: 10.5,
            sum: 3.0,
            zero_threshold: 0.001,
            zero_count: 2.0,
            positive: Buckets::from_offset(0, vec![4.0, 0.0, 1.5]),
            negative: Buckets::from_offset(0, vec![3.0]),
            ..Histogram::default()
        };
        let custom = Histogram {
            count: 7.0,
            sum: f64::NAN,
            positive: Buckets::from_offset(0, vec![1.0, 2.0, 4.0]),
            ..Histogram::with_custom_buckets([5.0, 10.0])
        };
        let cases = [
            (
                exponential,
                r#"{"count":"10.5","sum":"3","buckets":[[1,"-1","-0.5","3"],[3,"-0.001","0.001","2"],[0,"0.5","1","4"],[0,"2","4","1.5"]]}"#,
            ),
            (
                custom,
                r#"{"count":"7","sum":"NaN","buckets":[[3,"-Inf","5","1"],[0,"5","10","2"],[0,"10","+Inf","4"]]}"#,
            ),
            (Histogram::default(), r#"{"count":"0","sum":"0"}"#),
        ];
        for (histogram, want) in cases {
            let histogram = Arc::new(histogram);
            let vector = Value::InstantVector(vec![InstantSample {
                labels: Labels::default(),
                timestamp: 1_500,
                value: SampleValue::Histogram(Arc::clone(&histogram)),
            }]);
            let out = written(&vector);
            let vector = r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1.500,"#;
            assert_eq!(out, format!("{vector}{want}]}}]}}"));
            let matrix = Value::RangeVector(vec![RangeSeries {
                timestamps: vec![0],
                values: vec![1.0],
                histograms: vec![HistogramSample {
                    timestamp: 60_000,
                    histogram,
                }],
                ..RangeSeries::default()
            }]);
            let out = written(&matrix);
            let matrix = r#"{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"]],"histograms":[[60,"#;
            assert_eq!(out, format!("{matrix}{want}]]}}]}}"));
        }
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        push_text(&mut out, "a\"b\\c\nd\u{1}é");
        assert_eq!(out, "\"a\\\"b\\\\c\\nd\\u0001é\"");
    }
}
