//! `narthex tool tsdb create-blocks-from`: blocks of samples that come from elsewhere.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{from_openmetrics, from_rules};

/// Flags of `narthex tool tsdb create-blocks-from`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    shape: Shape,
    #[command(subcommand)]
    source: Source,
}

/// What the blocks are like and what is said of them.
#[derive(Debug, Args)]
pub(super) struct Shape {
    /// Print human readable values
    #[arg(long, short = 'r', global = true)]
    pub(super) human_readable: bool,
    /// Do not print created blocks
    #[arg(long, short = 'q', global = true)]
    pub(super) quiet: bool,
    /// Longest span of a block
    #[arg(
        long,
        hide = true,
        default_value = "2h",
        value_name = "DURATION",
        global = true
    )]
    max_block_duration: String,
}

/// Where samples come from.
#[derive(Debug, Subcommand)]
enum Source {
    /// Samples with timestamps in the OpenMetrics format
    Openmetrics(from_openmetrics::Flags),
    /// Recording rules, evaluated by a server for times that have gone by
    Rules(from_rules::Flags),
}

/// Writes the blocks.
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    match &flags.source {
        Source::Openmetrics(of) => from_openmetrics::run(of, &flags.shape),
        Source::Rules(of) => from_rules::run(of, &flags.shape),
    }
}

impl Shape {
    /// Milliseconds of a block: the longest of 2 h, 6 h, 18 h … that is not longer than what is
    /// stated; 2 h at least.
    pub(super) fn block_span(&self) -> anyhow::Result<i64> {
        let longest = model::duration::parse(&self.max_block_duration)?;
        let longest = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        let mut span = SHORTEST_SPAN;
        while let Some(next) = span.checked_mul(3).filter(|&next| next <= longest) {
            span = next;
        }
        Ok(span)
    }
}

/// Upstream's shortest block.
const SHORTEST_SPAN: i64 = 2 * 3_600_000;
