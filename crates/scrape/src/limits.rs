//! What a scrape may bring. Where a configuration says nothing, these defaults hold: high enough
//! for every page that is meant, low enough that one broken target does not take the memory of all.

use config::server::{Limit, ScrapeConfig};
use model::Labels;
use model::histogram::schema;
use model::quote::quoted;

/// Limits as they are enforced; the largest number stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of a page after decompression.
    pub(crate) body_size: usize,
    /// Samples of a page after metric relabeling.
    pub(crate) samples: usize,
    /// Labels of a series, metric name included.
    pub(crate) labels: usize,
    /// Bytes of a label's name.
    pub(crate) label_name_length: usize,
    /// Bytes of a label's value.
    pub(crate) label_value_length: usize,
    /// Series that a page may begin; those that are there already do not count.
    pub(crate) new_series: usize,
    /// Buckets of a native histogram; one with more is made coarser.
    pub(crate) buckets: usize,
    /// Finest resolution of native histograms.
    pub(crate) max_schema: i32,
}

/// Limits that go with the machine: what holds where a configuration says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultLimits {
    /// Bytes of a page after decompression.
    pub body_size: u64,
    /// Series that a page may begin; the largest number for any number.
    pub new_series: usize,
}

impl Default for DefaultLimits {
    fn default() -> Self {
        Self {
            body_size: DEFAULT_BODY_SIZE,
            new_series: DEFAULT_NEW_SERIES,
        }
    }
}

/// Bytes of a page, unless stated: the largest pages known, of kube-state-metrics in clusters of
/// thousands of nodes, are a few tens of MiB.
pub const DEFAULT_BODY_SIZE: u64 = 64 << 20;
/// Series that a page may begin, unless stated: a target that brings more has all of them after a few
/// scrapes.
pub const DEFAULT_NEW_SERIES: usize = 100_000;
/// Samples of a page, unless stated.
pub const DEFAULT_SAMPLES: u64 = 1_000_000;
/// Labels of a series, unless stated.
pub const DEFAULT_LABELS: u64 = 256;
/// Bytes of a label's name, unless stated.
pub const DEFAULT_LABEL_NAME_LENGTH: u64 = 1 << 10;
/// Bytes of a label's value, unless stated.
pub const DEFAULT_LABEL_VALUE_LENGTH: u64 = 64 << 10;

impl Limits {
    pub(crate) fn new(config: &ScrapeConfig, defaults: DefaultLimits) -> Self {
        let stated = &config.limits;
        let buckets = config.histograms.native_histogram_bucket_limit;
        let buckets = if buckets == 0 { u64::MAX } else { buckets };
        let limit = |stated: Limit, default: u64| {
            let number = stated.or_built_in(Some(default)).unwrap_or(u64::MAX);
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        Self {
            body_size: limit(stated.body_size_limit, defaults.body_size),
            samples: limit(stated.sample_limit, DEFAULT_SAMPLES),
            labels: limit(stated.label_limit, DEFAULT_LABELS),
            label_name_length: limit(stated.label_name_length_limit, DEFAULT_LABEL_NAME_LENGTH),
            label_value_length: limit(stated.label_value_length_limit, DEFAULT_LABEL_VALUE_LENGTH),
            new_series: defaults.new_series,
            buckets: usize::try_from(buckets).unwrap_or(usize::MAX),
            max_schema: schema_of_factor(config.histograms.native_histogram_min_bucket_factor),
        }
    }

    /// Checks one label set.
    ///
    /// # Errors
    /// It goes beyond a limit.
    pub(crate) fn check(&self, labels: &Labels) -> Result<(), LabelLimitError> {
        let count = labels.len();
        if count > self.labels {
            return Err(LabelLimitError::Count {
                metric: metric(labels),
                count,
                limit: self.labels,
            });
        }
        for (name, value) in labels {
            if name.len() > self.label_name_length {
                return Err(LabelLimitError::NameLength {
                    metric: metric(labels),
                    name: shown(name),
                    length: name.len(),
                    limit: self.label_name_length,
                });
            }
            if value.len() > self.label_value_length {
                return Err(LabelLimitError::ValueLength {
                    metric: metric(labels),
                    name: shown(name),
                    value: shown(value),
                    length: value.len(),
                    limit: self.label_value_length,
                });
            }
        }
        Ok(())
    }
}

/// A label set beyond the limits: the whole scrape fails. Whoever runs the target has to change it,
/// or the limit.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum LabelLimitError {
    /// Too many labels.
    #[error("label_limit exceeded (metric: {metric}, number of labels: {count}, limit: {limit})")]
    Count {
        /// Name of the metric, cut.
        metric: String,
        /// Labels that it has.
        count: usize,
        /// Labels that it may have.
        limit: usize,
    },
    /// A name that is too long.
    #[error(
        "label_name_length_limit exceeded (metric: {metric}, label name: {name}, length: {length}, limit: {limit})"
    )]
    NameLength {
        /// Name of the metric, cut.
        metric: String,
        /// Name of the label, cut.
        name: String,
        /// Bytes of the name.
        length: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// A value that is too long.
    #[error(
        "label_value_length_limit exceeded (metric: {metric}, label name: {name}, value: {}, length: {length}, limit: {limit})",
        quoted(.value)
    )]
    ValueLength {
        /// Name of the metric, cut.
        metric: String,
        /// Name of the label, cut.
        name: String,
        /// The value, cut.
        value: String,
        /// Bytes of the value.
        length: usize,
        /// Bytes that it may have.
        limit: usize,
    },
}

