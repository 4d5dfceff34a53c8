//! `narthex tool test promql`: runs promqltest scripts and says what differs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use host::Fs as _;
use host::fs::RealFs;

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
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for path in &flags.files {
        let bytes = RealFs
            .read(path)
            .with_context(|| format!("reading {}", path.display()))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{}", path.display()))?;
        let report = promql::script::run(&path.to_string_lossy(), &text);
        print!("{report}");
        passed += report.passed;
        failed += report.failed.len();
        skipped += report.skipped.len();
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
