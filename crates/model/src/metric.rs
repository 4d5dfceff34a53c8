//! Metric types, under their exposition names.

use std::fmt;

/// What kind of metric a family is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// Only rises, but for resets.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Cumulative buckets with `_sum` and `_count`.
    Histogram,
    /// Buckets of a state, not of observations (OpenMetrics).
    GaugeHistogram,
    /// Quantiles with `_sum` and `_count`.
    Summary,
    /// Constant text in labels (OpenMetrics).
    Info,
    /// One of several states is 1 (OpenMetrics).
    StateSet,
    /// Not said. The text format prints `untyped`, everything else `unknown`.
    #[default]
    Unknown,
}

impl MetricType {
    /// The word that Prometheus' API and OpenMetrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word of a `# TYPE` line of either text format.
    pub fn parse(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"counter" => Self::Counter,
            b"gauge" => Self::Gauge,
            b"histogram" => Self::Histogram,
            b"gaugehistogram" => Self::GaugeHistogram,
            b"summary" => Self::Summary,
            b"info" => Self::Info,
            b"stateset" => Self::StateSet,
            b"unknown" | b"untyped" => Self::Unknown,
            _ => return None,
        })
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
