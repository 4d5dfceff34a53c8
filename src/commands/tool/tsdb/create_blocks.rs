//! Blocks from a page of samples with timestamps.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use exposition::parse::{Entry, OpenMetricsParser, parse_series_labels};
use host::clock::RealClock;
use host::fs::RealFs;
use host::{Clock as _, Fs as _};
use model::{Labels, LabelsBuilder, MetricType};
use tsdb::ReadOnly;

use super::list;
use super::progress::Progress;

/// Flags of `narthex tool tsdb create-blocks-from openmetrics`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Print human readable values
    #[arg(long, short = 'r')]
    human_readable: bool,
    /// Do not print created blocks
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Longest span of a block
    #[arg(long, hide = true, default_value = "2h", value_name = "DURATION")]
    max_block_duration: String,
    /// Label that all series get (`name=value`); may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// Page to read
    #[arg(value_name = "INPUT FILE")]
    input: PathBuf,
    /// Folder that blocks are written into
    #[arg(default_value = "data/", value_name = "OUTPUT DIRECTORY")]
    output: PathBuf,
}

/// Samples of a page: series, and for each span of a block which samples it gets.
#[derive(Debug, Default)]
struct Page {
    series: Vec<Labels>,
    /// Series, time, value; by number of the span.
    spans: BTreeMap<i64, Vec<(u32, i64, f64)>>,
}

/// Reads the page and writes one block for each span of time that has samples.
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let longest = model::duration::parse(&flags.max_block_duration)?;
    let span = block_span(i64::try_from(longest.as_millis()).unwrap_or(i64::MAX));
    let extra: Vec<(&str, &str)> = flags
        .labels
        .iter()
        .map(|label| {
            label
                .split_once('=')
                .context("--label: not of the form name=value")
        })
        .collect::<Result<_, _>>()?;
    let bytes = RealFs
        .read(&flags.input)
        .with_context(|| format!("reading {}", flags.input.display()))?;
    let mut progress = Progress::new();
    let page = read(&bytes, span, &extra, &mut progress)?;
    if page.spans.is_empty() {
        bail!("getting min and max timestamp: expected timestamp for series got none");
    }
    RealFs
        .create_dir_durably(&flags.output)
        .context("create output dir")?;
    let total = page.spans.len() as u64;
    let mut with_head = true;
    for (done, samples) in (0..).zip(page.spans.into_values()) {
        progress.show("writing blocks", done * 1_000 / total);
        let mut of_series: HashMap<u32, Vec<(i64, f64)>> = HashMap::new();
        for (series, time, value) in samples {
            of_series.entry(series).or_default().push((time, value));
        }
        let series = of_series.into_iter().filter_map(|(number, samples)| {
            let labels = page.series.get(number as usize)?;
            Some((labels.clone(), samples))
        });
        let now = RealClock::default().now_millis();
        let written = tsdb::import::write_block(&RealFs, &flags.output, series.collect(), now)?;
        if let Some(meta) = written.filter(|_| !flags.quiet) {
            let directory = ReadOnly::open(&RealFs, &flags.output)?;
            let block = directory
                .blocks()
                .find(|(block, _)| block.ulid == meta.ulid);
            let bytes = block.map_or(0, |(_, bytes)| bytes);
            list::print_row(&meta, bytes, flags.human_readable, with_head);
            with_head = false;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The longest of 2 h, 6 h, 18 h … that is not longer than `longest`; 2 h at least.
fn block_span(longest: i64) -> i64 {
    let mut span = SHORTEST_SPAN;
    while let Some(next) = span.checked_mul(3).filter(|&next| next <= longest) {
        span = next;
    }
    span
}

fn read(
    bytes: &[u8],
    span: i64,
    extra: &[(&str, &str)],
    progress: &mut Progress,
) -> anyhow::Result<Page> {
    let mut page = Page::default();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    let mut parser = OpenMetricsParser::new(bytes);
    let mut metric_type = MetricType::Unknown;
    let mut entries = 0_u64;
    while let Some(entry) = parser.next_entry()? {
        let sample = match entry {
            Entry::Type {
                metric_type: next, ..
            } => {
                metric_type = next;
                continue;
            }
            Entry::Series(sample) => sample,
            _ => continue,
        };
        let Some(time) = sample.timestamp else {
            let series = String::from_utf8_lossy(sample.series);
            bail!("expected timestamp for series {series}, got none");
        };
        let number = match known.get(sample.series) {
            Some(&number) => number,
            None => {
                let number = u32::try_from(page.series.len())?;
                page.series
                    .push(labels_of(sample.series, metric_type, extra)?);
                known.insert(sample.series, number);
                number
            }
        };
        let place = time.div_euclid(span);
        page.spans
            .entry(place)
            .or_default()
            .push((number, time, sample.value));
        entries += 1;
        if entries.is_multiple_of(PROGRESS_STEP) {
            let done = parser.position() as u64 * 1_000 / bytes.len().max(1) as u64;
            progress.show("reading", done);
        }
    }
    Ok(page)
}

fn labels_of(
    series: &[u8],
    metric_type: MetricType,
    extra: &[(&str, &str)],
) -> anyhow::Result<Labels> {
    let mut builder = LabelsBuilder::default();
    parse_series_labels(series, metric_type, &mut builder)?;
    for (name, value) in extra {
        builder.set(name, value);
    }
    Ok(builder.build())
}

/// Upstream's shortest block.
const SHORTEST_SPAN: i64 = 2 * 3_600_000;
/// Samples after which progress is told.
const PROGRESS_STEP: u64 = 10_000;
