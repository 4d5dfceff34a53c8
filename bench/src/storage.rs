//! What storing costs: every figure that the project aims at, beside Debian's servers in one run.
//!
//! [`scrape`] lets all servers scrape one fleet at the same time, then kills and starts them again;
//! [`start`] starts them with nothing; [`receive`] gives them the same hours by remote write and
//! looks at the blocks; [`backfill`] imports a page of samples; [`binary`] weighs the programs. Each
//! gives rows of one [`table`], with the bar of each row in it.

mod backfill;
mod binary;
mod past;
mod receive;
mod scrape;
mod start;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::page;
use crate::server::Kind;
use table::Table;

/// What to measure, of whom, how large.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Series that are scraped, a thousand of each target.
    #[arg(long, default_value_t = 500_000)]
    series: usize,
    /// Seconds between scrapes.
    #[arg(long, default_value_t = 10)]
    interval: u64,
    /// Scrapes of each series before the servers are killed.
    #[arg(long, default_value_t = 30)]
    scrapes: u64,
    /// Seconds of scraping before measuring begins.
    #[arg(long, default_value_t = 60)]
    warm_up: u64,
    /// Seconds of one interval that is measured.
    #[arg(long, default_value_t = 30)]
    interval_seconds: u64,
    /// Series that are received and backfilled, in thousands.
    #[arg(long, default_value_t = 16)]
    past_thousands: usize,
    /// Starts and backfills of each server; the table has the medians.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// Measure only these rows, and write no page.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<Rows>,
    /// Measure one server alone, and write no page.
    #[arg(long)]
    only: Option<Kind>,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The Prometheus binary.
    #[arg(long, default_value = "/usr/bin/prometheus")]
    prometheus: PathBuf,
    /// The tool that comes with it.
    #[arg(long, default_value = "/usr/bin/promtool")]
    promtool: PathBuf,
    /// The VictoriaMetrics binary.
    #[arg(long, default_value = "/usr/bin/victoria-metrics")]
    victoria_metrics: PathBuf,
    /// The page that gets the results.
    #[arg(long, default_value = "docs/operations/measurements.md")]
    page: PathBuf,
}

/// Rows that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// Steady scraping, new series, queries beside it, and the restart after a kill.
    Scrape,
    /// The start with an empty folder, and doing nothing.
    Start,
    /// Remote write, and the blocks that come of it.
    Receive,
    /// Blocks from a page of samples with timestamps.
    Backfill,
    /// The size of the programs.
    Binary,
}

/// The columns of the table; ours is the last.
const SERVERS: [Kind; 3] = [Kind::Prometheus, Kind::VictoriaMetrics, Kind::Narthex];

/// Runs the benchmark and prints its section; with all servers and rows also writes it to the page.
///
/// # Errors
/// A server cannot be started, ends early or refuses its work.
pub(crate) fn run(options: &Options) -> Result<()> {
    let servers = options.servers()?;
    let folder = tempfile::Builder::new()
        .prefix("narthex-bench-")
        .tempdir()?;
    let mut table = Table::new(&servers);
    for &rows in Rows::value_variants() {
        if !options.rows.is_empty() && !options.rows.contains(&rows) {
            continue;
        }
        let folder = folder.path().join(format!("{rows:?}").to_lowercase());
        fs::create_dir_all(&folder)?;
        match rows {
            Rows::Scrape => scrape::measure(options, &servers, &folder, &mut table)?,
            Rows::Start => start::measure(options, &servers, &folder, &mut table)?,
            Rows::Receive => receive::measure(options, &servers, &folder, &mut table)?,
            Rows::Backfill => backfill::measure(options, &servers, &folder, &mut table)?,
            Rows::Binary => binary::measure(options, &servers, &folder, &mut table)?,
        }
        fs::remove_dir_all(&folder)?;
    }
    let section = table.section(options);
    println!("{section}");
    if options.only.is_none() && options.rows.is_empty() {
        page::write(
            &options.page,
            &format!("storage {}", options.series),
            &section,
        )?;
        eprintln!("written to {}", options.page.display());
    }
    Ok(())
}

impl Options {
    fn servers(&self) -> Result<Vec<Kind>> {
        let wanted = |kind: &Kind| self.only.is_none_or(|only| only == *kind);
        let servers: Vec<Kind> = SERVERS.into_iter().filter(wanted).collect();
        for &kind in &servers {
            let program = self.program(kind);
            if fs::metadata(program).is_err() {
                bail!("no {} at {}", kind.name(), program.display());
            }
        }
        Ok(servers)
    }

    fn program(&self, kind: Kind) -> &Path {
        match kind {
            Kind::Narthex => &self.narthex,
            Kind::Prometheus => &self.prometheus,
            Kind::VictoriaMetrics => &self.victoria_metrics,
        }
    }

    /// What a person types to run this again; where the binaries lie is left out.
    fn command(&self) -> String {
        let Self {
            series,
            interval,
            scrapes,
            past_thousands,
            times,
            ..
        } = self;
        format!(
            "`make bench-storage ARGS=\"--series {series} --interval {interval} --scrapes {scrapes} \
             --past-thousands {past_thousands} --times {times}\"`"
        )
    }
}
