//! The text of a series as labels.

use std::borrow::Cow;

use model::label::{BUCKET, METRIC_NAME, QUANTILE};
use model::{LabelsBuilder, MetricType, number};

use super::error::Problem;
use super::float;
use super::lexer::{Braces, Cursor, Dialect, Part};

/// The text is no series. A text that a parser gave out as one always is.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("invalid series: {0}")]
pub struct SeriesError(#[from] Problem);

/// Adds the name and the labels that `series` spells to `labels`, unescaped. `metric_type` is the
/// kind that the page last told; bounds of histograms and quantiles of summaries become the text
/// that Prometheus 3 stores: `1` becomes `1.0`. A name that the text repeats is there twice; see
/// [`LabelsBuilder::has_duplicates`].
///
/// # Errors
/// The text is no series.
pub fn parse_series_labels(
    series: &[u8],
    metric_type: MetricType,
    labels: &mut LabelsBuilder,
) -> Result<(), SeriesError> {
    // What either format allows, for which of them it was is not told.
    let mut cursor = Cursor::new(series);
    if let Some(name) = cursor.metric_name() {
        labels.push(METRIC_NAME, &text(name)?);
    }
    cursor.take_blanks();
    if !cursor.take(b"{") {
        return Ok(());
    }
    let mut braces = Braces::new(Dialect::Text);
    while let Some(part) = braces.next(&mut cursor)? {
        match part {
            Part::Name(name) => labels.push(METRIC_NAME, &text(name)?),
            Part::Label { name, value } => {
                let (name, value) = (text(name)?, text(value)?);
                let is_number = match metric_type {
                    MetricType::Histogram => name == BUCKET,
                    MetricType::Summary => name == QUANTILE,
                    _ => false,
                };
                match is_number.then(|| canonical_float(&value)).flatten() {
                    Some(canonical) => labels.push(&name, &canonical),
                    None => labels.push(&name, &value),
                }
            }
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<Cow<'_, str>, SeriesError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SeriesError(Problem::LabelNotUtf8))?;
    Ok(unescape(text))
}

/// Resolves `\\`, `\"` and `\n`; any other backslash stands for itself.
pub fn unescape(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once('\\') else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(before);
    loop {
        let mut chars = rest.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some(escaped @ ('\\' | '"')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
        match chars.as_str().split_once('\\') {
            Some((before, after)) => {
                out.push_str(before);
                rest = after;
            }
            None => {
                out.push_str(chars.as_str());
                return Cow::Owned(out);
            }
        }
    }
}

/// A number as OpenMetrics writes it, always with a point or an exponent; None if it is none.
fn canonical_float(text: &str) -> Option<String> {
    let value = float::parse(text.as_bytes())?;
    let mut out = number::general(value);
    if value.is_finite() && !out.contains(['.', 'e']) {
        out.push_str(".0");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_become_labels() {
        use MetricType::{Counter, Histogram, Summary};
        let cases: [(&str, MetricType, &str); 9] = [
            ("a", Counter, "a"),
            ("a{}", Counter, "a"),
            ("a { b = \"c\" , }", Counter, "a{b=\"c\"}"),
            (
                r#"a{b="x\\y\"z\nw\q"}"#,
                Counter,
                "a{b=\"x\\\\y\\\"z\\nw\\\\q\"}",
            ),
            (
                r#"{"my.metric","l.x"="v"}"#,
                Counter,
                r#"{"my.metric", "l.x"="v"}"#,
            ),
            (r#"a_bucket{le="1"}"#, Histogram, r#"a_bucket{le="1.0"}"#),
            (
                r#"a_bucket{le="+Inf"}"#,
                Histogram,
                r#"a_bucket{le="+Inf"}"#,
            ),
            (r#"a{quantile="0.50"}"#, Summary, r#"a{quantile="0.5"}"#),
            (r#"a{le="1",empty=""}"#, Counter, r#"a{le="1"}"#),
        ];
        for (series, metric_type, want) in cases {
            let mut labels = LabelsBuilder::new();
            parse_series_labels(series.as_bytes(), metric_type, &mut labels).unwrap();
            assert_eq!(labels.build().to_string(), want, "{series}");
        }
    }

    #[test]
    fn what_is_no_series_is_refused() {
        for series in ["{", "a{b}", "a{b=c}", "a{b=\"c}", "a{b=\"c\\\"}"] {
            let mut labels = LabelsBuilder::new();
            let result = parse_series_labels(series.as_bytes(), MetricType::Unknown, &mut labels);
            assert!(result.is_err(), "{series}");
        }
    }
}
