//! The engine: parses, prepares and evaluates queries against a store that is passed in.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};
use storage::Queryable;

use crate::eval;
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
    pool: Option<ThreadPool>,
}

impl Engine {
    /// An engine, with its threads started if it is to have any.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let pool = match options.threads {
            0 | 1 => None,
            threads => Some(
                ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|index| format!("query-{index}"))
                    .build()?,
            ),
        };
        let interval = AtomicU64::new(milliseconds(options.no_step_subquery_interval));
        Ok(Self {
            options,
            no_step_subquery_interval: interval,
            pool,
        })
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

    pub(crate) fn pool(&self) -> Option<&ThreadPool> {
        self.pool.as_ref()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
