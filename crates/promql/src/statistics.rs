//! What a query cost, for the query log and the API's `stats`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Samples that the store handed out.
    pub samples_read: u64,
    /// Series that the store handed out.
    pub series_read: u64,
    /// Samples that all steps looked at: one that is inside the windows of three steps counts three
    /// times. Upstream's `totalQueryableSamples`.
    pub samples_looked_at: u64,
    /// The most samples that were in memory at one time. Upstream's `peakSamples`.
    pub peak_samples: u64,
}

impl Statistics {
    /// What has come to the counts since `earlier`, the peak left out.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            samples_read: self.samples_read - earlier.samples_read,
            series_read: self.series_read - earlier.series_read,
            samples_looked_at: self.samples_looked_at - earlier.samples_looked_at,
            peak_samples: 0,
        }
    }
}

/// The same while they grow, shared by the threads of a query.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    samples_read: AtomicU64,
    series_read: AtomicU64,
    samples_looked_at: AtomicU64,
}

impl Counters {
    /// Adds what one thread counted since it last told.
    pub(crate) fn add(&self, part: &Statistics) {
        self.samples_read
            .fetch_add(part.samples_read, Ordering::Relaxed);
        self.series_read
            .fetch_add(part.series_read, Ordering::Relaxed);
        self.samples_looked_at
            .fetch_add(part.samples_looked_at, Ordering::Relaxed);
    }

    /// What has been counted so far, but for the peak.
    pub(crate) fn so_far(&self) -> Statistics {
        self.finish(0)
    }

    pub(crate) fn finish(&self, peak_samples: usize) -> Statistics {
        Statistics {
            samples_read: self.samples_read.load(Ordering::Relaxed),
            series_read: self.series_read.load(Ordering::Relaxed),
            samples_looked_at: self.samples_looked_at.load(Ordering::Relaxed),
            peak_samples: peak_samples as u64,
        }
    }
}
