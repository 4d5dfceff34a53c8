//! Puts components together and takes them apart: one file per component.
//!
//! Order of start: configuration, sockets, storage, discovery, scraping, surface; drained in
//! reverse, each step bounded.

mod auto_reload;
mod configuration;
mod exporters;
mod lifecycle;
mod limits;
mod memory;
mod process;
mod rules;
mod scraping;
mod storage;
mod surface;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

pub(crate) use configuration::{ConfigSource, add_jobs, environment, read_file};
pub(crate) use exporters::Exporter;
pub(crate) use limits::SeriesFlags;
pub(crate) use rules::RuleSettings;
pub(crate) use scraping::Features as ScrapingFeatures;

use web::services::Home;

/// How often blocks are cut and old ones dropped, if nobody says otherwise; as upstream.
pub(crate) const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60);

/// What a command decided from its flags.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the configuration comes from.
    pub(crate) config: ConfigSource,
    /// How often it is looked at for changes, if it is at all.
    pub(crate) auto_reload_interval: Option<Duration>,
    /// Addresses to listen on.
    pub(crate) listen_addresses: Vec<String>,
    /// File of TLS, users and headers of those addresses, if any.
    pub(crate) web_config_file: Option<PathBuf>,
    /// Whether reload and end may be asked over HTTP.
    pub(crate) enable_lifecycle: bool,
    /// Whether exemplars are kept, as many as the configuration says.
    pub(crate) keeps_exemplars: bool,
    /// Whether type, help and unit of scraped series are written to the log.
    pub(crate) logs_metadata: bool,
    /// What is switched on for all scrapes.
    pub(crate) scraping: ScrapingFeatures,
    /// The messages that are taken at `/api/v1/write`.
    pub(crate) received_messages: Vec<remote::Message>,
    /// Whether what is stored may be changed over HTTP.
    pub(crate) enable_admin_api: bool,
    /// The store.
    pub(crate) storage: tsdb::Options,
    /// How many series may come.
    pub(crate) series: SeriesFlags,
    /// How often blocks are cut and old ones dropped.
    pub(crate) maintenance_interval: Duration,
    /// The query engine.
    pub(crate) engine: promql::EngineOptions,
    /// Rules and alerts.
    pub(crate) rules: RuleSettings,
    /// Queries evaluated at once.
    pub(crate) max_concurrency: usize,
    /// Flags with their values, to be shown.
    pub(crate) flags: Vec<(String, String)>,
    /// The view that `/` leads to.
    pub(crate) home: Home,
    /// Whether the node collectors run in this process.
    pub(crate) node: Node,
    /// Where the process asks itself whatever the listener file says, if it has to.
    pub(crate) private_socket: Option<PathBuf>,
    /// What to print once everything runs; it is told the scheme of the pages.
    pub(crate) greeting: Option<fn(&Self, &str) -> String>,
}

/// Whether the node collectors run in this process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    /// They do not.
    Absent,
    /// They answer at this path.
    At(&'static str),
}

/// Runs a server until it is asked to end.
///
/// # Errors
/// Something could not be started; the error names it.
pub(crate) fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    block_on(lifecycle::run(settings))
}

/// Runs the node exporter alone until it is asked to end.
///
/// # Errors
/// An address is taken, or the options contradict each other.
pub(crate) fn run_exporter(exporter: Exporter) -> anyhow::Result<ExitCode> {
    block_on(exporters::run(exporter))
}

/// Runs `work` on the async runtime: everything that waits on the network or a timer. Work that
/// holds the CPU has pools of its own.
fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    host::allocator::return_large_blocks();
    host::limits::raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_THREADS)
        .thread_name("io")
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(work);
    // Not dropped: that would wait for names that are still being looked up.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Threads that wait on sockets and timers.
const IO_THREADS: usize = 2;
