//! `narthex tool`: checks, tests, and questions to servers.

mod api;
mod check;
mod client;
mod promql;
mod push;
mod query;
mod test_promql;
mod test_rules;
mod time;
mod tsdb;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Flags of `narthex tool`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Words,
}

#[derive(Debug, Subcommand)]
enum Words {
    /// Check resources for validity, as `promtool check` does
    Check {
        #[command(subcommand)]
        subject: Box<check::Subject>,
    },
    /// Format and change expressions
    Promql {
        #[command(subcommand)]
        change: promql::Change,
    },
    /// Push to a server
    Push(push::Flags),
    /// Run query against a server
    Query(query::Flags),
    /// Look into a data directory, and write blocks
    Tsdb {
        #[command(subcommand)]
        work: Box<tsdb::Work>,
    },
    /// Run tests
    Test {
        /// File that gets what came of the tests, in JUnit's form
        #[arg(long, global = true, value_name = "FILE")]
        junit: Option<PathBuf>,
        #[command(subcommand)]
        subject: Subject,
    },
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Run scripts in the promqltest language against the query engine
    Promql(test_promql::Flags),
    /// Run unit tests of rules
    Rules(test_rules::Flags),
}

/// Runs the tool that is named.
pub(crate) fn run(flags: Flags) -> anyhow::Result<ExitCode> {
    match flags.command {
        Words::Check { subject } => check::run(*subject),
        Words::Promql { change } => promql::run(&change),
        Words::Push(flags) => push::run(&flags),
        Words::Query(flags) => query::run(&flags),
        Words::Tsdb { work } => tsdb::run(&work),
        Words::Test { subject, junit } => match subject {
            Subject::Promql(flags) => test_promql::run(&flags),
            Subject::Rules(flags) => test_rules::run(&flags, junit.as_deref()),
        },
    }
}
