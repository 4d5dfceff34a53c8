//! `tracing`: where spans of this server's own work go.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::duration;
use model::number::general;

use super::headers::{self, is_reserved};
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};
use crate::http::{self, TlsConfig};

/// The section `tracing`, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct TracingConfig {
    /// The protocol.
    pub client_type: TracingClient,
    /// Host and port of the receiver.
    pub endpoint: String,
    /// Share of the work that is recorded, from 0 to 1.
    pub sampling_fraction: f64,
    /// Without TLS.
    pub insecure: bool,
    /// How the receiver is checked, and what we show it.
    pub tls: TlsConfig,
    /// Headers to send along.
    pub headers: BTreeMap<String, String>,
    /// Whether spans are compressed (`gzip`).
    pub is_compressed: bool,
    /// How long sending may take; zero for the client's own limit.
    pub timeout: Duration,
}

/// Protocol of spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TracingClient {
    /// OTLP over HTTP.
    Http,
    /// OTLP over gRPC.
    #[default]
    Grpc,
}

impl TracingClient {
    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

impl TracingConfig {
    /// Makes relative paths start at `folder`.
    pub(super) fn set_directory(&mut self, folder: &Path) {
        self.tls.set_directory(folder);
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "client_type",
        "endpoint",
        "sampling_fraction",
        "insecure",
        "tls_config",
        "headers",
        "compression",
        "timeout",
    ],
};

/// Reads the section; one that is empty is as none.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<TracingConfig> {
    if node.value == Value::Null {
        return None;
    }
    let section = Section::open(reader, node, &SCHEMA)?;
    let endpoint = section.text("endpoint").unwrap_or_default();
    if endpoint.is_empty() {
        section.invalid_if_scalar("endpoint", "tracing endpoint must be set");
    }
    Some(TracingConfig {
        client_type: read_client_type(&section),
        endpoint,
        sampling_fraction: section.float("sampling_fraction").unwrap_or_default(),
        insecure: section.boolean("insecure").unwrap_or_default(),
        tls: section
            .get("tls_config")
            .and_then(|node| http::read_tls(reader, node))
            .unwrap_or_default(),
        headers: headers::read(&section, refusal),
        is_compressed: read_compression(&section),
        timeout: section.duration("timeout").unwrap_or_default(),
    })
}

fn read_client_type(section: &Section<'_>) -> TracingClient {
    let stated = section
        .get("client_type")
        .filter(|node| node.value != Value::Null);
    let Some(node) = stated else {
        return TracingClient::Grpc;
    };
    match section.reader.text(node).as_deref() {
        None | Some("grpc") => TracingClient::Grpc,
        Some("http") => TracingClient::Http,
        Some(other) => {
            let error = format_args!(
                "expected tracing client type to be to be http or grpc, but got {other}"
            );
            section.reader.reject(node, error).unwrap_or_default()
        }
    }
}

fn read_compression(section: &Section<'_>) -> bool {
    let Some(node) = section.get("compression") else {
        return false;
    };
    match section.reader.text(node).as_deref() {
        None | Some("") => false,
        Some("gzip") => true,
        Some(other) => {
            let error =
                format_args!("invalid compression type {other} provided, valid options: gzip");
            section.reader.reject(node, error).unwrap_or_default()
        }
    }
}

/// Why a header cannot be set, if it cannot.
fn refusal(name: &str) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        "authorization" => {
            Some("custom authorization header configuration is not yet supported".to_owned())
        }
        lower => is_reserved(lower)
            .then(|| format!("{name} is a reserved header. It must not be changed")),
    }
}

/// Writes the section, if it is there.
pub(super) fn write(yaml: &mut YamlWriter, tracing: Option<&TracingConfig>) {
    let Some(tracing) = tracing else {
        return;
    };
    yaml.mapping("tracing", |yaml| {
        yaml.entry("client_type", tracing.client_type.as_str());
        yaml.entry("endpoint", &tracing.endpoint);
        if tracing.sampling_fraction != 0.0 {
            yaml.bare("sampling_fraction", general(tracing.sampling_fraction));
        }
        if tracing.insecure {
            yaml.bare("insecure", true);
        }
        http::write_tls(yaml, &tracing.tls);
        headers::write(yaml, &tracing.headers);
        if tracing.is_compressed {
            yaml.entry("compression", "gzip");
        }
        if !tracing.timeout.is_zero() {
            yaml.bare("timeout", duration::format(tracing.timeout));
        }
    });
}
