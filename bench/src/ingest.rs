//! What scraping and storing costs: servers on the same fleet at the same time.
//!
//! Narthex and Prometheus scrape every target of one generated fleet on the same schedule, each
//! with its own configuration and data directory. After a warm-up, CPU time, memory, writes and
//! samples are read at the ends of several intervals; the page gets the medians. Both run at once
//! so that both meet the same noise, and the load generator's own CPU is the yardstick for it.

mod report;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::fleet;
use crate::page;
use crate::scraping::{Contender, Load, LoadGenerator, wait};
use crate::server::Kind;
use report::Report;

/// Of the samples that the schedule promises, at least this part must have been stored, or the
/// figures compare different work.
const LEAST_STORED: f64 = 0.97;

/// What to run, on what, for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    fleet: FleetOptions,
    /// Seconds between scrapes.
    #[arg(long, default_value_t = 5)]
    interval: u64,
    /// Seconds before measuring begins.
    #[arg(long, default_value_t = 60)]
    warm_up: u64,
    /// Number of intervals measured.
    #[arg(long, default_value_t = 6)]
    intervals: usize,
    /// Seconds of one interval.
    #[arg(long, default_value_t = 30)]
    interval_seconds: u64,
    /// Run one server alone and write no page.
    #[arg(long)]
    only: Option<Server>,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The Prometheus binary.
    #[arg(long, default_value = "prometheus")]
    prometheus: PathBuf,
    /// The page that gets the results.
    #[arg(long, default_value = "docs/operations/measurements.md")]
    page: PathBuf,
}

/// The fleet's shape, without its port.
#[derive(clap::Args)]
struct FleetOptions {
    /// Number of targets.
    #[arg(long, default_value_t = 100)]
    targets: usize,
    /// Series of each target.
    #[arg(long, default_value_t = 1_000)]
    series: usize,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Server {
    /// This project.
    Narthex,
    /// The peer.
    Prometheus,
}

/// Runs the benchmark and prints its section; with both servers also writes it to the page.
///
/// # Errors
/// A server cannot be started, ends early or stores less than the schedule promises.
pub(crate) fn run(options: &Options) -> Result<()> {
    let load = Load {
        targets: options.fleet.targets,
        series: options.fleet.series,
        interval: options.interval,
    };
    let folder = tempfile::Builder::new()
        .prefix("narthex-bench-")
        .tempdir()?;
    let mut generator = LoadGenerator::start(&fleet::Options {
        targets: load.targets,
        series: load.series,
        port: 0,
        templates: None,
    })?;
    let mut contenders = Vec::new();
    for server in [Server::Prometheus, Server::Narthex] {
        if options.only.is_none_or(|only| only == server) {
            let program = options.program(server);
            contenders.push(Contender::start(
                server.kind(),
                program,
                folder.path(),
                load,
                generator.address(),
            )?);
        }
    }
    let mut report = Report::new(load, options, &contenders);
    measure(options, &mut generator, &mut contenders, &mut report)?;
    let section = report.section();
    println!("{section}");
    check_stored(load, &report)?;
    if options.only.is_none() {
        page::write(&options.page, &format!("ingest {}", load.name()), &section)?;
        eprintln!("written to {}", options.page.display());
    }
    Ok(())
}

impl Server {
    const fn kind(self) -> Kind {
        match self {
            Self::Narthex => Kind::Narthex,
            Self::Prometheus => Kind::Prometheus,
        }
    }
}

impl Options {
    fn program(&self, server: Server) -> &PathBuf {
        match server {
            Server::Narthex => &self.narthex,
            Server::Prometheus => &self.prometheus,
        }
    }
}

fn measure(
    options: &Options,
    generator: &mut LoadGenerator,
    contenders: &mut [Contender],
    report: &mut Report,
) -> Result<()> {
    eprintln!("warming up for {} s", options.warm_up);
    wait(options.warm_up, contenders)?;
    report.read(generator, contenders)?;
    for number in 1..=options.intervals {
        wait(options.interval_seconds, contenders)?;
        report.read(generator, contenders)?;
        eprintln!(
            "interval {number} of {}: {}",
            options.intervals,
            report.last()
        );
    }
    Ok(())
}

fn check_stored(load: Load, report: &Report) -> Result<()> {
    for (name, rate) in report.sample_rates() {
        let part = rate / load.samples_per_second();
        if part < LEAST_STORED {
            bail!(
                "{name} stored {:.1} % of the samples that the schedule promises",
                part * 100.0
            );
        }
    }
    Ok(())
}
