//! One server under measurement: its configuration and readings.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::http;
use crate::ingest::{Load, Server};
use crate::machine;
use crate::process::Usage;
use crate::server;

/// A running server and what it says of itself.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) version: String,
    server: server::Server,
}

/// What a server has done and used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) at: Instant,
    pub(super) usage: Usage,
    pub(super) samples: f64,
    pub(super) series: f64,
}

impl Contender {
    /// Starts a server on the fleet at `fleet` and waits until it is ready.
    pub(super) fn start(
        server: Server,
        program: &Path,
        folder: &Path,
        load: Load,
        fleet: SocketAddr,
    ) -> Result<Self> {
        let kind = match server {
            Server::Narthex => server::Kind::Narthex,
            Server::Prometheus => server::Kind::Prometheus,
        };
        let name = kind.name();
        let configuration = scrape_configuration(load.targets, load.interval, fleet);
        let folder = folder.join(name);
        Ok(Self {
            name,
            version: machine::version(program),
            server: server::Server::start(kind, program, &folder, &configuration, &[])?,
        })
    }

    /// Fails if the server has ended, with the last lines of its log.
    pub(super) fn check_alive(&mut self) -> Result<()> {
        self.server.check_alive()
    }

    /// Reads what it did and used.
    pub(super) fn reading(&self) -> Result<Reading> {
        let page = http::get(self.server.address, "/metrics")?;
        let metric = |name: &str| {
            let value = http::sum(&page, name);
            value.with_context(|| format!("{} does not expose {name}", self.name))
        };
        Ok(Reading {
            at: Instant::now(),
            usage: self.server.process.usage()?,
            samples: metric("prometheus_tsdb_head_samples_appended_total")?,
            series: metric("prometheus_tsdb_head_series")?,
        })
    }
}

/// One job; every target is another path of the same port, with an instance of its own.
pub(crate) fn scrape_configuration(targets: usize, seconds: u64, fleet: SocketAddr) -> String {
    let mut text = format!(
        "global:\n  scrape_interval: {seconds}s\n  scrape_timeout: {seconds}s\n\
         scrape_configs:\n  - job_name: fleet\n    static_configs:\n"
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
