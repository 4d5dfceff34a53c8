//! One server that scrapes the fleet: its configuration and readings.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::http;
use crate::machine;
use crate::scraping::{Load, Reading};
use crate::server::{Kind, Server};

/// A running server and what it says of itself.
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    pub(crate) version: String,
    pub(crate) server: Server,
    folder: PathBuf,
    configuration: String,
}

impl Contender {
    /// Starts a server on the fleet at `fleet` and waits until it is ready.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        kind: Kind,
        program: &Path,
        folder: &Path,
        load: Load,
        fleet: SocketAddr,
    ) -> Result<Self> {
        let configuration = scrape_configuration(load.targets, load.interval, fleet);
        Self::start_with(kind, program, folder, configuration)
    }

    /// The same with another configuration.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start_with(
        kind: Kind,
        program: &Path,
        folder: &Path,
        configuration: String,
    ) -> Result<Self> {
        let folder = folder.join(kind.name());
        Ok(Self {
            kind,
            version: machine::version_of(kind, program),
            server: Server::start(kind, program, &folder, &configuration, flags(kind))?,
            folder,
            configuration,
        })
    }

    /// Ends it without a warning, so that it can write nothing more.
    ///
    /// # Errors
    /// It had ended before.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.server.check_alive()?;
        self.server.process.kill()
    }

    /// Ends it in its own time; says in how long.
    ///
    /// # Errors
    /// It does not end, or fails.
    pub(crate) fn stop(&mut self) -> Result<Duration> {
        self.server.check_alive()?;
        self.server.process.stop()
    }

    /// Starts it again on the data that it left.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn restart(&mut self, program: &Path) -> Result<()> {
        let (folder, configuration) = (&self.folder, &self.configuration);
        self.server = Server::start(self.kind, program, folder, configuration, flags(self.kind))?;
        Ok(())
    }

    /// Has it go on by this configuration.
    ///
    /// # Errors
    /// The configuration cannot be written, or the server has ended.
    pub(crate) fn reload(&mut self, configuration: String) -> Result<()> {
        fs::write(self.folder.join("prometheus.yml"), &configuration)?;
        self.configuration = configuration;
        self.server.process.reload()
    }

    /// Fails if the server has ended, with the last lines of its log.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        self.server.check_alive()
    }

    /// Reads what it did and used.
    ///
    /// # Errors
    /// It does not answer, or does not say what it stored.
    pub(crate) fn reading(&self) -> Result<Reading> {
        let page = http::get(self.server.address, "/metrics")?;
        let metric = |name: &str| {
            let value = http::sum(&page, name);
            value.with_context(|| format!("{} does not expose {name}", self.kind.name()))
        };
        let (samples, series) = match self.kind {
            Kind::Narthex | Kind::Prometheus => (
                "prometheus_tsdb_head_samples_appended_total",
                "prometheus_tsdb_head_series",
            ),
            Kind::VictoriaMetrics => (
                "vm_rows_inserted_total",
                "vm_cache_entries{type=\"storage/hour_metric_ids\"}",
            ),
        };
        Ok(Reading {
            at: Instant::now(),
            usage: self.server.process.usage()?,
            // Before the first sample there is no series to count it.
            samples: http::sum(&page, samples).unwrap_or(0.0),
            series: metric(series)?,
        })
    }
}

/// Waits some seconds, and fails at once when a server ends.
///
/// # Errors
/// One has ended.
pub(crate) fn wait<T: AsMut<Contender>>(seconds: u64, contenders: &mut [T]) -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(PAUSE);
        for contender in &mut *contenders {
            contender.as_mut().check_alive()?;
        }
    }
    Ok(())
}

impl AsMut<Self> for Contender {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Between two looks whether servers are alive.
const PAUSE: Duration = Duration::from_millis(200);

/// What lets a server answer queries over the whole fleet.
const fn flags(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Narthex | Kind::Prometheus => &[],
        Kind::VictoriaMetrics => &[
            "-search.maxUniqueTimeseries=5000000",
            "-search.latencyOffset=0s",
            "-search.maxQueryDuration=3m",
        ],
    }
}

/// One job; every target is another path of the same port, with an instance of its own. Pages may
/// say that a series is of another job.
pub(crate) fn scrape_configuration(targets: usize, seconds: u64, fleet: SocketAddr) -> String {
    let mut text = format!(
        "global:\n  scrape_interval: {seconds}s\n  scrape_timeout: {seconds}s\n\
         scrape_configs:\n  - job_name: fleet\n    honor_labels: true\n    static_configs:\n"
    );
    for number in 0..targets {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "      - targets: [\"{fleet}\"]\n        labels:\n          \
             __metrics_path__: /t/{number}\n          instance: target-{number}"
        );
    }
    text
}
