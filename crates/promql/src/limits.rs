//! What ends a query before its result is there: an outside signal, or too many samples in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::query::QueryError;

/// A flag that whoever started the query raises: on timeout, or when nobody waits any more. The
/// query looks at it every few dozen series and ends with the matching error.
///
/// Clones share the flag. The first signal wins.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    state: Arc<AtomicU8>,
}

impl Interrupt {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// The query's time is over: it ends with [`QueryError::Timeout`].
    pub fn time_out(&self) {
        self.raise(TIMED_OUT);
    }

    /// Nobody wants the result any more: the query ends with [`QueryError::Canceled`].
    pub fn cancel(&self) {
        self.raise(CANCELED);
    }

    /// The error to end with, if the flag is raised.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        match self.state.load(Ordering::Relaxed) {
            RUNNING => Ok(()),
            TIMED_OUT => Err(QueryError::Timeout),
            _ => Err(QueryError::Canceled),
        }
    }

    fn raise(&self, signal: u8) {
        // A lost exchange means that another signal came first, which then stands.
        let _ = self
            .state
            .compare_exchange(RUNNING, signal, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Counts the samples that a query holds in memory at one time, over all of its threads.
#[derive(Debug)]
pub(crate) struct Budget {
    held: AtomicUsize,
    peak: AtomicUsize,
    limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            limit,
        }
    }

    /// Accounts for `samples` more.
    pub(crate) fn take(&self, samples: usize) -> Result<(), QueryError> {
        let held = self.held.fetch_add(samples, Ordering::Relaxed) + samples;
        self.peak.fetch_max(held, Ordering::Relaxed);
        if held > self.limit {
            return Err(QueryError::TooManySamples);
        }
        Ok(())
    }

    /// Accounts for `samples` less.
    pub(crate) fn give_back(&self, samples: usize) {
        self.held.fetch_sub(samples, Ordering::Relaxed);
    }

    /// The most that was held at one time.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }
}

/// Samples that are accounted for until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    budget: &'a Budget,
    samples: usize,
}

impl<'a> Lease<'a> {
    /// A lease on nothing yet.
    pub(crate) fn new(budget: &'a Budget) -> Self {
        Self { budget, samples: 0 }
    }

    /// Accounts for `samples` more.
    pub(crate) fn grow(&mut self, samples: usize) -> Result<(), QueryError> {
        self.samples += samples;
        self.budget.take(samples)
    }

    /// What it accounts for.
    pub(crate) fn size(&self) -> usize {
        self.samples
    }

    /// Accounts for it as long as the query runs.
    pub(crate) fn hold_to_the_end(mut self) {
        self.samples = 0;
    }

    /// Accounts from now on for what `other` did.
    pub(crate) fn absorb(&mut self, mut other: Lease<'a>) {
        self.samples += std::mem::take(&mut other.samples);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.samples);
    }
}

const RUNNING: u8 = 0;
const TIMED_OUT: u8 = 1;
const CANCELED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_stands() {
        let interrupt = Interrupt::new();
        assert!(interrupt.check().is_ok());
        interrupt.time_out();
        interrupt.clone().cancel();
        assert!(matches!(interrupt.check(), Err(QueryError::Timeout)));
    }

    #[test]
    fn a_budget_refuses_what_is_over_its_limit_and_keeps_the_peak() {
        let budget = Budget::new(10);
        assert!(budget.take(8).is_ok());
        budget.give_back(5);
        assert!(budget.take(7).is_ok());
        assert!(matches!(budget.take(1), Err(QueryError::TooManySamples)));
        assert_eq!(budget.peak(), 11);
    }
}
