//! The notation of series: labels, then values such as `1 2 0+10x5 _x3 stale {{count:1}}`.

use model::Labels;
use model::value::STALE;

use super::histogram::{HistogramValue, parse_histograms};
use crate::lexer::number_value;
use crate::parser::parse_series_labels;

/// A value of a series at one step.
#[derive(Clone, Debug)]
pub(super) enum SequenceValue {
    /// No sample.
    Omitted,
    /// A float sample.
    Float(f64),
    /// A native histogram.
    Histogram(HistogramValue),
}

/// A series as a script writes it.
#[derive(Clone, Debug)]
pub(super) struct SeriesLine {
    pub(super) labels: Labels,
    pub(super) values: Vec<SequenceValue>,
}

pub(super) fn parse_series(line: &str) -> Result<SeriesLine, String> {
    let (metric, values) = line.split_at(end_of_metric(line));
    Ok(SeriesLine {
        labels: parse_labels(metric)?,
        values: parse_values(values)?,
    })
}

/// Reads `name{label="value", …}`, of which each part may be missing.
pub(super) fn parse_labels(metric: &str) -> Result<Labels, String> {
    parse_series_labels(metric).map_err(|error| error.to_string())
}

/// Where the labels end: at the first blank outside of braces.
pub(super) fn end_of_metric(line: &str) -> usize {
    let mut quote = None;
    let mut is_escaped = false;
    let mut in_braces = false;
    for (index, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), _) => {
                if !is_escaped && c == open {
                    quote = None;
                }
                is_escaped = !is_escaped && c == '\\' && open != '`';
            }
            (None, '"' | '\'' | '`') if in_braces => quote = Some(c),
            (None, '{') => in_braces = true,
            (None, '}') => return index + 1,
            (None, ' ' | '\t') if !in_braces => return index,
            _ => {}
        }
    }
    line.len()
}

fn parse_values(text: &str) -> Result<Vec<SequenceValue>, String> {
    let mut values = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = end_of_item(rest)?;
        let (item, after) = rest.split_at(end);
        push_item(&mut values, item)?;
        if values.len() > MAX_VALUES {
            return Err(format!("more than {MAX_VALUES} values of a series"));
        }
        rest = after.trim_start();
    }
    Ok(values)
}

/// Where an item ends: at the first blank outside of `{{…}}`.
fn end_of_item(text: &str) -> Result<usize, String> {
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let blank = rest.find([' ', '\t']).unwrap_or(rest.len());
        match rest.find("{{").filter(|&open| open < blank) {
            None => return Ok(from + blank),
            Some(open) => {
                let close = rest.get(open..).and_then(|inner| inner.find("}}"));
                let close = close.ok_or("a histogram is not closed by }}")?;
                from += open + close + 2;
            }
        }
    }
}

fn push_item(values: &mut Vec<SequenceValue>, item: &str) -> Result<(), String> {
    let malformed = || format!("not a series value: {item:?}");
    if item.starts_with("{{") {
        let histograms = parse_histograms(item, repetitions)?;
        values.extend(histograms.into_iter().map(SequenceValue::Histogram));
        return Ok(());
    }
    if let Some(times) = item.strip_prefix('_') {
        let count = if times.is_empty() {
            1
        } else {
            repetitions(times).ok_or_else(malformed)?
        };
        values.extend((0..count).map(|_| SequenceValue::Omitted));
        return Ok(());
    }
    if item == "stale" {
        values.push(SequenceValue::Float(STALE));
        return Ok(());
    }
    let (mut value, rest) = signed_number(item).ok_or_else(malformed)?;
    let (step, times) = match signed_number(rest) {
        Some((step, times)) if rest.starts_with(['+', '-']) => (step, times),
        _ => (0.0, rest),
    };
    let count = if times.is_empty() {
        0
    } else {
        repetitions(times).ok_or_else(malformed)?
    };
    if times.is_empty() && !rest.is_empty() {
        return Err(malformed());
    }
    let has_step = rest.len() != times.len();
    for _ in 0..=count {
        values.push(SequenceValue::Float(value));
        if has_step {
            value += step;
        }
    }
    Ok(())
}

/// Reads `xN`.
fn repetitions(text: &str) -> Option<usize> {
    let count = text.strip_prefix('x')?.parse().ok()?;
    (count <= MAX_VALUES).then_some(count)
}

/// Splits a number, with or without a sign, off.
pub(super) fn signed_number(text: &str) -> Option<(f64, &str)> {
    let (sign, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) if text.starts_with('-') => (-1.0, rest),
        Some(rest) => (1.0, rest),
        None => (1.0, text),
    };
    let is_word = ["inf", "nan"].iter().any(|word| {
        unsigned
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    let end = if is_word { 3 } else { end_of_digits(unsigned) };
    let (number, rest) = unsigned.split_at(end);
    Some((sign * number_value(number)?, rest))
}

fn end_of_digits(text: &str) -> usize {
    let mut previous = ' ';
    let end = text.char_indices().find(|&(_, c)| {
        let is_exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E');
        previous = c;
        !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '_') || is_exponent_sign)
    });
    end.map_or(text.len(), |(index, _)| index)
}

/// More values of a series are a mistake.
const MAX_VALUES: usize = 1_000_000;
