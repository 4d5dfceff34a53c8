//! `narthex tool push metrics`: sends a page of metrics by remote write, as `promtool push` does.

mod families;
mod message;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use host::Fs as _;
use host::clock::{Clock as _, RealClock};
use host::fs::RealFs;
use host::net::Client;
use host::net::client::Request;
use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, USER_AGENT};

use super::client::{self, Headers};

/// Flags of `narthex tool push`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// HTTP client configuration file
    #[arg(long = "http.config.file", value_name = "FILE", global = true)]
    http_config: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Push metrics to a remote write receiver (for testing purpose only)
    Metrics(Metrics),
}

#[derive(Debug, Args)]
struct Metrics {
    /// Label to attach to metrics. Can be specified multiple times
    #[arg(
        long = "label",
        value_name = "NAME=VALUE",
        default_value = "job=promtool"
    )]
    labels: Vec<String>,
    /// The time to wait for pushing metrics
    #[arg(long, default_value = "30s")]
    timeout: String,
    /// Remote write header
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,
    /// Protobuf message to use when writing
    #[arg(long = "protobuf_message", default_value = "prometheus.WriteRequest")]
    message: Message,
    /// Override the default remote write API path
    #[arg(long = "remote-write.path", default_value = "/api/v1/write")]
    path: String,
    /// Remote write address to push metrics to
    url: String,
    /// The metric files to push, default is read from standard input
    files: Vec<PathBuf>,
}

/// The two messages of remote write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Message {
    /// Remote write 1
    #[value(name = "prometheus.WriteRequest")]
    V1,
    /// Remote write 2
    #[value(name = "io.prometheus.write.v2.Request")]
    V2,
}

/// Sends each file, and says what became of it.
#[allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what became of each file is this command's output"
)]
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let What::Metrics(metrics) = &flags.what;
    let client = client::open(flags.http_config.as_deref())?;
    let push = match Push::new(metrics, client) {
        Ok(push) => push,
        Err(fault) => {
            eprintln!("{fault}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let mut failed = false;
    let mut report = |begun: &str, outcome: Result<(), String>, done: &str| {
        println!("{begun}");
        match outcome {
            Ok(()) => println!("  SUCCESS: {done} pushed to remote write."),
            Err(fault) => {
                eprintln!("  FAILED: {fault}");
                failed = true;
            }
        }
    };
    if metrics.files.is_empty() {
        let page = std::io::read_to_string(std::io::stdin());
        let outcome = page.map_err(|error| error.to_string());
        let outcome = outcome.and_then(|page| push.page(page.as_bytes()));
        report("Parsing standard input", outcome, "metrics");
    }
    for file in &metrics.files {
        let shown = file.display();
        let outcome = read(file).and_then(|page| push.page(&page));
        let done = format!("metrics file {shown}");
        report(&format!("Parsing metrics file {shown}"), outcome, &done);
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    RealFs.read(path).map_err(|error| error.to_string())
}

/// Where and how pages are sent.
struct Push {
    client: Client,
    request: Request,
    labels: Vec<(String, String)>,
    message: Message,
}

impl Push {
    fn new(metrics: &Metrics, client: Client) -> Result<Self, String> {
        let base = client::server_url(&metrics.url)?.expose();
        let path = metrics.path.trim_start_matches('/');
        let url = format!("{}/{path}", base.trim_end_matches('/'));
        let mut request = Request::get(config::Url::parse(&url)?);
        let timeout =
            model::duration::parse(&metrics.timeout).map_err(|error| error.to_string())?;
        request.method = Method::POST;
        request.timeout = timeout;
        let fixed = [
            (CONTENT_ENCODING, "snappy"),
            (CONTENT_TYPE, metrics.message.content_type()),
            (USER_AGENT, concat!("narthex/", env!("CARGO_PKG_VERSION"))),
        ];
        for (name, value) in fixed {
            request
                .headers
                .insert(name, HeaderValue::from_static(value));
        }
        let version = HeaderValue::from_static(metrics.message.version());
        request
            .headers
            .insert("x-prometheus-remote-write-version", version);
        request.headers.extend(Headers::parse(&metrics.headers)?.0);
        let labels = metrics.labels.iter().map(|label| {
            let pair = label.split_once('=');
            let (name, value) = pair.ok_or_else(|| format!("expected KEY=VALUE got '{label}'"))?;
            Ok((name.to_owned(), value.to_owned()))
        });
        Ok(Self {
            client,
            request,
            labels: labels.collect::<Result<_, String>>()?,
            message: metrics.message,
        })
    }

    /// Sends one page.
    fn page(&self, page: &[u8]) -> Result<(), String> {
        let now = RealClock::default().now_millis();
        let families = families::read(page, &self.labels, now)?;
        let body = match self.message {
            Message::V1 => message::v1(&families),
            Message::V2 => message::v2(&families),
        };
        let body = snap::raw::Encoder::new()
            .compress_vec(&body)
            .map_err(|error| error.to_string())?;
        let mut request = self.request.clone();
        request.body = body.into();
        let answer =
            client::block_on(self.client.send(request)).map_err(|error| error.to_string())?;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answer.body);
        let line = text.lines().next().unwrap_or_default();
        Err(format!(
            "server returned HTTP status {}: {line}",
            answer.status
        ))
    }
}

impl Message {
    fn content_type(self) -> &'static str {
        match self {
            Self::V1 => "application/x-protobuf",
            Self::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::V1 => "0.1.0",
            Self::V2 => "2.0.0",
        }
    }
}
