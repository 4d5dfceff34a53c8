//! Samples of a data directory, its log included, as text.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use host::fs::RealFs;
use model::quote::quoted;
use model::value::is_stale;
use model::{Labels, Matcher, TimeRange, number};
use promql::parser::parse_selector;
use storage::{Queryable as _, SampleBuffer, Select, SeriesSet};
use tsdb::ReadOnly;

/// Flags of `narthex tool tsdb dump`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    selection: Selection,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Prom)]
    format: Format,
}

/// Which samples.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// First timestamp, in milliseconds
    #[arg(long, default_value_t = i64::MIN, hide_default_value = true, allow_hyphen_values = true)]
    min_time: i64,
    /// Last timestamp, in milliseconds
    #[arg(long, default_value_t = i64::MAX, hide_default_value = true, allow_hyphen_values = true)]
    max_time: i64,
    /// Series selector; may be given several times
    #[arg(
        long = "match",
        default_value = "{__name__=~'(?s:.*)'}",
        value_name = "SELECTOR"
    )]
    selectors: Vec<String>,
    /// Data directory
    #[arg(default_value = "data/", value_name = "DB PATH")]
    path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Labels, value and timestamp of each sample
    Prom,
    /// Labels of each series as JSON
    Seriesjson,
}

/// Prints the samples.
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    match flags.format {
        Format::Prom => each_series(&flags.selection, &mut write_samples, ""),
        Format::Seriesjson => each_series(&flags.selection, &mut write_json, ""),
    }
}

/// Prints the samples in the OpenMetrics format.
pub(super) fn run_openmetrics(selection: &Selection) -> anyhow::Result<ExitCode> {
    each_series(selection, &mut write_openmetrics, "# EOF\n")
}

type WriteSeries = dyn FnMut(&mut dyn Write, &Labels, &SampleBuffer) -> std::io::Result<()>;

fn each_series(
    selection: &Selection,
    write: &mut WriteSeries,
    end: &str,
) -> anyhow::Result<ExitCode> {
    let selectors = selection.selectors.iter();
    let sets: Vec<Vec<Matcher>> = selectors
        .map(|text| parse_selector(text).with_context(|| format!("--match {text}")))
        .collect::<Result<_, _>>()?;
    let directory = ReadOnly::open(&RealFs, &selection.path)?;
    let damaged = super::verify::warn_of(directory.damaged());
    let directory = directory.with_log(&RealFs, &selection.path)?;
    let range = TimeRange::new(selection.min_time, selection.max_time);
    let querier = directory.querier(range)?;
    let selected: Vec<Box<dyn SeriesSet + '_>> = sets
        .into_iter()
        .map(|matchers| {
            let mut select = Select::new(matchers, range);
            select.sorted = true;
            querier.select(&select)
        })
        .collect::<Result<_, _>>()?;
    let mut series: Vec<(Labels, usize, usize)> = Vec::new();
    for (number, set) in selected.iter().enumerate() {
        series.extend((0..set.len()).map(|index| (set.labels(index), number, index)));
    }
    series.sort_by(|a, b| a.0.cmp(&b.0));
    // Several selectors may find the same series.
    series.dedup_by(|a, b| a.0 == b.0);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut buffer = SampleBuffer::default();
    for (labels, number, index) in series {
        if let Some(set) = selected.get(number) {
            set.read(index, &mut buffer)?;
            write(&mut out, &labels, &buffer)?;
        }
    }
    out.write_all(end.as_bytes())?;
    out.flush()?;
    Ok(damaged)
}

fn write_samples(
    out: &mut dyn Write,
    labels: &Labels,
    samples: &SampleBuffer,
) -> std::io::Result<()> {
    let labels = braces(labels.iter(), ", ");
    for (time, value) in samples.timestamps().iter().zip(samples.values()) {
        writeln!(out, "{labels} {} {time}", number::general(*value))?;
    }
    let histograms = samples.histograms();
    for (time, histogram) in histograms.timestamps().iter().zip(histograms.values()) {
        writeln!(out, "{labels} {histogram} {time}")?;
    }
    Ok(())
}

fn write_json(
    out: &mut dyn Write,
    labels: &Labels,
    _samples: &SampleBuffer,
) -> std::io::Result<()> {
    let pairs = labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.into()));
    let object: serde_json::Map<String, serde_json::Value> = pairs.collect();
    writeln!(out, "{}", serde_json::Value::from(object))
}

fn write_openmetrics(
    out: &mut dyn Write,
    labels: &Labels,
    samples: &SampleBuffer,
) -> std::io::Result<()> {
    let name = labels.metric_name().unwrap_or_default();
    let others = labels.without_name();
    let others = braces(others.iter(), ",");
    for (&time, &value) in samples.timestamps().iter().zip(samples.values()) {
        if is_stale(value) {
            continue;
        }
        let seconds = time.div_euclid(1_000);
        let (value, rest) = (number::general(value), time.rem_euclid(1_000));
        writeln!(out, "{name}{others} {value} {seconds}.{rest:03}")?;
    }
    Ok(())
}

fn braces<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>, separator: &str) -> String {
    let pairs = labels.map(|(name, value)| format!("{name}={}", quoted(value)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(separator))
}
