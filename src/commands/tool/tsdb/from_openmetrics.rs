//! Blocks from a page of samples with timestamps.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use host::clock::RealClock;
use host::fs::RealFs;
use host::{Clock as _, Fs as _};
use tsdb::ReadOnly;
use tsdb::import::{Import, ImportOptions};

use super::create_blocks::Shape;
use super::list;
use super::progress::Progress;

/// Flags of `narthex tool tsdb create-blocks-from openmetrics`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
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

/// Reads the page and writes one block for each span of time that has samples.
pub(super) fn run(flags: &Flags, shape: &Shape) -> anyhow::Result<ExitCode> {
    let span = shape.block_span()?;
    let extra: Vec<(&str, &str)> = flags
        .labels
        .iter()
        .map(|label| {
            label
                .split_once('=')
                .context("--label: not of the form name=value")
        })
        .collect::<Result<_, _>>()?;
    let mut progress = Progress::new();
    let mut show = |done: u64, total: u64| {
        progress.show("reading", done.saturating_mul(1_000) / total.max(1));
    };
    let options = ImportOptions {
        labels: extra,
        ..ImportOptions::new(span)
    };
    let mut import = Import::read(&RealFs, &flags.input, options, &mut show)?;
    RealFs
        .create_dir_durably(&flags.output)
        .context("create output dir")?;
    let total = import.remaining() as u64;
    let mut with_head = true;
    loop {
        let done = total.saturating_sub(import.remaining() as u64);
        progress.show("writing blocks", done * 1_000 / total.max(1));
        let now = RealClock::default().now_millis();
        let Some(meta) = import.write_next(&flags.output, now)? else {
            return Ok(ExitCode::SUCCESS);
        };
        if shape.quiet {
            continue;
        }
        let directory = ReadOnly::open(&RealFs, &flags.output)?;
        let block = directory
            .blocks()
            .find(|(block, _)| block.ulid == meta.ulid);
        let bytes = block.map_or(0, |(_, bytes)| bytes);
        list::print_row(&meta, bytes, shape.human_readable, with_head);
        with_head = false;
    }
}
