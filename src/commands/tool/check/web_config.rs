//! `narthex tool check web-config`: listener files with the certificates that they name. Texts and
//! exit codes are promtool's.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use host::fs::RealFs;

/// Flags of `narthex tool check web-config`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The listener files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Checks every file, and says of each what it found.
#[allow(clippy::print_stderr, reason = "what the tool finds is its output")]
pub(crate) fn run(flags: &Flags) -> ExitCode {
    let mut outcome = ExitCode::SUCCESS;
    for file in &flags.files {
        let shown = file.display();
        match web::access::check(&RealFs, file) {
            Ok(()) => eprintln!("{shown} SUCCESS"),
            Err(error) => {
                eprintln!("{shown} FAILED: {error}");
                outcome = ExitCode::FAILURE;
            }
        }
    }
    outcome
}
