//! A metric family: what an exporter says under one name, before it is encoded.

use std::borrow::Cow;

use crate::{Histogram, MetricType};

/// Text that is mostly constant in exporters.
pub type Text = Cow<'static, str>;

/// All metrics of one name, with their type and help text.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    /// Name without `_bucket`, `_sum`, `_count`; with `_total` for counters.
    pub name: Text,
    /// Help text, unescaped.
    pub help: Text,
    /// Kind of all metrics inside.
    pub metric_type: MetricType,
    /// In what the values are measured; empty if not said. Part of the name's end.
    pub unit: Text,
    /// The metrics, each with another label set.
    pub metrics: Vec<Metric>,
}

/// One label set of a family with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Label names and values; no `__name__`. The encoder sorts nothing: the order here is printed.
    pub labels: Vec<(Text, Text)>,
    /// The value or values.
    pub value: MetricValue,
    /// Explicit timestamp in milliseconds; exporters of present state have none.
    pub timestamp: Option<i64>,
    /// Since when the metric counts, in milliseconds since the Unix epoch, if that is said.
    pub created: Option<i64>,
    /// Examples of what was counted.
    pub exemplars: Vec<MetricExemplar>,
}

/// An example of what a metric counted.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricExemplar {
    /// The upper bound of the bucket that counted it; None for counters and native histograms.
    pub bucket: Option<f64>,
    /// What identifies the observation.
    pub labels: Vec<(Text, Text)>,
    /// The value observed.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

/// Values of a metric by the shape that they have when exposed.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// Counter, gauge or untyped: one number.
    Number(f64),
    /// Cumulative buckets as (upper bound, count), ascending, without or with `+Inf`.
    Histogram {
        /// (upper bound, cumulative count), ascending.
        buckets: Vec<(f64, f64)>,
        /// Sum of observations.
        sum: f64,
        /// Number of observations; printed as the `+Inf` bucket and as `_count`.
        count: f64,
    },
    /// A native histogram, and the classic buckets that may stand beside it.
    NativeHistogram {
        /// The histogram.
        histogram: Box<Histogram>,
        /// (upper bound, cumulative count), ascending; empty if there is no classic part.
        buckets: Vec<(f64, f64)>,
    },
    /// Quantiles as (quantile, value), ascending.
    Summary {
        /// (quantile, value), ascending.
        quantiles: Vec<(f64, f64)>,
        /// Sum of observations.
        sum: f64,
        /// Number of observations.
        count: f64,
    },
}

impl MetricFamily {
    /// An empty family.
    pub fn new(name: impl Into<Text>, help: impl Into<Text>, metric_type: MetricType) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            metric_type,
            unit: Text::default(),
            metrics: Vec::new(),
        }
    }

    /// A family of one counter without labels.
    pub fn counter(name: impl Into<Text>, help: impl Into<Text>, value: f64) -> Self {
        Self::new(name, help, MetricType::Counter).with(Vec::new(), value)
    }

    /// A family of one gauge without labels.
    pub fn gauge(name: impl Into<Text>, help: impl Into<Text>, value: f64) -> Self {
        Self::new(name, help, MetricType::Gauge).with(Vec::new(), value)
    }

    /// Adds a number under these labels and returns the family.
    #[must_use]
    pub fn with(mut self, labels: Vec<(Text, Text)>, value: f64) -> Self {
        self.push(labels, value);
        self
    }

    /// Adds a number under these labels.
    pub fn push(&mut self, labels: Vec<(Text, Text)>, value: f64) {
        let value = MetricValue::Number(value);
        self.metrics.push(Metric::new(labels, value));
    }
}

impl Metric {
    /// A metric of the present, of which nothing else is said.
    pub fn new(labels: Vec<(Text, Text)>, value: MetricValue) -> Self {
        Self {
            labels,
            value,
            timestamp: None,
            created: None,
            exemplars: Vec::new(),
        }
    }
}
