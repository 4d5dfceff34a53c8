//! What a query cost, for the query log and the API's `stats`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// The same, but of what windows share, only what the one before had not. Upstream's
    /// `samplesRead`.
    pub samples_newly_looked_at: u64,
    /// The most samples that were in memory at one time. Upstream's `peakSamples`.
    pub peak_samples: u64,
    /// The most bytes that were accounted for at one time.
    pub peak_bytes: u64,
    /// Where its time went.
    pub timings: Timings,
}

/// Where the time of a query went; all zero in an engine without a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Reading the expression, planning, opening the store. Upstream's `queryPreparationTime`.
    pub preparation: Duration,
    /// Evaluating. Upstream's `innerEvalTime`.
    pub evaluation: Duration,
    /// Sorting the result. Upstream's `resultSortTime`.
    pub sorting: Duration,
}

/// Samples that each step looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerStep {
    /// As [`Statistics::samples_looked_at`]. Upstream's `totalQueryableSamplesPerStep`.
    pub looked_at: Vec<u64>,
    /// As [`Statistics::samples_newly_looked_at`]. Upstream's `samplesReadPerStep`.
    pub newly_looked_at: Vec<u64>,
}

impl PerStep {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            looked_at: vec![0; steps],
            newly_looked_at: vec![0; steps],
        }
    }

    /// Adds what `other` has at its steps, which are as many or fewer.
    pub(crate) fn add(&mut self, other: &Self) {
        let sum = |into: &mut Vec<u64>, from: &[u64]| {
            into.iter_mut()
                .zip(from)
                .for_each(|(into, from)| *into += from);
        };
        sum(&mut self.looked_at, &other.looked_at);
        sum(&mut self.newly_looked_at, &other.newly_looked_at);
    }

    /// Counts samples at a step.
    #[inline]
    pub(crate) fn count(&mut self, step: usize, looked_at: usize, newly: usize) {
        if let (Some(all), Some(new)) = (
            self.looked_at.get_mut(step),
            self.newly_looked_at.get_mut(step),
        ) {
            *all += looked_at as u64;
            *new += newly as u64;
        }
    }
}

impl Statistics {
    /// What has come to the counts since `earlier`, peaks and times left out.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            samples_read: self.samples_read - earlier.samples_read,
            series_read: self.series_read - earlier.series_read,
            samples_looked_at: self.samples_looked_at - earlier.samples_looked_at,
            samples_newly_looked_at: self.samples_newly_looked_at - earlier.samples_newly_looked_at,
            ..Self::default()
        }
    }
}

/// The same while they grow, shared by the threads of a query.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    samples_read: AtomicU64,
    series_read: AtomicU64,
    samples_looked_at: AtomicU64,
    samples_newly_looked_at: AtomicU64,
}

impl Counters {
    /// Adds what one thread counted since it last told.
    pub(crate) fn add(&self, part: &Statistics) {
        let pairs = [
            (&self.samples_read, part.samples_read),
            (&self.series_read, part.series_read),
            (&self.samples_looked_at, part.samples_looked_at),
            (&self.samples_newly_looked_at, part.samples_newly_looked_at),
        ];
        for (counter, more) in pairs {
            if more > 0 {
                counter.fetch_add(more, Ordering::Relaxed);
            }
        }
    }

    /// What has been counted so far, but for peaks and times.
    pub(crate) fn so_far(&self) -> Statistics {
        Statistics {
            samples_read: self.samples_read.load(Ordering::Relaxed),
            series_read: self.series_read.load(Ordering::Relaxed),
            samples_looked_at: self.samples_looked_at.load(Ordering::Relaxed),
            samples_newly_looked_at: self.samples_newly_looked_at.load(Ordering::Relaxed),
            ..Statistics::default()
        }
    }
}
