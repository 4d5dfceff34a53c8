//! What a target says about a metric beside its samples.

use crate::MetricType;

/// Type, help text and unit of a metric name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// The kind of metric.
    pub metric_type: MetricType,
    /// Help text, unescaped.
    pub help: String,
    /// Unit, empty if not said.
    pub unit: String,
}
