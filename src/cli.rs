//! The tree of commands, and which of them is meant.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{node_exporter, server, tool, up};
use crate::compat;

/// One binary that does the work of the whole kube-prometheus-stack.
#[derive(Debug, Parser)]
#[command(name = "narthex", version = VERSION, subcommand_required = true)]
#[command(arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Words,
}

/// Version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Subcommand)]
enum Words {
    /// Monitor this machine, without any configuration
    Up(up::Flags),
    /// Discover, scrape, store, query and alert, as `prometheus` does
    Server(Box<server::Flags>),
    /// Check, test, query and look into data, as `promtool` does
    Tool(tool::Flags),
}

/// Runs the command that these arguments name. Started under the name of a program that Narthex
/// replaces, it is that program's command.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> anyhow::Result<ExitCode> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if let Some(command) = arguments.first().and_then(|name| command_of_program(name)) {
        arguments.insert(1, command.into());
    }
    let tree = Cli::command().subcommand(node_exporter::command());
    let arguments = compat::normalise(&tree, arguments);
    let matches = tree.clone().get_matches_from(arguments);
    if let Some(("node-exporter", matches)) = matches.subcommand() {
        return node_exporter::run(matches);
    }
    match Cli::from_arg_matches(&matches)?.command {
        Words::Up(flags) => up::run(&flags, flag_values(&tree, &matches)),
        Words::Server(flags) => server::run(&flags, flag_values(&tree, &matches)),
        Words::Tool(flags) => tool::run(flags),
    }
}

/// The flags of the command that is run, with their values.
fn flag_values(tree: &Command, matches: &ArgMatches) -> Vec<(String, String)> {
    matches
        .subcommand()
        .and_then(|(name, matches)| Some(compat::values(tree.find_subcommand(name)?, matches)))
        .unwrap_or_default()
}

/// The command of the program that is called like this file.
fn command_of_program(name: &OsString) -> Option<&'static str> {
    match Path::new(name).file_name()?.to_str()? {
        "prometheus" => Some("server"),
        "node_exporter" => Some("node-exporter"),
        _ => None,
    }
}
