//! A server as a child process: configuration, data folder, log, address.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::http;
use crate::process::{self, Process};

/// A server that is not ready by then has failed; replaying a large log takes a while.
const PATIENCE: Duration = Duration::from_secs(180);

/// Between two questions whether a server is ready.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What kind of program a server is: decides how its flags are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// This project.
    Narthex,
    /// The peer whose flags and API ours are.
    Prometheus,
    /// The other peer.
    VictoriaMetrics,
}

impl Kind {
    /// Its name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Narthex => "narthex",
            Self::Prometheus => "prometheus",
            Self::VictoriaMetrics => "victoria-metrics",
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    /// From the start of the process until it was ready.
    pub(crate) ready_after: Duration,
    log: PathBuf,
}

impl Server {
    /// Starts `program` with its data in `folder/data` and waits until it is ready.
    ///
    /// A configuration without a part that scrapes is only given to those who take other parts.
    ///
    /// # Errors
    /// It does not start or does not get ready; the end of its log is in the message.
    pub(crate) fn start(
        kind: Kind,
        program: &Path,
        folder: &Path,
        configuration: &str,
        flags: &[&str],
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let config = folder.join("prometheus.yml");
        fs::write(&config, configuration)?;
        let address = free_address()?;
        let data = folder.join("data").display().to_string();
        let mut command = process::ended_with_us(program);
        if kind == Kind::Narthex {
            command.arg("server");
        }
        if kind == Kind::VictoriaMetrics {
            command.arg(format!("-storageDataPath={data}"));
            command.arg(format!("-httpListenAddr={address}"));
            // A busy machine makes it slow; it is to wait then, not to refuse.
            command.arg("-search.maxQueueDuration=1m");
            if configuration.contains("scrape_configs:") {
                command.arg(format!("-promscrape.config={}", config.display()));
            }
        } else {
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.tsdb.path={data}"));
            command.arg(format!("--web.listen-address={address}"));
        }
        command.args(flags);
        Self::start_command(kind, &mut command, address, &folder.join("log"))
    }

    /// Starts a command that listens on `address` and waits until it is ready.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(crate) fn start_command(
        kind: Kind,
        command: &mut Command,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(log)?);
        let mut server = Self {
            kind,
            address,
            process: Process::start(kind.name(), command)?,
            ready_after: Duration::ZERO,
            log: log.to_owned(),
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Fails if it has ended, with the last lines of its log.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        let alive = self.process.check_alive();
        alive.with_context(|| self.last_words())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        let path = match self.kind {
            Kind::VictoriaMetrics => "/health",
            Kind::Narthex | Kind::Prometheus => "/-/ready",
        };
        while http::get(self.address, path).is_err() {
            self.check_alive()?;
            if begin.elapsed() > PATIENCE {
                let (name, words) = (self.kind.name(), self.last_words());
                bail!("{name} is not ready after {PATIENCE:?}\n{words}");
            }
            // Asking is not to cost what is measured.
            thread::sleep((begin.elapsed() / 50).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        }
        self.ready_after = begin.elapsed();
        Ok(())
    }

    /// Waits until it does nothing more in the background.
    ///
    /// # Errors
    /// It ends, or goes on.
    pub(crate) fn wait_until_idle(&mut self) -> Result<()> {
        for _ in 0..120 {
            let before = self.process.usage()?.cpu_seconds;
            thread::sleep(Duration::from_secs(1));
            self.check_alive()?;
            if self.process.usage()?.cpu_seconds - before < 0.03 {
                return Ok(());
            }
        }
        bail!("{} does not come to rest", self.kind.name())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(10)..];
        format!(
            "last lines of {}'s log:\n{}",
            self.kind.name(),
            tail.join("\n")
        )
    }
}

/// A loopback address that nobody listens on.
///
/// # Errors
/// There is none.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?)
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// Something cannot be read or written.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
