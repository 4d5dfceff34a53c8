//! The node collectors behind a route, and alone on a socket.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use exporters::node::Filter;
use exporters::{NodeExporter, NodeOptions};
use exposition::{Collector, Registry};
use host::Fs;
use host::clock::RealClock;
use host::fs::RealFs;
use host::pool::Pool;
use host::signals::{Request, Signals};
use host::tasks::{TaskGroup, Trigger};
use web::Router;

use super::{process, surface};

/// What `narthex node-exporter` decided from its flags.
#[derive(Debug)]
pub(crate) struct Exporter {
    /// The collectors.
    pub(crate) options: NodeOptions,
    /// Addresses to listen on.
    pub(crate) listen_addresses: Vec<String>,
    /// File of TLS, users and headers of those addresses, if any.
    pub(crate) web_config_file: Option<PathBuf>,
    /// Where the page is.
    pub(crate) path: String,
    /// Whether the process tells about itself, too.
    pub(crate) own_metrics: bool,
    /// Requests answered at once; 0: any number.
    pub(crate) max_requests: usize,
}

/// Threads that read `/proc` and `/sys`: a scrape holds one.
const GATHER_THREADS: usize = 2;
/// Longest wait for requests in flight at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The collectors at `path`.
///
/// # Errors
/// The options contradict each other, or the operating system gives no threads.
pub(super) fn router(
    path: &str,
    options: NodeOptions,
    own: Option<Registry>,
    max_requests: usize,
) -> anyhow::Result<Router> {
    let clock = Arc::new(RealClock::default());
    let exporter = NodeExporter::new(options, Arc::new(RealFs), clock)?;
    let exporter = Arc::new(exporter.with_build_info(process::build_info()));
    let pool = Arc::new(Pool::new("gather", GATHER_THREADS)?);
    let choose = move |only: &[String], without: &[String]| {
        let filter = exporter
            .filter(only, without)
            .map_err(|error| error.to_string())?;
        let page = Page {
            exporter: Arc::clone(&exporter),
            filter,
            own: own.clone(),
        };
        Ok(Arc::new(page) as Arc<dyn Collector>)
    };
    Ok(web::router::exporter(path, max_requests, choose, pool))
}

/// The machine, as far as one request wants it, and the process if it is to be told.
struct Page {
    exporter: Arc<NodeExporter>,
    filter: Filter,
    own: Option<Registry>,
}

impl Collector for Page {
    fn collect(&self, families: &mut Vec<model::MetricFamily>) {
        self.exporter.collect_only(&self.filter, families);
        if let Some(registry) = &self.own {
            registry.collect(families);
        }
    }
}

/// Serves the collectors until the process is asked to end.
///
/// # Errors
/// An address is taken, or the options contradict each other.
pub(super) async fn run(exporter: Exporter) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("listening for signals")?;
    let access = surface::access(exporter.web_config_file.as_deref())?;
    let listeners = surface::listen(&exporter.listen_addresses).await?;
    let own = exporter.own_metrics.then(|| {
        let registry = Registry::new();
        process::register(&registry, Arc::new(RealFs) as Arc<dyn Fs>);
        registry
    });
    let router = router(&exporter.path, exporter.options, own, exporter.max_requests)?
        .merge(web::router::landing("Node Exporter", &exporter.path));
    let stop = Trigger::new();
    let mut tasks = TaskGroup::new();
    let answers = web::server::Surface::new(router).with_access(access);
    for listener in listeners {
        let shutdown = stop.shutdown();
        tasks.spawn(web::server::serve(listener, answers.clone(), shutdown));
    }
    while signals.next().await == Request::Reload {}
    stop.pull();
    tasks.drain(PATIENCE).await;
    Ok(())
}
