//! Whether a server that runs for long keeps its size: memory, file handles, threads, disk.
//!
//! Narthex scrapes the fleet and answers a steady mix of queries, with blocks so short that it
//! cuts, merges, deletes and folds its log all the time: an hour holds as many cycles as five days
//! of usual blocks. After a warm-up, in which all of that has come round once, what it holds is
//! read every ten seconds. Memory goes up and down with each block and query; so the trend is taken
//! from what is held in each five minutes.

mod queries;
mod reading;
mod report;
mod trend;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::fleet;
use crate::machine;
use crate::page;
use crate::scraping::{LoadGenerator, scrape_configuration};
use crate::server::{Kind, Server};
use queries::QueryLoad;
use reading::Reading;
use report::Report;

/// Blocks of one minute, merged up to three, deleted after six: all of it comes round within eleven
/// minutes. Segments of the log are so short that each fold has some to fold.
const FLAGS: [&str; 5] = [
    "--storage.tsdb.min-block-duration=60s",
    "--storage.tsdb.max-block-duration=180s",
    "--storage.tsdb.retention.time=6m",
    "--storage.tsdb.maintenance-interval=5s",
    "--storage.tsdb.wal-segment-size=10MiB",
];

/// Of the samples and queries that are due, at least these parts must have been served, or the
/// machine was too slow for what is measured. Queries have to wait where others use the machine.
const LEAST_SAMPLES: f64 = 0.97;
const LEAST_QUERIES: f64 = 0.5;

/// What to run and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Series of the whole fleet.
    #[arg(long, default_value_t = 200_000)]
    pub(crate) series: usize,
    /// Number of targets.
    #[arg(long, default_value_t = 200)]
    targets: usize,
    /// Seconds between scrapes.
    #[arg(long, default_value_t = 10)]
    interval: u64,
    /// Hours measured, after the warm-up.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) hours: f64,
    /// Minutes before measuring begins.
    #[arg(long, default_value_t = 12.0)]
    pub(crate) warm_up: f64,
    /// Queries a second.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) queries: f64,
    /// Seconds between readings.
    #[arg(long, default_value_t = 10)]
    reading_interval: u64,
    /// A file that gets every reading, as comma-separated values.
    #[arg(long)]
    readings: Option<PathBuf>,
    /// Runs nothing: tells what follows from the readings in that file.
    #[arg(long, requires = "readings")]
    again: bool,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The page that gets the results.
    #[arg(long, default_value = "docs/operations/measurements.md")]
    page: PathBuf,
}

/// Runs the soak, prints its section and writes it to the page.
///
/// # Errors
/// The server cannot be started, ends, does not keep up, or what it holds grows.
pub(crate) fn run(options: &Options) -> Result<()> {
    let version = machine::version(&options.narthex);
    let readings = match &options.readings {
        Some(path) if options.again => options.kept(path)?,
        _ => options.measure()?,
    };
    let report = Report::new(options, version, &readings);
    let section = report.section();
    println!("{section}");
    page::write(&options.page, "soak", &section)?;
    eprintln!("written to {}", options.page.display());
    if let Some(complaint) = report.complaint() {
        bail!("{complaint}");
    }
    options.check_served(&readings)
}

impl Options {
    fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up * 60.0)
    }

    fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.hours * 3600.0)
    }

    /// The readings after the warm-up, of an earlier run.
    fn kept(&self, path: &Path) -> Result<Vec<Reading>> {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let readings = text.lines().filter_map(Reading::parse);
        Ok(readings
            .filter(|reading| reading.at >= self.warm_up())
            .collect())
    }

    /// Runs the server on its load; the readings after the warm-up.
    fn measure(&self) -> Result<Vec<Reading>> {
        let folder = tempfile::Builder::new().prefix("narthex-soak-").tempdir()?;
        let generator = LoadGenerator::start(&fleet::Options {
            targets: self.targets,
            series: self.series / self.targets.max(1),
            port: 0,
            templates: None,
        })?;
        let configuration = scrape_configuration(self.targets, self.interval, generator.address());
        let mut server = Server::start(
            Kind::Narthex,
            &self.narthex,
            folder.path(),
            &configuration,
            &FLAGS,
        )?;
        let queries = QueryLoad::start(server.address, self.targets, self.queries)?;
        let readings = self.read(&mut server, &queries, &folder.path().join("data"))?;
        queries.stop();
        Ok(readings)
    }

    fn read(&self, server: &mut Server, queries: &QueryLoad, data: &Path) -> Result<Vec<Reading>> {
        let mut log = Log::create(self.readings.as_deref())?;
        let begin = Instant::now();
        let mut readings = Vec::new();
        for number in 1.. {
            let due = Duration::from_secs(self.reading_interval) * number;
            if due > self.warm_up() + self.measured() {
                break;
            }
            thread::sleep(due.saturating_sub(begin.elapsed()));
            server.check_alive()?;
            let reading = Reading::take(begin.elapsed(), server, queries, data)?;
            log.write(&reading)?;
            if due >= self.warm_up() {
                readings.push(reading);
            }
        }
        Ok(readings)
    }

    /// Fails if the server or the machine did not do the work that the soak is about.
    fn check_served(&self, readings: &[Reading]) -> Result<()> {
        let [first, .., last] = readings else {
            bail!("fewer than two readings: the soak was too short");
        };
        let seconds = (last.at - first.at).as_secs_f64();
        let samples = self.series as f64 / self.interval as f64 * seconds;
        let queries = self.queries * seconds;
        let answered = (last.answered - first.answered) as f64;
        for (what, part, least) in [
            (
                "samples",
                (last.samples - first.samples) / samples,
                LEAST_SAMPLES,
            ),
            ("queries", answered / queries, LEAST_QUERIES),
        ] {
            if part < least {
                bail!(
                    "{:.1} % of the {what} that were due were served",
                    part * 100.0
                );
            }
        }
        if last.refused > first.refused {
            bail!("{} queries failed", last.refused - first.refused);
        }
        Ok(())
    }
}

/// Where the readings are written as they come, if that is wanted.
struct Log(Option<File>);

impl Log {
    fn create(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(path)?;
        writeln!(file, "{}", Reading::COLUMNS)?;
        Ok(Self(Some(file)))
    }

    fn write(&mut self, reading: &Reading) -> Result<()> {
        if let Some(file) = &mut self.0 {
            writeln!(file, "{}", reading.row())?;
        }
        Ok(())
    }
}
