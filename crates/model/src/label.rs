//! Label names: the well-known ones and the grammar.

/// Name of the label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";
/// What kind of metric a series is of, where labels say it.
pub const TYPE: &str = "__type__";
/// The unit of a series' values, where labels say it.
pub const UNIT: &str = "__unit__";
/// Upper bound of a classic histogram's bucket.
pub const BUCKET: &str = "le";
/// Quantile of a summary.
pub const QUANTILE: &str = "quantile";
/// The job that a target belongs to.
pub const JOB: &str = "job";
/// The target's identity inside its job.
pub const INSTANCE: &str = "instance";
/// Host and port to scrape.
pub const ADDRESS: &str = "__address__";
/// `http` or `https`.
pub const SCHEME: &str = "__scheme__";
/// Path to scrape.
pub const METRICS_PATH: &str = "__metrics_path__";
/// Interval of the target's scrapes.
pub const SCRAPE_INTERVAL: &str = "__scrape_interval__";
/// Timeout of the target's scrapes.
pub const SCRAPE_TIMEOUT: &str = "__scrape_timeout__";
/// Whether native histograms of the target are kept.
pub const SCRAPE_NATIVE_HISTOGRAMS: &str = "__scrape_native_histograms__";
/// Whether classic histograms of the target are kept beside native ones.
pub const ALWAYS_SCRAPE_CLASSIC_HISTOGRAMS: &str = "__always_scrape_classic_histograms__";
/// Whether classic histograms of the target become native ones with custom buckets.
pub const CONVERT_CLASSIC_HISTOGRAMS_TO_NHCB: &str = "__convert_classic_histograms_to_nhcb__";
/// Prefix of URL parameter labels.
pub const PARAM_PREFIX: &str = "__param_";
/// Prefix of labels that discovery sets and that end with relabeling.
pub const META_PREFIX: &str = "__meta_";
/// Prefix of labels that are dropped after target relabeling.
pub const RESERVED_PREFIX: &str = "__";
/// Prefix of scraped labels that clash with target labels when those are not honoured.
pub const EXPORTED_PREFIX: &str = "exported_";

/// True for labels that say which metric a series is of: what is computed from it has them no more.
pub fn is_metric_identity(name: &str) -> bool {
    matches!(name, METRIC_NAME | TYPE | UNIT)
}

/// True for `[a-zA-Z_][a-zA-Z0-9_]*`: what may stand unquoted as a label name in an expression.
pub fn is_legacy_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// True for `[a-zA-Z_:][a-zA-Z0-9_:]*`: what may stand unquoted as a metric name in an expression.
pub fn is_legacy_metric_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b':')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// True for a valid label name in the UTF-8 scheme: any text but the empty one.
pub fn is_label_name(name: &str) -> bool {
    !name.is_empty()
}

/// Which label and metric names are valid: `metric_name_validation_scheme`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameValidationScheme {
    /// Any text but the empty one.
    #[default]
    Utf8,
    /// The names of Prometheus 2: `[a-zA-Z_][a-zA-Z0-9_]*`, in metric names also colons.
    Legacy,
}

impl NameValidationScheme {
    /// The scheme as a configuration names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Legacy => "legacy",
        }
    }

    /// True if `name` may name a label.
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            Self::Utf8 => is_label_name(name),
            Self::Legacy => is_legacy_label_name(name),
        }
    }

    /// True if `name` may name a metric.
    pub fn is_metric_name(self, name: &str) -> bool {
        match self {
            Self::Utf8 => !name.is_empty(),
            Self::Legacy => is_legacy_metric_name(name),
        }
    }
}
