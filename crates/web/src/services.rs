//! What the surface shows and asks: handles to the components behind it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use exposition::{Collector, Registry};
use host::Clock;
use host::pool::Pool;
use promql::parser::ParseOptions;
use promql::{Engine, EngineOptions, Interrupt, QueryError, Usage};
use storage::{Appendable, Queryable};
use tokio::sync::Semaphore;

use crate::active_queries::ActiveQueries;
use crate::admission::{Admission, Client, Full};
use crate::instruments::Instruments;
use crate::lifecycle::Lifecycle;
use crate::queries::{Listed, Queries, Query};
use crate::response::{ApiError, ErrorKind};

/// Handles to everything that the HTTP surface shows. Clones are the same.
#[derive(Clone)]
pub struct Services {
    parts: Arc<Parts>,
    admission: Admission,
    queries: Queries,
    instruments: Arc<Instruments>,
    fetches: Arc<Semaphore>,
}

/// What [`Services`] is made of.
pub struct Parts {
    /// Evaluates expressions.
    pub engine: Arc<Engine>,
    /// Answers the engine's selections and questions about labels.
    pub storage: Arc<tsdb::Db>,
    /// Threads for evaluation and index work, apart from scraping: as many as queries are evaluated
    /// at once, so that the operating system shares the CPUs among them and a short query passes a
    /// long one.
    pub query_pool: Arc<Pool>,
    /// A thread for pages of metrics, so that they are answered however many queries wait.
    pub metrics_pool: Arc<Pool>,
    /// What receives remote write, if that is switched on.
    pub receiver: Option<Receiver>,
    /// A thread for changes to what is stored, if they may be asked over HTTP.
    pub admin_pool: Option<Arc<Pool>>,
    /// Bounds on evaluation.
    pub query_limits: QueryLimits,
    /// The file that names queries while they are evaluated, if there is one.
    pub active_queries: Option<ActiveQueries>,
    /// What is being scraped.
    pub targets: scrape::ManagerHandle,
    /// What finds targets for it.
    pub discovery: discovery::Handle,
    /// Rules and how they stand.
    pub rules: rules::ManagerHandle,
    /// Who gets alerts.
    pub notifier: rules::notifier::NotifierHandle,
    /// Metrics of the process itself.
    pub registry: Registry,
    /// Reload, end, readiness.
    pub lifecycle: Lifecycle,
    /// The effective configuration, as YAML; replaced at every reload.
    pub configuration: Arc<RwLock<ConfigurationState>>,
    /// What does not change while the process lives.
    pub facts: Facts,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What receives remote write.
#[derive(Clone)]
pub struct Receiver {
    /// Its threads: each waits for the disk, which they share.
    pub pool: Arc<Pool>,
    /// Reads and appends what came.
    pub remote: Arc<remote::Receiver>,
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
    /// When a reload was refused last, in milliseconds since the Unix epoch.
    pub refused_millis: i64,
    /// When the configuration in force was taken, in milliseconds since the Unix epoch.
    pub loaded_millis: i64,
    /// What of it has no effect, a sentence each.
    pub without_effect: Vec<&'static str>,
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
    /// CPUs that the process may use.
    pub cpus: usize,
    /// Bytes of memory that the process may use.
    pub memory_limit: u64,
    /// Whether exemplars are kept, if the configuration leaves room for any.
    pub keeps_exemplars: bool,
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
        let places = parts.query_limits.max_concurrency;
        let queries = Queries::default();
        let Parts {
            registry,
            facts,
            lifecycle,
            ..
        } = &parts;
        let instruments = Instruments::new(registry, facts, lifecycle, &queries, places);
        Self {
            parts: Arc::new(parts),
            admission: Admission::new(places),
            queries,
            instruments: Arc::new(instruments),
            fetches: Arc::new(Semaphore::new(FETCHES)),
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

    pub(crate) fn discovery(&self) -> &discovery::Handle {
        &self.parts.discovery
    }

    pub(crate) fn notifier(&self) -> &rules::notifier::NotifierHandle {
        &self.parts.notifier
    }

    pub(crate) fn rules(&self) -> &rules::ManagerHandle {
        &self.parts.rules
    }

    pub(crate) fn database(&self) -> &tsdb::Db {
        &self.parts.storage
    }

    pub(crate) fn storage(&self) -> Arc<dyn Queryable> {
        Arc::clone(&self.parts.storage) as Arc<dyn Queryable>
    }

    /// Takes samples of others.
    pub(crate) fn appendable(&self) -> &dyn Appendable {
        &*self.parts.storage
    }

    /// What receives remote write.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.parts.receiver.as_ref()
    }

    /// What expressions may use.
    pub(crate) fn parse_options(&self) -> &ParseOptions {
        &self.parts.engine.options().parse
    }

    pub(crate) fn metrics_pool(&self) -> &Pool {
        &self.parts.metrics_pool
    }

    /// Places for pages of targets that are fetched for somebody to look at.
    pub(crate) fn fetches(&self) -> &Semaphore {
        &self.fetches
    }

    /// Puts an answer about the process itself together, on a thread that no query has, so that it
    /// comes however many queries wait.
    pub(crate) async fn describe<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        self.metrics_pool().run(work).await.map_err(panicked)
    }

    pub(crate) fn metrics(&self) -> Arc<dyn Collector> {
        Arc::new(self.parts.registry.clone())
    }

