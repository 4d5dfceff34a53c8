//! The nouns of the field, as types that cannot be wrong.
//!
//! Everything that Narthex says about monitoring is said in these words: a [`Labels`] set names a
//! series, a [`Matcher`] selects some of them, a [`TargetGroup`] is what discovery found, a
//! [`MetricFamily`] is what an exporter says. Times are milliseconds since the Unix epoch in `i64`,
//! as on disk and on the wire.
//!
//! ```
//! use model::{Labels, MatchOp, Matcher};
//! let labels = Labels::from_pairs([("__name__", "up"), ("job", "node")]);
//! let matcher = Matcher::new("job", MatchOp::Regex, "n.*").unwrap();
//! assert!(matcher.matches(labels.get("job").unwrap_or_default()));
//! assert_eq!(labels.to_string(), r#"up{job="node"}"#);
//! ```
//!
//! **Must not know:** the time of day, files, async, or any file format beyond serde derives.

pub mod alert;
pub mod annotations;
pub mod date;
pub mod duration;
pub mod elementary;
pub mod exemplar;
pub mod family;
pub mod histogram;
pub mod label;
pub mod labels;
pub mod matcher;
pub mod metadata;
pub mod metric;
pub mod number;
pub mod quote;
pub mod relabel;
pub mod series;
pub mod spelling;
pub mod target_group;
pub mod timestamp;
pub mod value;

pub use alert::Alert;
pub use annotations::Annotations;
pub use exemplar::{Exemplar, SeriesExemplars};
pub use family::{Metric, MetricExemplar, MetricFamily, MetricValue};
pub use histogram::{Buckets, CounterResetHint, Histogram, Span};
pub use labels::{Labels, LabelsBuilder};
pub use matcher::{MatchOp, Matcher};
pub use metadata::Metadata;
pub use metric::MetricType;
pub use relabel::{RelabelRule, RelabelSpec};
pub use series::{Fingerprint, SeriesRef};
pub use target_group::{TargetGroup, TargetGroups};
pub use timestamp::TimeRange;
