//! Exemplars on their way in: beside samples rather than part of them, for senders bring them
//! without a sample, and one that is refused refuses no sample.

use model::{Exemplar, Labels, SeriesRef};

/// One exemplar for one series.
#[derive(Clone, Copy, Debug)]
pub struct AppendExemplar<'a> {
    /// What an earlier append of a sample of this series returned. With a reference that the store
    /// still knows, the labels are not read.
    pub series: Option<SeriesRef>,
    /// The series' labels, `__name__` included.
    pub labels: &'a Labels,
    /// The exemplar.
    pub exemplar: &'a Exemplar,
}

/// Why an exemplar was refused. Sending it again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExemplarError {
    /// The series has a later exemplar.
    #[error("out of order exemplar")]
    OutOfOrder,
    /// Its labels are too long.
    #[error(
        "label length for exemplar exceeds maximum of {} UTF-8 characters",
        Exemplar::MAX_LABEL_CHARACTERS
    )]
    LabelLength,
    /// The store has no such series.
    #[error("unknown HeadSeriesRef when trying to add exemplar: {0}")]
    UnknownSeries(u64),
}
