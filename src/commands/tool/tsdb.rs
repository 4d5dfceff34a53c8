//! `narthex tool tsdb`: what is in a data directory, as `promtool tsdb` says it.

mod analyze;
mod bench_write;
mod create_blocks;
mod dump;
mod from_openmetrics;
mod from_rules;
mod list;
mod progress;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

/// What to do with a data directory.
#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Run benchmarks
    Bench {
        #[command(subcommand)]
        benchmark: Benchmark,
    },
    /// List blocks
    List {
        /// Print human readable values
        #[arg(long, short = 'r')]
        human_readable: bool,
        /// Data directory
        #[arg(default_value = "data/", value_name = "DB PATH")]
        path: PathBuf,
    },
    /// Analyze churn, label pair cardinality and compaction efficiency
    Analyze(analyze::Flags),
    /// Print samples
    Dump(dump::Flags),
    /// Print samples in the OpenMetrics format, without native histograms and staleness markers
    DumpOpenmetrics(dump::Selection),
    /// Write blocks from samples in other formats, and from what rules would have recorded
    CreateBlocksFrom(create_blocks::Flags),
    /// Look at every checksum and name what is damaged (not a command of promtool)
    Verify {
        /// Data directory
        #[arg(default_value = "data/", value_name = "DB PATH")]
        path: PathBuf,
    },
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// Run a write performance benchmark
    Write(bench_write::Flags),
}

/// Does it.
pub(crate) fn run(work: &Work) -> anyhow::Result<ExitCode> {
    match work {
        Work::Bench {
            benchmark: Benchmark::Write(flags),
        } => bench_write::run(flags),
        Work::List {
            human_readable,
            path,
        } => list::run(path, *human_readable),
        Work::Analyze(flags) => analyze::run(flags),
        Work::Dump(flags) => dump::run(flags),
        Work::DumpOpenmetrics(selection) => dump::run_openmetrics(selection),
        Work::CreateBlocksFrom(flags) => create_blocks::run(flags),
        Work::Verify { path } => verify::run(path),
    }
}