/// The finest schema whose buckets grow by at least this factor.
fn schema_of_factor(factor: f64) -> i32 {
    if factor <= 1.0 {
        return schema::MAX_EXPONENTIAL;
    }
    let finest = (-factor.log2().log2()).floor();
    let (coarse, fine) = (schema::MIN_EXPONENTIAL, schema::MAX_EXPONENTIAL);
    finest.clamp(f64::from(coarse), f64::from(fine)) as i32
}

fn metric(labels: &Labels) -> String {
    shown(labels.metric_name().unwrap_or_default())
}

/// As much of a text as a message shows.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// Characters of a name or value that a message shows. Source: Prometheus `scrape`.
const SHOWN_CHARS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_limits_replace_the_defaults() {
        let mut config = ScrapeConfig::named("a");
        config.limits.sample_limit = Limit::stated(5);
        config.limits.label_limit = Limit::stated(0);
        let limits = Limits::new(&config, DefaultLimits::default());
        assert_eq!(limits.samples, 5);
        assert_eq!(limits.labels, usize::MAX);
        assert_eq!(limits.body_size, 64 << 20);
        assert_eq!(limits.buckets, usize::MAX);
    }

    #[test]
    fn a_bucket_factor_is_a_schema() {
        // Source: the table in Prometheus' documentation of `native_histogram_min_bucket_factor`.
        let cases = [
            (0.0, 8),
            (1.0, 8),
            (1.002, 8),
            (1.003, 7),
            (1.0109, 5),
            (1.0108, 6),
            (1.1, 2),
            (1.5, 0),
            (2.0, 0),
            (3.0, -1),
            (65_536.0, -4),
            (1e300, -4),
        ];
        for (factor, want) in cases {
            assert_eq!(schema_of_factor(factor), want, "{factor}");
        }
    }

    #[test]
    fn label_sets_beyond_a_limit_are_refused_in_upstreams_words() {
        let limits = Limits {
            body_size: 0,
            samples: 0,
            labels: 2,
            label_name_length: 8,
            label_value_length: 3,
            new_series: 0,
            buckets: 0,
            max_schema: 8,
        };
        let check = |pairs: &[(&str, &str)]| {
            let labels = Labels::from_pairs(pairs.iter().copied());
            limits.check(&labels).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[("__name__", "a"), ("b", "123")]), Ok(()));
        let cases: [(&[(&str, &str)], &str); 3] = [
            (
                &[("__name__", "a"), ("b", "1"), ("c", "1")],
                "label_limit exceeded (metric: a, number of labels: 3, limit: 2)",
            ),
            (
                &[("__name__", "a"), ("b23456789", "1")],
                "label_name_length_limit exceeded (metric: a, label name: b23456789, length: 9, limit: 8)",
            ),
            (
                &[("__name__", "a"), ("b", "1234")],
                "label_value_length_limit exceeded (metric: a, label name: b, value: \"1234\", length: 4, limit: 3)",
            ),
        ];
        for (pairs, want) in cases {
            assert_eq!(check(pairs), Err(want.to_owned()));
        }
    }
}
