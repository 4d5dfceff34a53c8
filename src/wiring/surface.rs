//! Puts the HTTP surface on its sockets.

use std::path::Path;
use std::sync::{Arc, RwLock};

use anyhow::Context as _;
use exporters::NodeOptions;
use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;
use host::net::{Listener, PrivateSocket};
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup, Trigger};
use host::{Clock, Fs};
use promql::{Engine, EngineOptions};
use tsdb::{Db, ReplayProgress};
use web::access::Access;
use web::active_queries::ActiveQueries;
use web::lifecycle::Lifecycle;
use web::server::Surface;
use web::services::{ConfigurationState, Facts, Parts, QueryLimits, Receiver, Services};

use super::{Node, Settings, process};
use crate::cli::VERSION;

/// The version of Prometheus whose interface this is; tools decide by it what they may ask.
const INTERFACE_VERSION: &str = "3.14.0";
/// Threads that wait for the disk with what they received.
const RECEIVING_THREADS: usize = 8;

/// Listens on every address.
///
/// # Errors
/// An address is taken or not ours; the error names it.
pub(super) async fn listen(addresses: &[String]) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = host::net::listen(address).await;
        listeners.push(listener.with_context(|| format!("listening on {address}"))?);
        tracing::info!(%address, "listening");
    }
    Ok(listeners)
}

/// Who may connect and ask: as the listener file says, or everybody.
///
/// # Errors
/// The file, or a certificate that it names, is missing or wrong.
pub(super) fn access(file: Option<&Path>) -> anyhow::Result<Arc<Access>> {
    let Some(path) = file else {
        return Ok(Arc::default());
    };
    let clock: Arc<dyn Clock> = Arc::new(RealClock::default());
    let access = Access::from_file(path, Arc::new(RealFs), clock);
    let access = access.context("Unable to validate web configuration file")?;
    let encrypted = access.is_encrypted();
    tracing::info!(file = %path.display(), tls = encrypted, "access is restricted");
    Ok(Arc::new(access))
}

/// What stands behind the surface.
pub(super) struct Behind<'a> {
    pub(super) settings: &'a Settings,
    pub(super) engine: Arc<Engine>,
    pub(super) db: Arc<Db>,
    pub(super) targets: scrape::ManagerHandle,
    pub(super) discovery: discovery::Handle,
    pub(super) alerting: super::rules::Alerting,
    pub(super) registry: Registry,
    pub(super) metrics_pool: Arc<Pool>,
    pub(super) lifecycle: Lifecycle,
    pub(super) shown: Arc<RwLock<ConfigurationState>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fs: &'a dyn Fs,
}

