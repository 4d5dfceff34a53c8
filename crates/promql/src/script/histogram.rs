//! The notation of native histograms: `{{schema:1 sum:-0.3 count:3.1 buckets:[1 2 1] offset:-3}}`.

use std::sync::Arc;

use model::{Buckets, CounterResetHint, Histogram};

use super::series::signed_number;

/// A native histogram as a script writes it.
#[derive(Clone, Debug)]
pub(super) struct HistogramValue {
    pub(super) histogram: Arc<Histogram>,
    /// True if the script says which counter reset hint the histogram has.
    pub(super) has_hint: bool,
}

/// Reads `{{…}}`, `{{…}}xN`, `{{…}}+{{…}}xN` and `{{…}}-{{…}}xN`.
pub(super) fn parse_histograms(
    item: &str,
    repetitions: impl Fn(&str) -> Option<usize>,
) -> Result<Vec<HistogramValue>, String> {
    let malformed = || format!("not a series value: {item:?}");
    let (first, rest) = parse_histogram(item)?;
    if rest.is_empty() {
        return Ok(vec![first]);
    }
    if let Some(count) = repetitions(rest) {
        return Ok(vec![first; count + 1]);
    }
    let step = rest.strip_prefix(['+', '-']).ok_or_else(malformed)?;
    let (step, times) = parse_histogram(step)?;
    let count = repetitions(times).ok_or_else(malformed)?;
    sequence(first, &step, rest.starts_with('+'), count)
}

/// The hint counts as given if that of the step is.
fn sequence(
    first: HistogramValue,
    step: &HistogramValue,
    adds: bool,
    count: usize,
) -> Result<Vec<HistogramValue>, String> {
    let mut current = (*first.histogram).clone();
    let mut values = vec![HistogramValue {
        has_hint: step.has_hint,
        ..first
    }];
    for _ in 0..count {
        if current.schema > step.histogram.schema {
            return Err(format!(
                "error combining histograms: cannot merge from schema {} to {}",
                step.histogram.schema, current.schema
            ));
        }
        let combined = if adds {
            current.add(&step.histogram)
        } else {
            current.sub(&step.histogram)
        };
        combined.map_err(|error| format!("error combining histograms: {error}"))?;
        values.push(HistogramValue {
            histogram: Arc::new(current.clone()),
            has_hint: step.has_hint,
        });
    }
    Ok(values)
}

/// Splits a histogram off.
fn parse_histogram(text: &str) -> Result<(HistogramValue, &str), String> {
    let text = text
        .strip_prefix("{{")
        .ok_or_else(|| format!("not a histogram: {text:?}"))?;
    let (inside, rest) = text
        .split_once("}}")
        .ok_or("a histogram is not closed by }}")?;
    let mut description = Description::default();
    let mut items = inside.trim();
    while !items.is_empty() {
        items = description.read_item(items)?.trim_start();
    }
    Ok((description.build(), rest))
}

/// What a script says of a histogram.
#[derive(Default)]
struct Description {
    keys: Vec<String>,
    histogram: Histogram,
    has_hint: bool,
    counts: Vec<f64>,
    offset: i32,
    negative_counts: Vec<f64>,
    negative_offset: i32,
}

impl Description {
    /// Reads `key:value`. Answers what comes after it.
    fn read_item<'a>(&mut self, items: &'a str) -> Result<&'a str, String> {
        let (key, rest) = items
            .split_once(':')
            .ok_or_else(|| format!("bad histogram descriptor found: {items:?}"))?;
        if self.keys.iter().any(|seen| seen == key) {
            return Err(format!("duplicate key \"{key}\" in histogram"));
        }
        self.keys.push(key.to_owned());
        let end = match rest.strip_prefix('[') {
            Some(_) => {
                rest.find(']')
                    .ok_or("a list of buckets is not closed by ]")?
                    + 1
            }
            None => rest.find([' ', '\t']).unwrap_or(rest.len()),
        };
        let (value, rest) = rest.split_at(end);
        self.set(key, value)?;
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return Err(format!("unexpected {rest:?} in histogram"));
        }
        Ok(rest)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let histogram = &mut self.histogram;
        match key {
            "schema" => histogram.schema = whole(key, value)?,
            "sum" => histogram.sum = number(key, value)?,
            "count" => histogram.count = number(key, value)?,
            "z_bucket" => histogram.zero_count = number(key, value)?,
            "z_bucket_w" => histogram.zero_threshold = number(key, value)?,
            "custom_values" => histogram.custom_values = list(key, value)?.into(),
            "buckets" => self.counts = list(key, value)?,
            "offset" => self.offset = whole(key, value)?,
            "n_buckets" => self.negative_counts = list(key, value)?,
            "n_offset" => self.negative_offset = whole(key, value)?,
            "counter_reset_hint" => {
                histogram.counter_reset_hint = hint(value)?;
                self.has_hint = true;
            }
            _ => return Err(format!("bad histogram descriptor found: {key:?}")),
        }
        Ok(())
    }

    fn build(self) -> HistogramValue {
        let mut histogram = self.histogram;
        histogram.positive = Buckets::from_offset(self.offset, self.counts);
        histogram.negative = Buckets::from_offset(self.negative_offset, self.negative_counts);
        HistogramValue {
            histogram: Arc::new(histogram),
            has_hint: self.has_hint,
        }
    }
}

