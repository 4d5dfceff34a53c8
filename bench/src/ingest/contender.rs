//! One server under measurement: configuration, data directory, process, readings.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::http;
use crate::ingest::{Load, Server};
use crate::machine;
use crate::process::{self, Process, Usage};

/// A server that is not ready by then has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) version: String,
    process: Process,
    address: SocketAddr,
    log: PathBuf,
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
        let (name, subcommand) = match server {
            Server::Narthex => ("narthex", Some("server")),
            Server::Prometheus => ("prometheus", None),
        };
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let config = folder.join("prometheus.yml");
        fs::write(&config, configuration(load, fleet))?;
        let log = folder.join("log");
        let address = free_address()?;
        let mut command = process::ended_with_us(program);
        command
            .args(subcommand)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let mut contender = Self {
            name,
            version: machine::version(program),
            process: Process::start(name, &mut command)?,
            address,
            log,
        };
        contender.wait_until_ready()?;
        Ok(contender)
    }

    /// Fails if the server has ended, with the last lines of its log.
    pub(super) fn check_alive(&mut self) -> Result<()> {
        self.process
            .check_alive()
            .with_context(|| self.last_words())
    }

    /// Reads what it did and used.
    pub(super) fn reading(&self) -> Result<Reading> {
        let page = http::get(self.address, "/metrics")?;
        let metric = |name: &str| {
            let value = http::sum(&page, name);
            value.with_context(|| format!("{} does not expose {name}", self.name))
        };
        Ok(Reading {
            at: Instant::now(),
            usage: self.process.usage()?,
            samples: metric("prometheus_tsdb_head_samples_appended_total")?,
            series: metric("prometheus_tsdb_head_series")?,
        })
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        while http::get(self.address, "/-/ready").is_err() {
            self.check_alive()?;
            if begin.elapsed() > PATIENCE {
                bail!(
                    "{} is not ready after {PATIENCE:?}\n{}",
                    self.name,
                    self.last_words()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(10)..];
        format!("last lines of {}'s log:\n{}", self.name, tail.join("\n"))
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?)
}

/// One job; every target is another path of the same port, with an instance of its own.
fn configuration(load: Load, fleet: SocketAddr) -> String {
    let seconds = load.interval;
    let mut text = format!(
        "global:\n  scrape_interval: {seconds}s\n  scrape_timeout: {seconds}s\n\
         scrape_configs:\n  - job_name: fleet\n    static_configs:\n"
    );
    for number in 0..load.targets {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "      - targets: [\"{fleet}\"]\n        labels:\n          \
             __metrics_path__: /t/{number}\n          instance: target-{number}"
        );
    }
    text
}
