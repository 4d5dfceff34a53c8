//! `narthex tool check`: files and servers examined, as `promtool check` does.

mod config;
mod metrics;
mod named_files;
mod rules;
mod service_discovery;
mod status;
mod web_config;

use std::process::ExitCode;

use clap::Subcommand;

/// What to examine.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Pass metrics over standard input to lint them for consistency and correctness, and optionally
    /// perform cardinality analysis
    Metrics(metrics::Flags),
    /// Check configuration files of the server
    Config(config::Flags),
    /// Run the service discovery of a job, and show what it finds and what relabeling makes of it
    ServiceDiscovery(service_discovery::Flags),
    /// Check if the rule files are valid or not
    Rules(rules::Flags),
    /// Check listener files, as --web.config.file takes them
    WebConfig(web_config::Flags),
    /// Check whether a server is healthy
    Healthy(status::Flags),
    /// Check whether a server is ready
    Ready(status::Flags),
}

/// Examines it.
pub(crate) fn run(subject: Subject) -> anyhow::Result<ExitCode> {
    match subject {
        Subject::Metrics(flags) => metrics::run(&flags),
        Subject::Config(flags) => Ok(config::run(&flags)),
        Subject::ServiceDiscovery(flags) => service_discovery::run(&flags),
        Subject::Rules(flags) => rules::run(&flags),
        Subject::WebConfig(flags) => Ok(web_config::run(&flags)),
        Subject::Healthy(flags) => status::run(&flags, "/-/healthy"),
        Subject::Ready(flags) => status::run(&flags, "/-/ready"),
    }
}
