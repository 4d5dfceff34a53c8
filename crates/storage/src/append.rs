//! Appending: one struct a sample, one commit a batch.

use std::io;
use std::sync::Arc;

use model::histogram::HistogramError;
use model::{Histogram, Labels, Metadata, SeriesRef};

use crate::exemplar::{AppendExemplar, ExemplarError};
use crate::room::{NewSeries, RoomError};

/// One sample for one series, with what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// What an earlier append of this series returned. Looked at first: with a reference that the
    /// store still knows, the labels are not read.
    pub series: Option<SeriesRef>,
    /// The series' labels, `__name__` included.
    pub labels: &'a Labels,
    /// Milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// Since when the series has counted: milliseconds since the Unix epoch, 0 if nobody knows.
    pub start_timestamp: i64,
    /// The value; the float [`model::value::STALE`] ends the series, whatever it holds.
    pub value: AppendValue<'a>,
    /// Type, help and unit, when the appender learned or changed them since the last append.
    pub metadata: Option<&'a Metadata>,
    /// Whether the series may be begun, if it is not there.
    pub new_series: NewSeries,
}

/// What a sample holds.
#[derive(Clone, Copy, Debug)]
pub enum AppendValue<'a> {
    /// A number.
    Float(f64),
    /// A native histogram.
    Histogram(&'a Arc<Histogram>),
}

impl From<f64> for AppendValue<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<'a> From<&'a Arc<Histogram>> for AppendValue<'a> {
    fn from(histogram: &'a Arc<Histogram>) -> Self {
        Self::Histogram(histogram)
    }
}

impl<'a> Append<'a> {
    /// A sample of a series that is known by its labels only.
    pub fn new(labels: &'a Labels, timestamp: i64, value: impl Into<AppendValue<'a>>) -> Self {
        Self {
            series: None,
            labels,
            timestamp,
            start_timestamp: 0,
            value: value.into(),
            metadata: None,
            new_series: NewSeries::Allowed,
        }
    }

    /// The same sample of a series that has counted since `start_timestamp`.
    #[must_use]
    pub const fn with_start(mut self, start_timestamp: i64) -> Self {
        self.start_timestamp = start_timestamp;
        self
    }

    /// The same sample; whether its series may be begun is said otherwise.
    #[must_use]
    pub const fn with_new_series(mut self, new_series: NewSeries) -> Self {
        self.new_series = new_series;
        self
    }

    /// The same sample, with the reference of an earlier append.
    #[must_use]
    pub const fn with_series(mut self, series: SeriesRef) -> Self {
        self.series = Some(series);
        self
    }
}

/// Something that takes samples.
pub trait Appendable: Send + Sync {
    /// Begins a batch. Batches are independent; a dropped one is rolled back.
    fn appender(&self) -> Box<dyn Appender + '_>;
}

/// A batch of samples on its way in.
pub trait Appender: Send {
    /// Adds a sample. Nothing is visible to readers before the commit.
    ///
    /// # Errors
    /// This sample is refused; the batch goes on and the others stand.
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError>;

    /// Adds numbers, all of one time, to series that the store knows: as one append of each, without
    /// labels, would. Of those that are refused, `refused` gets the place and the reason.
    fn append_floats(
        &mut self,
        timestamp: i64,
        samples: &[(SeriesRef, f64)],
        refused: &mut Vec<(usize, AppendError)>,
    ) {
        for (place, &(series, value)) in samples.iter().enumerate() {
            let append = Append::new(&NO_LABELS, timestamp, value).with_series(series);
            if let Err(error) = self.append(append) {
                refused.push((place, error));
            }
        }
    }

    /// False if exemplars are forgotten anyway, so that none need be brought.
    fn keeps_exemplars(&self) -> bool {
        false
    }

    /// Adds an exemplar of a series that the store, or this batch, has. A store that keeps none
    /// takes it and forgets it; so does one that has the same exemplar already.
    ///
    /// # Errors
    /// This exemplar is refused; the batch goes on.
    fn append_exemplar(&mut self, append: AppendExemplar<'_>) -> Result<(), ExemplarError> {
        let _ = append;
        Ok(())
    }

    /// Series that were not there before and that this batch has begun.
    fn new_series(&self) -> usize {
        0
    }

    /// Makes the batch visible, and durable as far as the store promises for what nobody is told of.
    ///
    /// # Errors
    /// Nothing of the batch is kept.
    fn commit(self: Box<Self>) -> Result<Commit, AppendError>;

    /// Makes the batch visible, and so durable that it may be acknowledged to whoever sent it.
    ///
    /// # Errors
    /// It may not be acknowledged. Parts of it may be kept; sending them again does no harm.
    fn commit_durably(self: Box<Self>) -> Result<Commit, AppendError> {
        self.commit()
    }

    /// Forgets the batch. Series that it created may remain, without samples.
    fn rollback(self: Box<Self>);
}

/// Stands for the labels of a series that the store knows by number.
static NO_LABELS: Labels = Labels::empty();

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Samples that are now visible.
    pub samples: usize,
    /// Samples that a concurrent batch made out of order or duplicate since their append.
    pub dropped: usize,
}

/// Why a sample or a batch was refused.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The series has a later sample; appending again changes nothing.
    #[error("out of order sample")]
    OutOfOrder,
    /// The series has another value at this time.
    #[error("duplicate sample for timestamp")]
    DuplicateTimestamp,
    /// The sample is older than everything that the store still accepts.
    #[error("out of bounds")]
    OutOfBounds,
    /// The sample is out of order, and further behind than the store takes such samples.
    #[error("too old sample")]
    TooOld,
    /// The native histogram contradicts itself.
    #[error("{0}")]
    InvalidHistogram(#[from] HistogramError),
    /// The label set is empty or has no valid form.
    #[error("invalid labels: {0}")]
    InvalidLabels(String),
    /// There is no room for a new series; existing ones go on.
    #[error(transparent)]
    TooManySeries(#[from] RoomError),
    /// The store takes nothing now (closed, read-only or full disk); a later try may succeed.
    #[error("storage is not writable: {0}")]
    ReadOnly(String),
    /// Writing failed; a later try may succeed.
    #[error("writing {path}: {source}")]
    Io {
        /// What was written.
        path: String,
        /// Why it failed.
        source: io::Error,
    },
}
