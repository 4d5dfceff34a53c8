//! What ends a query before its result is there: an outside signal, too many samples, too much memory.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::query::QueryError;
use crate::statistics::{Counters, Statistics};

/// A flag that whoever started the query raises: on timeout, or when nobody waits any more. The
/// query looks at it every few dozen series and ends with the matching error.
///
/// Clones share the flag. The first signal wins.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    shared: Arc<Signal>,
}

#[derive(Debug, Default)]
struct Signal {
    state: AtomicU8,
    /// Who ended the query, set before the state says that somebody did.
    ended_by: OnceLock<String>,
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

    /// Somebody ends the query on purpose: it ends with [`QueryError::Ended`], which says who.
    pub fn end(&self, by: impl Into<String>) {
        // Somebody may have been faster, who then stands.
        drop(self.shared.ended_by.set(by.into()));
        self.raise(ENDED);
    }

    /// The error to end with, if the flag is raised.
    ///
    /// # Errors
    /// That error.
    pub fn check(&self) -> Result<(), QueryError> {
        match self.shared.state.load(Ordering::Acquire) {
            RUNNING => Ok(()),
            TIMED_OUT => Err(QueryError::Timeout),
            ENDED => {
                let by = self.shared.ended_by.get().cloned().unwrap_or_default();
                Err(QueryError::Ended { by })
            }
            _ => Err(QueryError::Canceled),
        }
    }

    fn raise(&self, signal: u8) {
        // A lost exchange means that another signal came first, which then stands.
        let _ = self.shared.state.compare_exchange(
            RUNNING,
            signal,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }
}

/// Bytes that all queries of an engine hold together, and how many they and one of them may.
#[derive(Debug)]
pub(crate) struct Memory {
    held: AtomicU64,
    limit_of_one: u64,
    limit_of_all: u64,
}

impl Memory {
    /// Limits of 0 are none.
    pub(crate) fn new(limit_of_one: u64, limit_of_all: u64) -> Self {
        let or_none = |limit| if limit == 0 { u64::MAX } else { limit };
        Self {
            held: AtomicU64::new(0),
            limit_of_one: or_none(limit_of_one),
            limit_of_all: or_none(limit_of_all),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

/// What a query uses: bytes that it holds and samples that it has read. Whoever started it may look
/// on while it runs, and may account for what it makes of the result; the account is closed when
/// the last clone is dropped.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    account: Arc<Account>,
}

#[derive(Debug, Default)]
struct Account {
    memory: Arc<Memory>,
    held: AtomicU64,
    peak: AtomicU64,
    counters: Counters,
}

impl Usage {
    /// An account whose limits are those of `memory`.
    pub(crate) fn of(memory: Arc<Memory>) -> Self {
        let account = Account {
            memory,
            held: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            counters: Counters::default(),
        };
        Self {
            account: Arc::new(account),
        }
    }

    /// Bytes that the query holds now.
    pub fn bytes(&self) -> u64 {
        self.account.held.load(Ordering::Relaxed)
    }

    /// The most bytes that it held at one time.
    pub fn peak_bytes(&self) -> u64 {
        self.account.peak.load(Ordering::Relaxed)
    }

    /// What it has read so far.
    pub fn statistics(&self) -> Statistics {
        self.account.counters.so_far()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.account.counters
    }

    /// Accounts for `bytes` more, until the account is closed or they are given back.
    ///
    /// # Errors
    /// The query, or all together, would hold more than they may.
    pub fn take(&self, bytes: u64) -> Result<(), QueryError> {
        let (account, memory) = (&*self.account, &*self.account.memory);
        let held = account.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let together = memory.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        account.peak.fetch_max(held, Ordering::Relaxed);
        if held > memory.limit_of_one {
            return Err(QueryError::TooMuchMemory {
                limit: memory.limit_of_one,
            });
        }
        if together > memory.limit_of_all {
            return Err(QueryError::TooMuchMemoryTogether {
                limit: memory.limit_of_all,
            });
        }
        Ok(())
    }

    /// Accounts for `bytes` less.
    pub fn give_back(&self, bytes: u64) {
        self.account.held.fetch_sub(bytes, Ordering::Relaxed);
        let memory = &self.account.memory;
        memory.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let held = *self.held.get_mut();
        self.memory.held.fetch_sub(held, Ordering::Relaxed);
    }
}

/// Counts the samples that a query holds in memory at one time, over all of its threads, and tells
/// its account of the bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    held: AtomicUsize,
    peak: AtomicUsize,
    limit: usize,
    usage: Usage,
}

impl Budget {
    /// At most `limit` samples, and what `usage` may hold.
    pub(crate) fn new(limit: usize, usage: Usage) -> Self {
        Self {
            held: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            limit,
            usage,
        }
    }

