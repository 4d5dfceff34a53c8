//! Every checksum of a data directory.

use std::path::Path;
use std::process::ExitCode;

use host::fs::RealFs;
use tsdb::block::BlockError;
use tsdb::inspect;

use super::progress::Progress;

/// Prints what is damaged; fails if something is.
#[allow(clippy::print_stdout, reason = "the report is this command's output")]
pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let mut progress = Progress::new();
    let verified = inspect::verify(&RealFs, path, &mut |path, thousandths| {
        progress.show(&path.display().to_string(), thousandths);
    })?;
    drop(progress);
    for finding in &verified.findings {
        println!("{}: {}", finding.path.display(), finding.what);
    }
    if verified.head_chunks > 0 {
        println!("{} chunks of the head in files", verified.head_chunks);
    }
    println!(
        "{} blocks with {} series, {} chunks, {} samples; {} segments of the log: {}",
        verified.blocks,
        verified.series,
        verified.chunks,
        verified.samples,
        verified.segments,
        match verified.findings.len() {
            0 => "nothing is damaged".to_owned(),
            1 => "1 damage".to_owned(),
            count => format!("{count} damages"),
        }
    );
    Ok(match verified.findings.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Names blocks that are left out because they cannot be read. The exit code for that.
#[allow(
    clippy::print_stderr,
    reason = "the output of the command is without these blocks"
)]
pub(super) fn warn_of(damaged: &[BlockError]) -> ExitCode {
    for error in damaged {
        eprintln!("left out: {error}");
    }
    match damaged.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
