//! What queries cost: the same series in each server's memory, the same questions to each in turn.
//!
//! Prometheus and VictoriaMetrics take the [`load`] by remote write; Narthex opens a copy of the
//! folder that Prometheus wrote, so that both have replayed the same log. Then one server after
//! the other is started alone and asked every row of [`rows`]; [`report`] puts them side by side.

mod load;
mod measure;
mod report;
mod rows;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::http::connection::Connection;
use crate::machine;
use crate::page;
use crate::remote_write::Writer;
use crate::server::{Kind, Server, copy_folder};
use load::Load;
use measure::Measured;

/// What to ask, of whom, for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Number of series, in pods of 100.
    #[arg(long, default_value_t = 500_000)]
    series: usize,
    /// Seconds that each row is asked for, at least.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds of the mixed load of eight clients.
    #[arg(long, default_value_t = 10.0)]
    mixed_seconds: f64,
    /// Ask only rows whose name contains this text, and write no page.
    #[arg(long, default_value = "")]
    filter: String,
    /// Run one server alone and write no page.
    #[arg(long)]
    only: Option<Kind>,
    /// A folder with the data of an earlier run with `--keep`, or to keep it in for the next.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The Prometheus 3.14 binary.
    #[arg(long, default_value = "target/peers/prometheus")]
    prometheus: PathBuf,
    /// The VictoriaMetrics binary.
    #[arg(long, default_value = "/usr/bin/victoria-metrics")]
    victoria_metrics: PathBuf,
    /// The page that gets the results.
    #[arg(long, default_value = "docs/operations/measurements.md")]
    page: PathBuf,
}

/// The columns of the table; each is compared with ours, the last.
const SERVERS: [Kind; 3] = [Kind::Prometheus, Kind::VictoriaMetrics, Kind::Narthex];

/// Runs the benchmark and prints its section; with all servers and rows also writes it to the page.
///
/// # Errors
/// A server cannot be started, refuses the series, or answers a row with an error.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("narthex-bench-")
        .tempdir()?;
    let folder = options.keep.as_deref().unwrap_or(folder.path());
    let load = options.load(folder)?;
    let mut measured = Vec::new();
    for kind in SERVERS {
        if options.only.is_some_and(|only| only != kind) {
            continue;
        }
        let program = options.program(kind);
        if std::fs::metadata(program).is_err() {
            eprintln!("{} is left out: no {}", kind.name(), program.display());
            continue;
        }
        prepare(kind, options, folder, &load)?;
        measured.push(options.measure(kind, folder, &load)?);
    }
    let section = report::section(options, &load, &measured);
    println!("{section}");
    if options.only.is_none() && options.filter.is_empty() {
        page::write(
            &options.page,
            &format!("query {}", options.series),
            &section,
        )?;
        eprintln!("written to {}", options.page.display());
    }
    Ok(())
}

/// Gives a server its data, if its folder does not hold it from an earlier run.
fn prepare(kind: Kind, options: &Options, folder: &Path, load: &Load) -> Result<()> {
    let own = folder.join(kind.name());
    if own.join("loaded").is_file() {
        return Ok(());
    }
    eprintln!("loading {}", kind.name());
    if kind == Kind::Narthex {
        prepare(Kind::Prometheus, options, folder, load)?;
        let theirs = folder.join(Kind::Prometheus.name()).join("data");
        copy_folder(&theirs, &own.join("data"))?;
        // The lock of a process that has ended.
        let _ = std::fs::remove_file(own.join("data/lock"));
    } else {
        let server = options.start(kind, folder)?;
        let mut writer = Writer::new(server.address);
        load.write(&mut writer)?;
        if kind == Kind::VictoriaMetrics {
            Connection::new(server.address).get("/internal/force_flush")?;
        }
    }
    std::fs::write(own.join("loaded"), "")?;
    Ok(())
}

impl Options {
    /// The load, whose end is now, or that of the run that the folder was kept from.
    fn load(&self, folder: &Path) -> Result<Load> {
        let kept = folder.join("end");
        let end = if let Ok(text) = std::fs::read_to_string(&kept) {
            text.trim()
                .parse()
                .context("reading the end of the kept load")?
        } else {
            std::fs::create_dir_all(folder)?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            let end = now - now % load::INTERVAL;
            std::fs::write(&kept, end.to_string())?;
            end
        };
        Ok(Load {
            pods: self.series / load::SERIES_OF_A_POD,
            end,
        })
    }

    fn program(&self, kind: Kind) -> &Path {
        match kind {
            Kind::Narthex => &self.narthex,
            Kind::Prometheus => &self.prometheus,
            Kind::VictoriaMetrics => &self.victoria_metrics,
        }
    }

    fn start(&self, kind: Kind, folder: &Path) -> Result<Server> {
        let flags: &[&str] = match kind {
            Kind::Narthex => &["--storage.tsdb.retention.time=10y"],
            Kind::Prometheus => &[
                "--storage.tsdb.retention.time=10y",
                "--web.enable-remote-write-receiver",
            ],
            // A cache of results would answer instead of the engine.
            Kind::VictoriaMetrics => &[
                "-retentionPeriod=12",
                "-search.disableCache",
                "-search.maxUniqueTimeseries=2000000",
                "-search.maxSeries=2000000",
                "-search.latencyOffset=0s",
            ],
        };
        let folder = folder.join(kind.name());
        let configuration = "global:\n  evaluation_interval: 15s\n";
        Server::start(kind, self.program(kind), &folder, configuration, flags)
    }

    fn measure(&self, kind: Kind, folder: &Path, load: &Load) -> Result<Measured> {
        let server = self.start(kind, folder)?;
        let version = machine::version_of(kind, self.program(kind));
        let rows: Vec<_> = rows::all(load)
            .into_iter()
            .filter(|row| row.name.contains(&self.filter))
            .collect();
        if rows.is_empty() {
            bail!("no row is named `{}`", self.filter);
        }
        let least = Duration::from_secs_f64(self.seconds);
        let mixed = Duration::from_secs_f64(self.mixed_seconds);
        measure::measure(server, version, &rows, least, mixed)
    }
}
