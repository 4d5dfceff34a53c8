//! Selected series, and the columns that one of them is decoded into.

use model::{Annotations, Labels};

use crate::select::SelectError;

/// The series that a selection found: an indexed list, shared by the threads that read it.
pub trait SeriesSet: Send + Sync {
    /// Number of series.
    fn len(&self) -> usize;

    /// True if nothing was found.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Labels of the series at `index`, reduced as the hints allowed.
    fn labels(&self, index: usize) -> Labels;

    /// Decodes all samples of the series at `index` inside the selected range, in rising order of
    /// time, stale markers included, into `buffer`, which is cleared first.
    ///
    /// # Errors
    /// Stored bytes cannot be read or are damaged.
    fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), SelectError>;

    /// What the reader should be told beside the data (a missing range, a damaged block).
    fn annotations(&self) -> Annotations {
        Annotations::default()
    }
}

/// Samples of one series as two columns of equal length, in rising order of time.
#[derive(Clone, Debug, Default)]
pub struct SampleBuffer {
    timestamps: Vec<i64>,
    values: Vec<f64>,
}

impl SampleBuffer {
    /// Forgets the samples and keeps the memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
    }

    /// Adds a sample later than the last one.
    #[inline]
    pub fn push(&mut self, timestamp: i64, value: f64) {
        debug_assert!(self.timestamps.last().is_none_or(|&last| last < timestamp));
        self.timestamps.push(timestamp);
        self.values.push(value);
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// Times in milliseconds since the Unix epoch.
    pub fn timestamps(&self) -> &[i64] {
        &self.timestamps
    }

    /// Values, stale markers included.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Both columns at once, to append to directly; they must stay equal in length.
    pub fn columns_mut(&mut self) -> (&mut Vec<i64>, &mut Vec<f64>) {
        (&mut self.timestamps, &mut self.values)
    }
}
