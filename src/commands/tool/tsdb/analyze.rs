//! What makes a block large.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use host::fs::RealFs;
use tsdb::ReadOnly;
use tsdb::inspect::{Analysis, Ranking, fullness};

use super::list::go_duration;

/// Flags of `narthex tool tsdb analyze`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// How many items to show in each list
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Look at how full chunks are, too
    #[arg(long)]
    extended: bool,
    /// Data directory
    #[arg(default_value = "data/", value_name = "DB PATH")]
    path: PathBuf,
    /// Block to analyze; the last one if not given
    #[arg(value_name = "BLOCK ID")]
    block: Option<String>,
}

/// Prints what is found.
#[allow(clippy::print_stdout, reason = "the report is this command's output")]
pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let directory = ReadOnly::open(&RealFs, &flags.path)?;
    let damaged = super::verify::warn_of(directory.damaged());
    let Some(analysis) = Analysis::of(&directory, flags.block.as_deref(), flags.limit)? else {
        match &flags.block {
            Some(block) => bail!("block {block} not found"),
            None => bail!("no blocks found"),
        }
    };
    let meta = &analysis.meta;
    println!("Block ID: {}", meta.ulid);
    println!("Duration: {}", go_duration(meta.max_time - meta.min_time));
    println!("Series: {}", meta.stats.num_series);
    println!("Label names: {}", analysis.label_names);
    println!("Postings (unique label pairs): {}", analysis.pairs);
    println!("Postings entries (total label pairs): {}", analysis.entries);
    let lists: [(&str, &Ranking); 6] = [
        (
            "Label pairs most involved in churning",
            &analysis.churning_pairs,
        ),
        (
            "Label names most involved in churning",
            &analysis.churning_names,
        ),
        ("Most common label pairs", &analysis.common_pairs),
        (
            "Label names with highest cumulative label value length",
            &analysis.value_lengths,
        ),
        ("Highest cardinality labels", &analysis.cardinality),
        ("Highest cardinality metric names", &analysis.metric_names),
    ];
    for (title, ranking) in lists {
        println!("\n{title}:");
        for (count, name) in ranking {
            println!("{count} {name}");
        }
    }
    if flags.extended {
        print_fullness(fullness(&directory, &meta.ulid)?);
    }
    Ok(damaged)
}

#[allow(clippy::print_stdout, reason = "the report is this command's output")]
fn print_fullness(tenths: [u64; 10]) {
    println!("\nCompaction analysis:");
    println!("Fullness: Amount of samples in chunks (100% is 120 samples)");
    let total: u64 = tenths.iter().sum::<u64>().max(1);
    for (percent, chunks) in (10..).step_by(10).zip(tenths) {
        let share = usize::try_from(100 * chunks / total).unwrap_or_default();
        println!("{percent:>7}%: {}", "#".repeat(share));
    }
}
