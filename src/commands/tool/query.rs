//! `narthex tool query`: asks a server, as `promtool query` does.

mod analyze;
mod histogram;
mod show;
mod statistics;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use host::clock::{Clock as _, RealClock};

use super::api::{Api, ApiError};
use super::client::{self, Headers};
use super::time;

/// Flags of `narthex tool query`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Output format of the query
    #[arg(short = 'o', long = "format", default_value = "promql", global = true)]
    format: Format,
    /// HTTP client configuration file
    #[arg(long = "http.config.file", value_name = "FILE", global = true)]
    http_config: Option<PathBuf>,
    #[command(subcommand)]
    query: Query,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// As Prometheus' own types print
    Promql,
    /// As JSON
    Json,
}

#[derive(Debug, Subcommand)]
enum Query {
    /// Run instant query
    Instant {
        /// Query evaluation time (RFC3339 or Unix timestamp)
        #[arg(long, allow_hyphen_values = true)]
        time: Option<String>,
        /// Extra headers to send to server
        #[arg(long = "header", value_name = "NAME=VALUE")]
        headers: Vec<String>,
        /// Prometheus server to query
        server: String,
        /// PromQL query expression
        #[arg(allow_hyphen_values = true)]
        expr: String,
    },
    /// Run range query
    Range {
        /// Extra headers to send to server
        #[arg(long = "header", value_name = "NAME=VALUE")]
        headers: Vec<String>,
        /// Query range start time (RFC3339 or Unix timestamp)
        #[arg(long, allow_hyphen_values = true)]
        start: Option<String>,
        /// Query range end time (RFC3339 or Unix timestamp)
        #[arg(long, allow_hyphen_values = true)]
        end: Option<String>,
        /// Query step size (duration)
        #[arg(long)]
        step: Option<String>,
        /// Prometheus server to query
        server: String,
        /// PromQL query expression
        #[arg(allow_hyphen_values = true)]
        expr: String,
    },
    /// Run series query
    Series {
        /// Series selector. Can be specified multiple times
        #[arg(long = "match", required = true, value_name = "MATCH")]
        matches: Vec<String>,
        #[command(flatten)]
        range: Range,
        /// Prometheus server to query
        server: String,
    },
    /// Run labels query
    Labels {
        #[command(flatten)]
        range: Range,
        /// Series selector. Can be specified multiple times
        #[arg(long = "match", value_name = "MATCH")]
        matches: Vec<String>,
        /// Prometheus server to query
        server: String,
        /// Label name to provide label values for
        name: String,
    },
    /// Run queries to analyze the usage pattern of certain metrics
    Analyze(analyze::Flags),
}

/// The time that series are looked for in.
#[derive(Debug, Args)]
struct Range {
    /// Start time (RFC3339 or Unix timestamp)
    #[arg(long, allow_hyphen_values = true)]
    start: Option<String>,
    /// End time (RFC3339 or Unix timestamp)
    #[arg(long, allow_hyphen_values = true)]
    end: Option<String>,
}

/// Runs the query and prints what it gives.
#[allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the result is this command's output"
)]
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let client = client::open(flags.http_config.as_deref())?;
    let answered = client::block_on(answer(flags, &client))?;
    match answered {
        Ok(text) => {
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            eprintln!("{fault}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What is printed, or what went wrong.
async fn answer(flags: &Flags, client: &host::net::Client) -> Result<String, String> {
    let api = |server: &str, headers: &[String]| {
        let headers = Headers::parse(headers)?;
        Api::new(client.clone(), server, headers)
            .map_err(|error| format!("error creating API client: {error}"))
    };
    let query_fault = |error: ApiError| format!("query error: {error}");
    match &flags.query {
        Query::Instant {
            time,
            headers,
            server,
            expr,
        } => {
            let api = api(server, headers)?;
            let at = time::or_now(time.as_deref(), "evaluation time")?;
            let value = api.query(expr, at).await.map_err(query_fault)?;
            show::value(&value, flags.format)
        }
        Query::Range {
            headers,
            start,
            end,
            step,
            server,
            expr,
        } => {
            let api = api(server, headers)?;
            let range = time::range(start.as_deref(), end.as_deref(), step.as_deref())?;
            let value = api.query_range(expr, range).await.map_err(query_fault)?;
            show::value(&value, flags.format)
        }
        Query::Series {
            matches,
            range,
            server,
        } => {
            let api = api(server, &[])?;
            let (start, end) = range.bounds()?;
            let series = api.series(matches, start, end).await.map_err(query_fault)?;
            show::series(&series, flags.format)
        }
        Query::Labels {
            range,
            matches,
            server,
            name,
        } => {
            let api = api(server, &[])?;
            let (start, end) = range.bounds()?;
            let values = api.label_values(name, matches, start, end).await;
            show::texts(&values.map_err(query_fault)?, flags.format)
        }
        Query::Analyze(flags) => analyze::run(flags, &api(&flags.server, &[])?)
            .await
            .map_err(|error| error.to_string()),
    }
}

impl Range {
    /// In seconds since the Unix epoch; a year to both sides of now where nothing is stated.
    fn bounds(&self) -> Result<(f64, f64), String> {
        let now = RealClock::default().now_millis() as f64 / 1000.0;
        let at = |text: &Option<String>, name: &str, default: f64| match text {
            Some(text) => {
                time::parse(text).map_err(|error| format!("error parsing {name} time: {error}"))
            }
            None => Ok(default),
        };
        let start = at(&self.start, "start", now - FAR_SECONDS)?;
        let end = at(&self.end, "end", now + FAR_SECONDS)?;
        Ok((start, end))
    }
}

/// Series are looked for this far from now, as upstream does it.
const FAR_SECONDS: f64 = 9999.0 * 3600.0;
