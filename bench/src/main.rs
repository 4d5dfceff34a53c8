//! `bench`: measures Narthex and its peers on the same generated load, in one run.
//!
//! [`fleet`] is the load: many scrape targets behind one port. [`ingest`] runs the servers on it
//! and writes what it measured into `docs/operations/measurements.md`, with the command that did.
//! [`query`] does the same for what is asked of them, [`storage`] for all that storing is about.
//! [`rules`] evaluates a folder of rules over series that they ask for.
//! [`soak`] runs a server for long and tells whether what it holds grows.
//! [`differential`] asks Narthex and Prometheus the same of the same blocks and lists what differs.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring tool outside the product: real clocks, files and sockets are its subject"
)]

mod differential;
mod figures;
mod fleet;
mod http;
mod ingest;
mod machine;
mod page;
mod process;
mod query;
mod random;
mod remote_write;
mod rules;
mod scraping;
mod server;
mod soak;
mod storage;

use anyhow::Result;
use clap::Parser;

/// Whole-stack benchmarks.
#[derive(Parser)]
#[command(name = "bench")]
enum Command {
    /// Serve a fleet of scrape targets until ended.
    Fleet(fleet::Options),
    /// Measure what scraping and storing costs, Narthex and Prometheus side by side.
    Ingest(ingest::Options),
    /// Measure what queries cost, Narthex, Prometheus and VictoriaMetrics in one run.
    Query(query::Options),
    /// Measure what evaluating rules costs, Narthex and Prometheus side by side.
    Rules(rules::Options),
    /// Run Narthex for long and tell whether what it holds grows.
    Soak(soak::Options),
    /// Measure what storing costs, Narthex, Prometheus and VictoriaMetrics in one run.
    Storage(storage::Options),
    /// Ask Narthex and Prometheus the same queries and list every difference.
    Differential(differential::Options),
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Fleet(options) => fleet::serve(&options),
        Command::Ingest(options) => ingest::run(&options),
        Command::Query(options) => query::run(&options),
        Command::Rules(options) => rules::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Storage(options) => storage::run(&options),
        Command::Differential(options) => differential::run(&options),
    }
}