fn hint(value: &str) -> Result<CounterResetHint, String> {
    match value {
        "unknown" => Ok(CounterResetHint::Unknown),
        "reset" => Ok(CounterResetHint::Reset),
        "not_reset" => Ok(CounterResetHint::NotReset),
        "gauge" => Ok(CounterResetHint::Gauge),
        _ => Err(format!(
            "error parsing histogram counter reset hint: {value:?}"
        )),
    }
}

fn list(key: &str, value: &str) -> Result<Vec<f64>, String> {
    let inside = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'))
        .ok_or_else(|| format!("error parsing {key}: {value:?} is not a list"))?;
    let numbers = inside.split_ascii_whitespace();
    let numbers: Vec<f64> = numbers
        .map(|value| number(key, value))
        .collect::<Result<_, _>>()?;
    if numbers.is_empty() {
        return Err(format!("error parsing {key}: the list is empty"));
    }
    Ok(numbers)
}

fn number(key: &str, value: &str) -> Result<f64, String> {
    match signed_number(value) {
        Some((number, "")) => Ok(number),
        _ => Err(format!("error parsing {key} number: {value:?}")),
    }
}

fn whole(key: &str, value: &str) -> Result<i32, String> {
    let number = value.parse();
    number.map_err(|_| format!("error parsing {key} number: {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(item: &str) -> Result<String, String> {
        let times = |text: &str| text.strip_prefix('x')?.parse().ok();
        let values = parse_histograms(item, times)?;
        let shown = values.iter().map(|value| value.histogram.notation());
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn histograms_are_read() {
        let cases = [
            ("{{}}", "{{}}"),
            ("{{ }}x1", "{{}} {{}}"),
            (
                "{{schema:1 sum:-.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7 ] \
                 offset:-3 n_buckets:[4.1 5] n_offset:-5 counter_reset_hint:gauge}}",
                "{{schema:1 count:3.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 \
                 counter_reset_hint:gauge offset:-3 buckets:[5.1 10 7] n_offset:-5 \
                 n_buckets:[4.1 5]}}",
            ),
            (
                "{{schema:-53 custom_values:[-2 3] count:Inf sum:NaN}}",
                "{{schema:-53 count:+Inf sum:NaN custom_values:[-2 3]}}",
            ),
            (
                "{{count:1 buckets:[1]}}+{{count:2 buckets:[1] offset:1}}x2",
                "{{count:1 buckets:[1]}} {{count:3 buckets:[1 1]}} {{count:5 buckets:[1 2]}}",
            ),
            (
                "{{count:3 sum:1 buckets:[3]}}-{{count:1 sum:1 buckets:[1]}}x1",
                "{{count:3 sum:1 buckets:[3]}} {{count:2 buckets:[2]}}",
            ),
            // The hint of a sum is that of both.
            (
                "{{counter_reset_hint:not_reset}}+{{counter_reset_hint:gauge}}x1",
                "{{counter_reset_hint:not_reset}} {{counter_reset_hint:gauge}}",
            ),
        ];
        for (item, want) in cases {
            assert_eq!(read(item).as_deref(), Ok(want), "{item}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("{{count:1", "not closed by }}"),
            (
                "{{count:1 count:2}}",
                "duplicate key \"count\" in histogram",
            ),
            ("{{counts:1}}", "bad histogram descriptor found: \"counts\""),
            ("{{count}}", "bad histogram descriptor found"),
            ("{{schema:1.5}}", "error parsing schema number: \"1.5\""),
            ("{{sum:x}}", "error parsing sum number: \"x\""),
            ("{{buckets:[1 2}}", "not closed by ]"),
            ("{{buckets:[]}}", "the list is empty"),
            ("{{buckets:1}}", "is not a list"),
            (
                "{{counter_reset_hint:none}}",
                "counter reset hint: \"none\"",
            ),
            ("{{}}+{{}}", "not a series value"),
            ("{{}}y3", "not a series value"),
            (
                "{{schema:1}}+{{schema:0}}x1",
                "error combining histograms: cannot merge from schema 0 to 1",
            ),
            (
                "{{schema:-53}}+{{schema:0}}x1",
                "a mix of exponential and custom bucket schemas",
            ),
        ];
        for (item, want) in cases {
            let error = read(item).err().unwrap_or_default();
            assert!(error.contains(want), "{item}: {error}");
        }
    }
}
