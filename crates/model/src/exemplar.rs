//! An example of what a series counted, mostly with the trace that it belongs to.

use crate::Labels;

/// One observation behind a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// What identifies the observation, such as a trace.
    pub labels: Labels,
    /// The value observed.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// False if the exemplar brought no time of its own and has that of the sample beside it. Such
    /// a one is the same as the one before if labels and value are, whatever the time.
    pub has_timestamp: bool,
}

impl Exemplar {
    /// Characters that names and values of an exemplar's labels may have together. Source:
    /// OpenMetrics 1.0.
    pub const MAX_LABEL_CHARACTERS: usize = 128;
}

/// Exemplars of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesExemplars {
    /// The series' labels.
    pub labels: Labels,
    /// Its exemplars, in order of time.
    pub exemplars: Vec<Exemplar>,
}
