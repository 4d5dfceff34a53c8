//! Metric families examined for what the conventions of Prometheus advise against.
//!
//! ```
//! use exposition::lint::lint;
//! use model::MetricFamily;
//! let problems = lint(&[MetricFamily::counter("a", "A.", 1.0)]);
//! assert_eq!(problems[0].to_string(), "a counter metrics should have \"_total\" suffix");
//! ```

use std::collections::BTreeSet;
use std::fmt;

use model::{MetricFamily, MetricType};

/// Advice that a family does not follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the family.
    pub metric: String,
    /// What is wrong, in promtool's words.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.metric, self.text)
    }
}

/// All problems, by family and text.
pub fn lint(families: &[MetricFamily]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for family in families {
        let mut texts = Vec::new();
        if family.help.is_empty() {
            texts.push("no help text".to_owned());
        }
        texts.extend(unit(&family.name));
        texts.extend(counter(family));
        texts.extend(reserved(family));
        texts.extend(words(family));
        texts.extend(repeated(family));
        problems.extend(texts.into_iter().map(|text| Problem {
            metric: family.name.clone().into_owned(),
            text,
        }));
    }
    problems.sort();
    problems
}

/// A unit that is not a base unit.
fn unit(name: &str) -> Option<String> {
    let known = |word: &str| UNITS.iter().find(|(unit, _)| *unit == word);
    let with_prefix = |word: &str| {
        let bare = PREFIXES
            .iter()
            .filter_map(|prefix| word.strip_prefix(prefix));
        bare.filter_map(known).next()
    };
    let mut words = name.split('_');
    let (word, base) = words.find_map(|word| {
        let found = known(word).or_else(|| with_prefix(word));
        found.map(|(_, base)| (word, base))
    })?;
    (word != *base).then(|| format!("use base unit \"{base}\" instead of \"{word}\""))
}

