//! What the surface shows and asks: handles to the components behind it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use exposition::Collector;
use host::Clock;
use host::pool::Pool;
use promql::parser::ParseOptions;
use promql::{Engine, Interrupt, QueryError};
use storage::Queryable;
use tokio::sync::Semaphore;

use crate::lifecycle::Lifecycle;
use crate::response::{ApiError, ErrorKind};

/// Handles to everything that the HTTP surface shows. Clones are the same.
#[derive(Clone)]
pub struct Services {
    parts: Arc<Parts>,
    permits: Arc<Semaphore>,
}

/// What [`Services`] is made of.
pub struct Parts {
    /// Evaluates expressions.
    pub engine: Engine,
    /// Answers the engine's selections and questions about labels.
    pub storage: Arc<tsdb::Db>,
    /// Threads for evaluation and index work, apart from scraping.
    pub query_pool: Arc<Pool>,
    /// A thread for pages of metrics, so that they are answered however many queries wait.
    pub metrics_pool: Arc<Pool>,
    /// Bounds on evaluation.
    pub query_limits: QueryLimits,
    /// What is being scraped.
    pub targets: scrape::ManagerHandle,
    /// Metrics of the process itself.
    pub metrics: Arc<dyn Collector>,
    /// Reload, end, readiness.
    pub lifecycle: Lifecycle,
    /// The effective configuration, as YAML; replaced at every reload.
    pub configuration: Arc<RwLock<ConfigurationState>>,
    /// What does not change while the process lives.
    pub facts: Facts,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Bounds on evaluation, from flags.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// Queries that are evaluated at once; others wait.
    pub max_concurrency: usize,
    /// Longest evaluation, waiting included.
    pub timeout: Duration,
}

/// The configuration in force.
#[derive(Clone, Debug, Default)]
pub struct ConfigurationState {
    /// Effective configuration as YAML.
    pub yaml: String,
    /// True if the last reload was taken.
    pub reload_success: bool,
    /// When the configuration in force was taken, in milliseconds since the Unix epoch.
    pub loaded_millis: i64,
}

/// What does not change while the process lives.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Version of the interface that we match, and ours.
    pub version: String,
    /// The commit that was built, empty if unknown.
    pub revision: String,
    /// Start of the process, in milliseconds since the Unix epoch.
    pub start_millis: i64,
    /// Folder that the process was started in.
    pub working_directory: PathBuf,
    /// Name of the machine.
    pub hostname: String,
    /// Flags with their values, by name.
    pub flags: Vec<(String, String)>,
    /// How long samples are kept, as text.
    pub retention: String,
    /// CPUs that the process may use.
    pub cpus: usize,
    /// Bytes of memory that the process may use.
    pub memory_limit: u64,
    /// The view that `/` leads to.
    pub home: Home,
}

/// The view that `/` leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// *This machine*
    Machine,
    /// *Query*
    Query,
}

impl Home {
    /// The view's path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Machine => "/machine",
            Self::Query => "/query",
        }
    }
}

impl Services {
    /// Handles to these parts.
    pub fn new(parts: Parts) -> Self {
        let permits = Arc::new(Semaphore::new(parts.query_limits.max_concurrency.max(1)));
        Self {
            parts: Arc::new(parts),
            permits,
        }
    }

    /// Takes over what a configuration says about queries: subqueries that do not say their step
    /// have one each interval in which rules are evaluated.
    pub fn follow_evaluation_interval(&self, interval: Duration) {
        self.parts.engine.set_no_step_subquery_interval(interval);
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.parts.lifecycle
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.parts.facts
    }

    pub(crate) fn targets(&self) -> &scrape::ManagerHandle {
        &self.parts.targets
    }

    pub(crate) fn database(&self) -> &tsdb::Db {
        &self.parts.storage
    }

    pub(crate) fn storage(&self) -> Arc<dyn Queryable> {
        Arc::clone(&self.parts.storage) as Arc<dyn Queryable>
    }

    /// What expressions may use.
    pub(crate) fn parse_options(&self) -> &ParseOptions {
        &self.parts.engine.options().parse
    }

    pub(crate) fn metrics_pool(&self) -> &Pool {
        &self.parts.metrics_pool
    }

    pub(crate) fn metrics(&self) -> Arc<dyn Collector> {
        Arc::clone(&self.parts.metrics)
    }

    pub(crate) fn configuration(&self) -> ConfigurationState {
        self.parts
            .configuration
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn now_millis(&self) -> i64 {
        self.parts.clock.now_millis()
    }

    /// Runs index work on the query threads. The place that it takes among the concurrent queries
    /// is free again when the work ends, also where the asker does not wait for that.
    pub(crate) async fn run_query<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| ending())?;
        let placed = move || {
            let _permit = permit;
            work()
        };
        self.parts.query_pool.run(placed).await.map_err(panicked)
    }

    /// Evaluates on the query threads. The evaluation ends when its time is over, and when the
    /// asker goes away, which drops this future.
    pub(crate) async fn evaluate<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl FnOnce(&Engine, &dyn Queryable, Interrupt) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Evaluated<T>, ApiError> {
        let longest = self.parts.query_limits.timeout;
        let timeout = timeout.map_or(longest, |timeout| timeout.min(longest));
        if timeout.is_zero() {
            return Err(QueryError::Timeout.into());
        }
        let asked = self.parts.clock.monotonic();
        let cancel = CancelOnDrop {
            interrupt: Interrupt::new(),
        };
        let interrupt = cancel.interrupt.clone();
        let parts = Arc::clone(&self.parts);
        let run = self.run_query(move || {
            let began = parts.clock.monotonic();
            let value = work(&parts.engine, &*parts.storage, interrupt)?;
            Ok::<_, QueryError>(Evaluated {
                value,
                queue_time: began.saturating_sub(asked),
                evaluation_time: parts.clock.monotonic().saturating_sub(began),
            })
        });
        match tokio::time::timeout(timeout, run).await {
            Ok(outcome) => Ok(outcome??),
            Err(_) => {
                cancel.interrupt.time_out();
                Err(QueryError::Timeout.into())
            }
        }
    }
}

/// What an evaluation came to, and how long it took.
#[derive(Debug)]
pub(crate) struct Evaluated<T> {
    pub(crate) value: T,
    /// From the question to the start of the evaluation.
    pub(crate) queue_time: Duration,
    /// From there to its end.
    pub(crate) evaluation_time: Duration,
}

fn ending() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "the process is ending")
}

fn panicked(error: host::pool::Panicked) -> ApiError {
    ApiError::new(ErrorKind::Internal, error.to_string())
}

/// Cancels an evaluation whose asker went away; after its end this does nothing.
struct CancelOnDrop {
    interrupt: Interrupt,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.interrupt.cancel();
    }
}
