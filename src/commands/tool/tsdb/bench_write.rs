//! How fast samples are taken, as `promtool tsdb bench write` measures it.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use exposition::Registry;
use host::clock::RealClock;
use host::fs::RealFs;
use host::{Clock as _, Fs as _};
use model::{Labels, LabelsBuilder, SeriesRef, number};
use storage::{Append, AppendError, Appendable};
use tsdb::{Db, Options};

/// Flags of `narthex tool tsdb bench write`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Set the output path
    #[arg(long, default_value = "benchout", value_name = "DIR")]
    out: PathBuf,
    /// Number of metrics to read
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    metrics: usize,
    /// Number of scrapes to simulate
    #[arg(long, default_value_t = 3_000, value_name = "NUMBER")]
    scrapes: i64,
    /// Input file with samples data, a JSON object of labels in each line; without it, series are made
    /// up
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Writes into an empty database below the output path, and prints how long that takes.
#[allow(clippy::print_stdout, reason = "the figures are this command's output")]
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let directory = flags.out.join("storage");
    match RealFs.remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).context("remove output dir");
        }
        _ => {}
    }
    RealFs
        .create_dir_durably(&directory)
        .context("create output dir")?;
    let fs = Arc::new(RealFs);
    let clock = Arc::new(RealClock::default());
    let db = Db::open(Options::new(directory), fs, clock, &Registry::new())?;

    let (series, _) = measure("readData", || series(flags))?;
    let (total, took) = measure("ingestScrapes", || {
        let total = ingest(&db, &series, flags.scrapes)?;
        println!("ingestion completed");
        Ok(total)
    })?;
    println!(" > total samples: {total}");
    let per_second = total as f64 / took.as_secs_f64();
    println!(" > samples/sec: {}", number::general(per_second));
    measure("stopStorage", || Ok(db.close()?))?;
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::print_stdout, reason = "the figures are this command's output")]
fn measure<T>(
    stage: &str,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, Duration)> {
    println!(">> start stage={stage}");
    let clock = RealClock::default();
    let begun = clock.monotonic();
    let outcome = work()?;
    let took = clock.monotonic().saturating_sub(begun);
    println!(
        ">> completed stage={stage} duration={}",
        duration_text(took)
    );
    Ok((outcome, took))
}

fn series(flags: &Flags) -> anyhow::Result<Vec<Labels>> {
    let Some(path) = &flags.file else {
        return Ok((0..flags.metrics).map(made_up).collect());
    };
    let bytes = RealFs
        .read(path)
        .with_context(|| format!("open {}", path.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("reading {}", path.display()))?;
    let mut known = HashSet::new();
    let lines = text.lines().map(labels_of);
    Ok(lines
        .filter(|labels| known.insert(labels.clone()))
        .take(flags.metrics)
        .collect())
}

/// Series such as exporters have: fifty to a metric name, a hundred names to an instance.
fn made_up(number: usize) -> Labels {
    let (name, instance) = (number / 50 % 100, number / 5_000);
    Labels::from_pairs([
        ("__name__", format!("bench_metric_{name}_total").as_str()),
        (
            "instance",
            &format!("10.0.{}.{}:9100", instance / 250, instance % 250),
        ),
        ("job", "bench"),
        ("place", &(number % 50).to_string()),
    ])
}

/// As upstream reads a line: whatever stands between commas is a name, a colon and a value.
fn labels_of(line: &str) -> Labels {
    let plain = line.replace(['"', '{', '}'], "");
    let mut builder = LabelsBuilder::default();
    for pair in plain.split(',') {
        let mut parts = pair.split(':');
        let name = parts.next().unwrap_or_default();
        builder.set(name, parts.next().unwrap_or_default());
    }
    builder.build()
}

/// Appends scrapes in runs of a hundred, each thousand series from a thread of its own.
fn ingest(db: &Db, series: &[Labels], scrapes: i64) -> anyhow::Result<u64> {
    let mut total = 0;
    for first in (0..scrapes).step_by(RUN as usize) {
        let taken: Result<Vec<u64>, AppendError> = std::thread::scope(|scope| {
            let shards = series.chunks(SHARD).map(|shard| {
                scope.spawn(move || ingest_shard(db, shard, RUN, first * STEP_MILLIS))
            });
            let shards: Vec<_> = shards.collect();
            let join = |shard: std::thread::ScopedJoinHandle<'_, _>| match shard.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            shards.into_iter().map(join).collect()
        });
        total += taken?.iter().sum::<u64>();
    }
    Ok(total)
}

fn ingest_shard(db: &Db, series: &[Labels], scrapes: i64, from: i64) -> Result<u64, AppendError> {
    let mut references: Vec<Option<SeriesRef>> = vec![None; series.len()];
    let mut value = FIRST_VALUE;
    for scrape in 1..=scrapes {
        let time = from + scrape * STEP_MILLIS;
        value += VALUE_STEP;
        let mut appender = db.appender();
        for (labels, reference) in series.iter().zip(&mut references) {
            let mut append = Append::new(labels, time, value);
            append.series = *reference;
            *reference = Some(appender.append(append)?);
        }
        appender.commit()?;
    }
    Ok(series.len() as u64 * scrapes.unsigned_abs())
}

/// A duration as Go writes it: `1.5s`, `16.05453ms`, `201ns`.
fn duration_text(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, scale) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000_u128),
    };
    let minutes = nanos / 60_000_000_000;
    let text = |nanos: u128| {
        let (whole, rest) = (nanos / scale, nanos % scale);
        let digits = scale.ilog10() as usize;
        let text = format!("{whole}.{rest:0digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{}{unit}", text(nanos)),
        (0, minutes) => format!("{minutes}m{}s", text(nanos % 60_000_000_000)),
        (hours, minutes) => format!("{hours}h{minutes}m{}s", text(nanos % 60_000_000_000)),
    }
}

/// Scrapes that a thread appends before the others are waited for. This and what follows are upstream's
/// figures.
const RUN: i64 = 100;
/// Series to a thread.
const SHARD: usize = 1_000;
/// Milliseconds between two scrapes.
const STEP_MILLIS: i64 = 30_000;
const FIRST_VALUE: f64 = 123_456_789.0;
const VALUE_STEP: f64 = 1_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let cases = [
            (0, "0s"),
            (201, "201ns"),
            (1_200, "1.2µs"),
            (16_054_530, "16.05453ms"),
            (2_000_000_000, "2s"),
            (62_000_000_001, "1m2.000000001s"),
            (3_600_000_000_000, "1h0m0s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration_text(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn lines_are_label_sets() {
        let labels = labels_of("{\"job\":\"a\",\"__name__\":\"up\"}");
        assert_eq!(
            labels,
            Labels::from_pairs([("__name__", "up"), ("job", "a")])
        );
        let series: HashSet<Labels> = (0..20_000).map(made_up).collect();
        assert_eq!(series.len(), 20_000);
    }
}
