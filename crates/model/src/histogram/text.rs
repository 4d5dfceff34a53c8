//! Histograms as text: for readers, and in the notation of test scripts.

use std::fmt;

use super::{Bucket, Buckets, CounterResetHint, Histogram};
use crate::number::general;

/// As upstream prints it: `{count:…, sum:…, [lower,upper]:count, …}`.
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{count:{}, sum:{}",
            general(self.count),
            general(self.sum)
        )?;
        let negative = self.negative_buckets().filter(|bucket| bucket.count != 0.0);
        let mut negative: Vec<Bucket> = negative.collect();
        negative.reverse();
        for bucket in negative {
            write!(f, ", {bucket}")?;
        }
        if self.zero_count != 0.0 {
            write!(f, ", {}", self.zero_bucket())?;
        }
        for bucket in self.positive_buckets().filter(|bucket| bucket.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_inclusive { '[' } else { '(' };
        let close = if self.upper_inclusive { ']' } else { ')' };
        let (lower, upper) = (general(self.lower), general(self.upper));
        write!(f, "{open}{lower},{upper}{close}:{}", general(self.count))
    }
}

impl Histogram {
    /// The histogram as test scripts write it: `{{schema:… count:… buckets:[…]}}`.
    pub fn notation(&self) -> String {
        let mut whole = self.clone();
        whole.compact(usize::MAX);
        let mut parts = Vec::new();
        if whole.schema != 0 {
            parts.push(format!("schema:{}", whole.schema));
        }
        for (name, value) in [
            ("count", whole.count),
            ("sum", whole.sum),
            ("z_bucket", whole.zero_count),
            ("z_bucket_w", whole.zero_threshold),
        ] {
            if value != 0.0 {
                parts.push(format!("{name}:{}", general(value)));
            }
        }
        if whole.has_custom_buckets() {
            parts.push(format!("custom_values:{}", list(&whole.custom_values)));
        }
        if let Some(word) = whole.counter_reset_hint.word() {
            parts.push(format!("counter_reset_hint:{word}"));
        }
        push_side(&mut parts, &whole.positive, "offset", "buckets");
        push_side(&mut parts, &whole.negative, "n_offset", "n_buckets");
        format!("{{{{{}}}}}", parts.join(" "))
    }
}

impl CounterResetHint {
    /// The word of test scripts; unknown has none.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Reset => Some("reset"),
            Self::NotReset => Some("not_reset"),
            Self::Gauge => Some("gauge"),
        }
    }
}

fn push_side(parts: &mut Vec<String>, buckets: &Buckets, offset: &str, counts: &str) {
    if let Some(span) = buckets.spans.first().filter(|span| span.offset != 0) {
        parts.push(format!("{offset}:{}", span.offset));
    }
    if !buckets.is_empty() {
        parts.push(format!("{counts}:{}", list(&buckets.counts)));
    }
}

fn list(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(|&value| general(value)).collect();
    format!("[{}]", values.join(" "))
}