    pub(crate) fn instruments(&self) -> &Instruments {
        &self.instruments
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

    /// The engine's settings.
    pub(crate) fn engine_options(&self) -> &EngineOptions {
        self.parts.engine.options()
    }

    /// Queries that have not ended.
    pub(crate) fn queries(&self) -> &Queries {
        &self.queries
    }

    /// The time since a fixed moment.
    pub(crate) fn monotonic(&self) -> Duration {
        self.parts.clock.monotonic()
    }

    /// True if what is stored may be changed over HTTP.
    pub(crate) fn is_admin_enabled(&self) -> bool {
        self.parts.admin_pool.is_some()
    }

    /// Refuses if what is stored may not be changed over HTTP.
    pub(crate) fn check_admin(&self) -> Result<(), ApiError> {
        match self.is_admin_enabled() {
            true => Ok(()),
            false => Err(admin_disabled()),
        }
    }

    /// Changes what is stored, one change after the other.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&tsdb::Db) -> Result<T, tsdb::MaintainError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let pool = self.parts.admin_pool.as_ref().ok_or_else(admin_disabled)?;
        let storage = Arc::clone(&self.parts.storage);
        let changed = pool.run(move || work(&storage)).await.map_err(panicked)?;
        changed.map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))
    }

    /// Runs index work on the query threads. The place that it takes among the concurrent queries
    /// is free again when the work ends, also where the asker does not wait for that.
    pub(crate) async fn run_query<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run_for(None, work).await
    }

    async fn run_for<T: Send + 'static>(
        &self,
        client: Client,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = self.admission.enter(client).await?;
        let placed = move || {
            let _place = place;
            work()
        };
        self.parts.query_pool.run(placed).await.map_err(panicked)
    }

    /// Evaluates on the query threads. The evaluation ends when its time is over, when somebody
    /// ends it, and when the asker goes away, which drops this future.
    pub(crate) async fn evaluate<T: Send + 'static>(
        &self,
        question: Question,
        work: impl FnOnce(&Evaluation<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Evaluated<T>, ApiError> {
        let longest = self.parts.query_limits.timeout;
        let timeout = question.timeout.map_or(longest, |time| time.min(longest));
        if timeout.is_zero() {
            return Err(QueryError::Timeout.into());
        }
        let client = question.client;
        let listed = self.list(question);
        let query = Arc::clone(listed.query());
        let cancel = CancelOnDrop {
            interrupt: query.interrupt.clone(),
        };
        let (parts, instruments) = (Arc::clone(&self.parts), Arc::clone(&self.instruments));
        let run = self.run_for(client, move || {
            carry_out(&parts, &instruments, &listed, work)
        });
        tokio::select! {
            outcome = tokio::time::timeout(timeout, run) => match outcome {
                Ok(outcome) => Ok(outcome??),
                Err(_) => {
                    cancel.interrupt.time_out();
                    Err(out_of_time(&query))
                }
            },
            () = query.until_ended() => {
                query.interrupt.check()?;
                Err(QueryError::Canceled.into())
            }
        }
    }

    fn list(&self, question: Question) -> Listed {
        self.queries.add(
            question.text,
            question.client,
            self.parts.engine.usage(),
            self.now_millis(),
            self.monotonic(),
        )
    }
}

/// Evaluates a query that has its place.
fn carry_out<T>(
    parts: &Parts,
    instruments: &Instruments,
    listed: &Listed,
    work: impl FnOnce(&Evaluation<'_>) -> Result<T, QueryError>,
) -> Result<Evaluated<T>, QueryError> {
    let query = listed.query();
    query.interrupt.check()?;
    query.begin();
    let began = parts.clock.monotonic();
    let seconds = parts.clock.now_millis() / 1000;
    let active = parts.active_queries.as_ref();
    let _slot = active.and_then(|active| active.add(&query.text, seconds));
    let outcome = work(&Evaluation {
        engine: &parts.engine,
        storage: &*parts.storage,
        text: &query.text,
        interrupt: &query.interrupt,
        usage: &query.usage,
    });
    let queue_time = began.saturating_sub(query.asked);
    instruments.count_query(queue_time, &query.usage.statistics());
    Ok(Evaluated {
        value: outcome?,
        queue_time,
        evaluation_time: parts.clock.monotonic().saturating_sub(began),
    })
}

/// What is asked, by whom, and how long it may take.
#[derive(Debug)]
pub(crate) struct Question {
    /// The expression.
    pub(crate) text: String,
    pub(crate) client: Client,
    /// None: as long as any query.
    pub(crate) timeout: Option<Duration>,
}

/// What an evaluation has at hand.
pub(crate) struct Evaluation<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) storage: &'a dyn Queryable,
    /// The expression.
    pub(crate) text: &'a str,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) usage: &'a Usage,
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

/// Texts are upstream's.
fn out_of_time(query: &Query) -> ApiError {
    match query.is_running() {
        true => QueryError::Timeout.into(),
        false => ApiError::new(ErrorKind::Timeout, "query timed out in query queue"),
    }
}

impl From<Full> for ApiError {
    fn from(Full: Full) -> Self {
        Self::new(
            ErrorKind::Unavailable,
            "too many queries wait to be evaluated, try again later",
        )
    }
}

fn admin_disabled() -> ApiError {
    ApiError::new(ErrorKind::Disabled, "admin APIs disabled")
}

fn panicked(error: host::pool::Panicked) -> ApiError {
    ApiError::new(ErrorKind::Internal, error.to_string())
}

/// Pages of targets that are fetched at once for somebody to look at: each may take as much memory
/// as the largest page.
const FETCHES: usize = 2;

/// Cancels an evaluation whose asker went away; after its end this does nothing.
struct CancelOnDrop {
    interrupt: Interrupt,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.interrupt.cancel();
    }
}