/// What evaluates the queries of people and of rules.
///
/// # Errors
/// The operating system gives no threads.
pub(super) fn engine(
    settings: &Settings,
    fs: &dyn Fs,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<Engine>> {
    let limits = host::limits::Limits::read(fs);
    let mut options = settings.engine.clone();
    options.threads = limits.cpus;
    bound_memory(&mut options, limits.memory_bytes);
    let time = Arc::clone(clock);
    let engine = Engine::new(options)?.with_clock(move || time.monotonic());
    Ok(Arc::new(engine))
}

/// Handles for the surface.
///
/// # Errors
/// The operating system gives no threads.
pub(super) fn services(behind: Behind<'_>) -> anyhow::Result<Services> {
    let limits = host::limits::Limits::read(behind.fs);
    let path = behind.settings.storage.path.join("queries.active");
    let max_concurrency = behind.settings.max_concurrency;
    let active_queries = ActiveQueries::open(behind.fs, &path, max_concurrency)
        .inspect_err(|error| tracing::warn!(%error, ?path, "no file of active queries"))
        .ok();
    let query_limits = QueryLimits {
        max_concurrency: behind.settings.max_concurrency,
        timeout: behind.engine.options().timeout,
    };
    Ok(Services::new(Parts {
        engine: behind.engine,
        storage: behind.db,
        query_pool: Arc::new(Pool::new("query", max_concurrency)?),
        metrics_pool: behind.metrics_pool,
        receiver: receiver(behind.settings, &behind.registry)?,
        admin_pool: match behind.settings.enable_admin_api {
            true => Some(Arc::new(Pool::new("admin", 1)?)),
            false => None,
        },
        query_limits,
        active_queries,
        targets: behind.targets,
        discovery: behind.discovery,
        rules: behind.alerting.rules,
        notifier: behind.alerting.notifier,
        registry: behind.registry,
        lifecycle: behind.lifecycle,
        configuration: behind.shown,
        facts: Facts {
            version: format!("{INTERFACE_VERSION}+narthex.{VERSION}"),
            revision: process::REVISION.to_owned(),
            start_millis: behind.clock.now_millis(),
            working_directory: std::env::current_dir().unwrap_or_default(),
            hostname: host::kernel::kernel_name().node,
            flags: behind.settings.flags.clone(),
            cpus: limits.cpus,
            memory_limit: limits.memory_bytes,
            keeps_exemplars: behind.settings.keeps_exemplars,
            home: behind.settings.home,
        },
        clock: behind.clock,
    }))
}

/// What receives remote write, if any message is to be taken.
fn receiver(settings: &Settings, registry: &Registry) -> anyhow::Result<Option<Receiver>> {
    let accepted = &settings.received_messages;
    if accepted.is_empty() {
        return Ok(None);
    }
    let remote = remote::Receiver::new(accepted.clone(), settings.logs_metadata, registry);
    Ok(Some(Receiver {
        pool: Arc::new(Pool::new("receive", RECEIVING_THREADS)?),
        remote: Arc::new(remote),
    }))
}

/// Limits that the flags do not say: a query may hold an eighth of the memory of the process, all
/// together a quarter. The rest is for the series of the store, for scraping, and for the caches of
/// the operating system.
fn bound_memory(engine: &mut EngineOptions, memory: u64) {
    if engine.max_memory == 0 {
        engine.max_memory = memory / 8;
    }
    if engine.max_memory_together == 0 {
        engine.max_memory_together = (memory / 4).max(engine.max_memory);
    }
}

/// A surface that answers; draining it stops listening first.
pub(super) struct Serving {
    surface: Surface,
    stop: Trigger,
    tasks: TaskGroup,
}

impl Serving {
    /// Answers everything from now on.
    ///
    /// # Errors
    /// The node collectors cannot be set up.
    pub(super) fn answer_all(&self, settings: &Settings, services: Services) -> anyhow::Result<()> {
        let mut router = web::router::server(services);
        if let Node::At(path) = settings.node {
            router = router.merge(super::exporters::router(
                path,
                NodeOptions::default(),
                None,
                0,
            )?);
        }
        self.surface.replace(router);
        Ok(())
    }

    /// Answers this user's processes at `path`, too, whatever the listener file says.
    ///
    /// # Errors
    /// It cannot be listened there; the error names the path.
    pub(super) fn listen_privately(&mut self, path: &Path) -> anyhow::Result<()> {
        let socket = PrivateSocket::bind(path);
        let socket = socket.with_context(|| format!("listening on {}", path.display()))?;
        let surface = self.surface.clone();
        let shutdown = self.stop.shutdown();
        self.tasks
            .spawn(web::server::serve_privately(socket, surface, shutdown));
        Ok(())
    }

    /// Stops listening and waits for the requests in flight.
    pub(super) async fn drain(self, patience: std::time::Duration) {
        self.stop.pull();
        self.tasks.drain(patience).await;
    }
}

/// Begins to answer: at first what can be said while the store is opened.
pub(super) fn start(
    listeners: Vec<Listener>,
    access: Arc<Access>,
    progress: &ReplayProgress,
    metrics: &Registry,
    metrics_pool: &Arc<Pool>,
) -> Serving {
    let metrics = Arc::new(metrics.clone());
    let router = web::router::starting(progress.clone(), metrics, Arc::clone(metrics_pool));
    let surface = Surface::new(router).with_access(access);
    let stop = Trigger::new();
    let mut tasks = TaskGroup::new();
    for listener in listeners {
        let shutdown: Shutdown = stop.shutdown();
        tasks.spawn(web::server::serve(listener, surface.clone(), shutdown));
    }
    Serving {
        surface,
        stop,
        tasks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_share_a_quarter_of_the_memory() {
        let cases = [
            ((0, 0), (1 << 30, 2 << 30)),
            ((3 << 30, 0), (3 << 30, 3 << 30)),
            ((0, 1 << 30), (1 << 30, 1 << 30)),
        ];
        for ((one, together), want) in cases {
            let mut engine = EngineOptions {
                max_memory: one,
                max_memory_together: together,
                ..EngineOptions::default()
            };
            bound_memory(&mut engine, 8 << 30);
            assert_eq!((engine.max_memory, engine.max_memory_together), want);
        }
    }
}