fn counter(family: &MetricFamily) -> Option<String> {
    let has_suffix = family.name.ends_with("_total");
    let text = match family.metric_type {
        MetricType::Counter if !has_suffix => "counter metrics should have \"_total\" suffix",
        MetricType::Counter | MetricType::Unknown => return None,
        _ if has_suffix => "non-counter metrics should not have \"_total\" suffix",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Suffixes and labels that belong to histograms and summaries.
fn reserved(family: &MetricFamily) -> Vec<String> {
    let metric_type = family.metric_type;
    if metric_type == MetricType::Unknown {
        return Vec::new();
    }
    let is_histogram = metric_type == MetricType::Histogram;
    let is_summary = metric_type == MetricType::Summary;
    let mut texts = Vec::new();
    if !is_histogram && family.name.ends_with("_bucket") {
        texts.push("non-histogram metrics should not have \"_bucket\" suffix".to_owned());
    }
    for suffix in ["_count", "_sum"] {
        if !is_histogram && !is_summary && family.name.ends_with(suffix) {
            texts.push(format!(
                "non-histogram and non-summary metrics should not have \"{suffix}\" suffix"
            ));
        }
    }
    for (label, _) in family.metrics.iter().flat_map(|metric| &metric.labels) {
        if !is_histogram && label == "le" {
            texts.push("non-histogram metrics should not have \"le\" label".to_owned());
        }
        if !is_summary && label == "quantile" {
            texts.push("non-summary metrics should not have \"quantile\" label".to_owned());
        }
    }
    texts
}

/// What names should not be made of.
fn words(family: &MetricFamily) -> Vec<String> {
    let mut texts = Vec::new();
    let name = &*family.name;
    let lower = name.to_lowercase();
    let has_word = |word: &str| {
        let word = format!("_{word}");
        lower.ends_with(&word) || lower.contains(&(word + "_"))
    };
    let metric_type = family.metric_type;
    if metric_type != MetricType::Unknown && has_word(metric_type.as_str()) {
        texts.push(format!(
            "metric name should not include type '{metric_type}'"
        ));
    }
    if name.contains(':') {
        texts.push("metric names should not contain ':'".to_owned());
    }
    if is_camel_case(name) {
        let text = "metric names should be written in 'snake_case' not 'camelCase'";
        texts.push(text.to_owned());
    }
    let labels = family.metrics.iter().flat_map(|metric| &metric.labels);
    for _ in labels.filter(|(label, _)| is_camel_case(label)) {
        let text = "label names should be written in 'snake_case' not 'camelCase'";
        texts.push(text.to_owned());
    }
    for _ in ABBREVIATIONS.iter().filter(|unit| has_word(unit)) {
        texts.push("metric names should not contain abbreviated units".to_owned());
    }
    texts
}

fn is_camel_case(name: &str) -> bool {
    let letters = name.bytes().zip(name.bytes().skip(1));
    let mut humps = letters.filter(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    humps.next().is_some()
}

/// Metrics that have the labels of another.
fn repeated(family: &MetricFamily) -> Vec<String> {
    let sorted = family.metrics.iter().map(|metric| {
        let mut labels: Vec<_> = metric.labels.iter().collect();
        labels.sort();
        labels
    });
    let all = family.metrics.len();
    let distinct = sorted.collect::<BTreeSet<_>>().len();
    vec!["metric not unique".to_owned(); all - distinct]
}

/// Units that names speak of, and the base unit of each.
const UNITS: [(&str, &str); 24] = [
    ("amperes", "amperes"),
    ("bytes", "bytes"),
    ("celsius", "celsius"),
    ("grams", "grams"),
    ("joules", "joules"),
    ("kelvin", "kelvin"),
    ("meters", "meters"),
    ("metres", "metres"),
    ("seconds", "seconds"),
    ("volts", "volts"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("weeks", "seconds"),
    ("kelvins", "kelvin"),
    ("fahrenheit", "celsius"),
    ("rankine", "celsius"),
    ("inches", "meters"),
    ("yards", "meters"),
    ("miles", "meters"),
    ("bits", "bytes"),
    ("calories", "joules"),
    ("pounds", "grams"),
    ("ounces", "grams"),
];

const PREFIXES: [&str; 18] = [
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega",
    "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi",
];

const ABBREVIATIONS: [&str; 14] = [
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    fn each_advice_has_a_case() {
        let page = "# TYPE a counter\na 1\n\
            # HELP b_total h\n# TYPE b_total gauge\nb_total 1\n\
            # HELP c_bucket h\n# TYPE c_bucket gauge\nc_bucket 1\n\
            # HELP d_count h\n# TYPE d_count gauge\nd_count{le=\"1\",quantile=\"2\"} 1\n\
            # HELP f_gauge_x h\n# TYPE f_gauge_x gauge\nf_gauge_x 1\n\
            # HELP g:h h\n# TYPE g:h gauge\ng:h 1\n\
            # HELP iJ h\n# TYPE iJ gauge\niJ{kL=\"1\"} 1\niJ{kL=\"2\"} 1\n\
            # HELP m_kb_n h\n# TYPE m_kb_n gauge\nm_kb_n 1\nm_kb_n 1\n\
            # HELP o h\n# TYPE o histogram\no_bucket{le=\"+Inf\",quantile=\"x\"} 1\n\
            q_total{le=\"1\"} 1\n\
            # HELP r_milliseconds_x h\n# TYPE r_milliseconds_x gauge\nr_milliseconds_x 1\n\
            # HELP s_minutes h\n# TYPE s_minutes gauge\ns_minutes 1\n\
            # HELP t_seconds h\n# TYPE t_seconds gauge\nt_seconds 1\n";
        let families = crate::parse::families(page.as_bytes(), Format::Text).unwrap();
        let found: Vec<_> = lint(&families).iter().map(Problem::to_string).collect();
        let want = "a counter metrics should have \"_total\" suffix
a no help text
b_total non-counter metrics should not have \"_total\" suffix
c_bucket non-histogram metrics should not have \"_bucket\" suffix
d_count non-histogram and non-summary metrics should not have \"_count\" suffix
d_count non-histogram metrics should not have \"le\" label
d_count non-summary metrics should not have \"quantile\" label
f_gauge_x metric name should not include type 'gauge'
g:h metric names should not contain ':'
iJ label names should be written in 'snake_case' not 'camelCase'
iJ label names should be written in 'snake_case' not 'camelCase'
iJ metric names should be written in 'snake_case' not 'camelCase'
m_kb_n metric names should not contain abbreviated units
m_kb_n metric not unique
o non-summary metrics should not have \"quantile\" label
q_total no help text
r_milliseconds_x use base unit \"seconds\" instead of \"milliseconds\"
s_minutes use base unit \"seconds\" instead of \"minutes\"";
        assert_eq!(found.join("\n"), want);
    }
}
