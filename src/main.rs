//! Narthex: one binary that does the work of the whole kube-prometheus-stack.
//!
//! This file reads the command line and hands over. `cli` is the table of commands, `commands` has
//! one file per command (flags to settings), `wiring` one file per component (construct, connect,
//! end).
//!
//! **Must not know:** how any component works inside.

use std::process::ExitCode;

mod cli;
mod commands;
mod compat;
mod wiring;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(code) => code,
        Err(error) => {
            // The log may not be running yet, and a person at a terminal reads this line.
            #[allow(
                clippy::print_stderr,
                reason = "the last word of a command that failed"
            )]
            {
                eprintln!("narthex: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
