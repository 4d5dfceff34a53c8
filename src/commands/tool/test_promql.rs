//! `narthex tool test promql`: runs promqltest scripts and says what differs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use host::Fs as _;
use host::fs::RealFs;
use promql::script::{self, Report};

/// Flags of `narthex tool test promql`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Scripts to run
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the scripts; fails if an evaluation does.
#[allow(clippy::print_stdout, reason = "the report is this command's output")]
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let mut total = Report::default();
    for path in &flags.files {
        let bytes = RealFs
            .read(path)
            .with_context(|| format!("reading {}", path.display()))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{}", path.display()))?;
        total.merge(script::run(&path.to_string_lossy(), &text));
    }
    println!("{total}");
    Ok(if total.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
