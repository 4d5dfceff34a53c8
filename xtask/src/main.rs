//! `cargo xtask`: the chores of this workspace, as one program that needs nothing but cargo.
//!
//! [`tidy`] checks what the compiler cannot, [`codegen`] writes the generated pages, [`peers`]
//! brings the programs that we compare ourselves with, [`ui`] builds the pages, and [`ci`] runs
//! everything and counts.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool of the developers, outside the product: it has no simulated twin"
)]

mod ci;
mod codegen;
mod node;
mod peers;
mod program;
mod source;
mod tidy;
mod ui;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command>

  tidy           check layers, names, headers, logs, generated pages; list what is longest
  codegen        write the generated pages under docs/reference/
  ci             everything that `make test` runs, closed by one line `N passed, M failed`
  ui             build ui/dist if its sources are newer
  ui-lint        check the UI sources with biome
  peers [NAME…]  install or build the programs that we compare ourselves with";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let root = workspace::root()?;
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "tidy" => return tidy::run(&Workspace::load(&root)?),
        "codegen" => codegen::write(&Workspace::load(&root)?)?,
        "ci" => return ci::run(&root),
        "ui" => ui::build(&root)?,
        "ui-lint" => ui::lint(&root)?,
        "peers" => peers::install(&root, rest)?,
        "help" | "--help" | "-h" => println!("{USAGE}"),
        other => {
            eprintln!("xtask: no command `{other}`\n\n{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
