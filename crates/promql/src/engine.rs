//! The engine: parses, prepares and evaluates queries against a store that is passed in.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};
use storage::Queryable;

use crate::eval;
use crate::limits::{Memory, Usage};
use crate::parser::ParseOptions;
use crate::query::{InstantQuery, QueryError, QueryResult, RangeQuery};

/// Settings of an engine. Defaults are upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// How far an instant selector looks back for a sample.
    pub lookback_delta: Duration,
    /// How long a query may take. The engine has no clock: whoever calls it raises the query's
    /// [`Interrupt`](crate::limits::Interrupt) after this time.
    pub timeout: Duration,
    /// Samples that one query may hold in memory at one time.
    pub max_samples: usize,
    /// Bytes that one query may hold at one time; 0: as many as it likes.
    pub max_memory: u64,
    /// Bytes that all queries together may hold at one time; 0: as many as they like.
    pub max_memory_together: u64,
    /// True if queries may ask for the samples of each step
    /// (`--enable-feature=promql-per-step-stats`).
    pub per_step_statistics: bool,
    /// Distance of a subquery's steps where it does not say one, at first.
    pub no_step_subquery_interval: Duration,
    /// True if metric names are removed at the end of a query instead of by each function
    /// (`--enable-feature=promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// What expressions may use.
    pub parse: ParseOptions,
    /// True if the start timestamps of samples are looked at
    /// (`--enable-feature=use-start-timestamps`).
    pub use_start_timestamps: bool,
    /// True if labels say the type of a metric, so that nobody guesses it from the name
    /// (`--enable-feature=type-and-unit-labels`).
    pub type_and_unit_labels: bool,
    /// Threads that share the series of a query, the engine's own; 0 or 1: the caller's thread
    /// does all.
    pub threads: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lookback_delta: Duration::from_secs(5 * 60),
            timeout: Duration::from_secs(2 * 60),
            max_samples: 50_000_000,
            max_memory: 0,
            max_memory_together: 0,
            per_step_statistics: false,
            no_step_subquery_interval: Duration::from_secs(60),
            delayed_name_removal: false,
            use_start_timestamps: false,
            type_and_unit_labels: false,
            parse: ParseOptions::default(),
            threads: 0,
        }
    }
}

/// The engine's threads could not be started.
#[derive(Debug, thiserror::Error)]
#[error("starting query threads: {0}")]
pub struct EngineError(#[from] rayon::ThreadPoolBuildError);

/// Evaluates queries; shared by all who ask.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    /// In milliseconds; the one setting that changes while the engine lives.
    no_step_subquery_interval: AtomicU64,
    workers: Option<Workers>,
    memory: Arc<Memory>,
    clock: Option<Clock>,
}

/// Tells the time since any fixed moment, for the timings of statistics.
struct Clock(Box<dyn Fn() -> Duration + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The engine's threads. One query has them at a time: others go on in their callers' threads, so
/// that a short query never stands behind a long one.
#[derive(Debug)]
struct Workers {
    pool: ThreadPool,
    taken: AtomicBool,
}

/// The engine's threads, until this is dropped.
#[derive(Debug)]
pub(crate) struct Hold<'a> {
    workers: &'a Workers,
}

impl Hold<'_> {
    pub(crate) fn pool(&self) -> &ThreadPool {
        &self.workers.pool
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.workers.taken.store(false, Ordering::Release);
    }
}

impl Engine {
    /// An engine, with its threads started if it is to have any.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let workers = match options.threads {
            0 | 1 => None,
            threads => Some(Workers {
                pool: ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|index| format!("shard-{index}"))
                    .build()?,
                taken: AtomicBool::new(false),
            }),
        };
        let memory = Memory::new(options.max_memory, options.max_memory_together);
        let interval = AtomicU64::new(milliseconds(options.no_step_subquery_interval));
        Ok(Self {
            options,
            no_step_subquery_interval: interval,
            workers,
            memory: Arc::new(memory),
            clock: None,
        })
    }

    /// The same with a clock, so that statistics have timings. It tells the time since any fixed
    /// moment.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Some(Clock(Box::new(clock)));
        self
    }

    /// An account for one query, to look on while it runs.
    pub fn usage(&self) -> Usage {
        Usage::of(Arc::clone(&self.memory))
    }

    /// The settings.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Distance of a subquery's steps where it does not say one, now.
    pub fn no_step_subquery_interval(&self) -> Duration {
        Duration::from_millis(self.no_step_subquery_interval.load(Ordering::Relaxed))
    }

    /// Changes that distance for queries to come: it follows the configuration.
    pub fn set_no_step_subquery_interval(&self, interval: Duration) {
        let interval = milliseconds(interval);
        self.no_step_subquery_interval
            .store(interval, Ordering::Relaxed);
    }

    /// Evaluates an expression at one time.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn instant(
        &self,
        store: &dyn Queryable,
        query: &InstantQuery<'_>,
    ) -> Result<QueryResult, QueryError> {
        eval::instant(self, store, query)
    }

    /// Evaluates an expression at each step of a range.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn range(
        &self,
        store: &dyn Queryable,
        query: &RangeQuery<'_>,
    ) -> Result<QueryResult, QueryError> {
        eval::range(self, store, query)
    }

    /// How many threads share a query's series.
    pub(crate) fn threads(&self) -> usize {
        let workers = self.workers.as_ref();
        workers.map_or(1, |workers| workers.pool.current_num_threads())
    }

    /// The threads, if there are any and no query has them.
    pub(crate) fn hold_threads(&self) -> Option<Hold<'_>> {
        let workers = self.workers.as_ref()?;
        let taken = workers.taken.swap(true, Ordering::Acquire);
        (!taken).then_some(Hold { workers })
    }

    /// The time since a fixed moment; zero in an engine without a clock.
    pub(crate) fn now(&self) -> Duration {
        let clock = self.clock.as_ref();
        clock.map_or(Duration::ZERO, |clock| (clock.0)())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