    fn take(&self, samples: usize) -> Result<(), QueryError> {
        let held = self.held.fetch_add(samples, Ordering::Relaxed) + samples;
        self.peak.fetch_max(held, Ordering::Relaxed);
        if held > self.limit {
            return Err(QueryError::TooManySamples);
        }
        Ok(())
    }

    /// The most samples that were held at one time.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// The account of the bytes.
    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }
}

/// Samples and bytes that are accounted for until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    budget: &'a Budget,
    samples: usize,
    bytes: u64,
    /// Bytes that the account knows of: somewhat more, so that it is not told of each series.
    told: u64,
}

impl<'a> Lease<'a> {
    /// A lease on nothing yet.
    pub(crate) fn new(budget: &'a Budget) -> Self {
        Self {
            budget,
            samples: 0,
            bytes: 0,
            told: 0,
        }
    }

    /// Accounts for `samples` more, each a float in a column.
    pub(crate) fn grow(&mut self, samples: usize) -> Result<(), QueryError> {
        self.samples += samples;
        self.budget.take(samples)?;
        self.grow_bytes(samples.saturating_mul(size_of::<f64>()))
    }

    /// Accounts for `bytes` more that are no samples: labels, times, tables.
    pub(crate) fn grow_bytes(&mut self, bytes: usize) -> Result<(), QueryError> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes <= self.told {
            return Ok(());
        }
        let ahead = (self.bytes / SHARE_AHEAD).min(MOST_AHEAD);
        let more = self.bytes - self.told + ahead;
        self.told += more;
        self.budget.usage.take(more)
    }

    /// Accounts for `bytes` less.
    pub(crate) fn shrink_bytes(&mut self, bytes: usize) {
        let fewer = (bytes as u64).min(self.bytes);
        self.bytes -= fewer;
        self.told -= fewer;
        self.budget.usage.give_back(fewer);
    }

    /// Samples that it accounts for.
    pub(crate) fn size(&self) -> usize {
        self.samples
    }

    /// Bytes that it accounts for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Accounts for it as long as the query runs, for its bytes as long as the account is open.
    pub(crate) fn hold_to_the_end(mut self) {
        self.samples = 0;
        self.told = 0;
    }

    /// Accounts from now on for what `other` did.
    pub(crate) fn absorb(&mut self, mut other: Lease<'a>) {
        self.samples += std::mem::take(&mut other.samples);
        self.bytes += std::mem::take(&mut other.bytes);
        self.told += std::mem::take(&mut other.told);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.samples, Ordering::Relaxed);
        if self.told > 0 {
            self.budget.usage.give_back(self.told);
        }
    }
}

const RUNNING: u8 = 0;
const TIMED_OUT: u8 = 1;
const CANCELED: u8 = 2;
const ENDED: u8 = 3;

/// A lease takes this part of what it holds ahead of need.
const SHARE_AHEAD: u64 = 16;
/// A lease takes no more bytes than this ahead of need.
const MOST_AHEAD: u64 = 1 << 20;
