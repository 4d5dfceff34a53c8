//! `remote_write`: where samples are sent as they come in.

mod azuread;
mod queue;

pub use azuread::{AzureAdConfig, AzureCloud, AzureIdentity};
pub use queue::{MetadataConfig, QueueConfig};

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::label::NameValidationScheme;
use model::{RelabelRule, duration};

use super::headers::{self, refused_by_remote_storage};
use super::remote_read::read_url;
use super::sigv4::{self, SigV4Config};
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter, keys};
use crate::http::{self, Credentials, HttpClientConfig};
use crate::relabel::{read_rules, write_rules};
use crate::url::Url;

/// One entry of `remote_write`, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteWriteConfig {
    /// Where messages are sent.
    pub url: Url,
    /// How long one message may take: 30s.
    pub remote_timeout: Duration,
    /// Headers to send along.
    pub headers: BTreeMap<String, String>,
    /// Rules over the labels of every sample, before it is sent.
    pub write_relabel_configs: Vec<RelabelRule>,
    /// Name in metrics and logs; empty for one made of the settings. Unique in the file.
    pub name: String,
    /// Exemplars are sent too.
    pub send_exemplars: bool,
    /// Native histograms are sent too.
    pub send_native_histograms: bool,
    /// Each message goes to another one of the addresses of the host.
    pub round_robin_dns: bool,
    /// The message that is sent.
    pub protobuf_message: RemoteWriteMessage,
    /// How the receiver is asked: credentials, TLS, proxy, headers. HTTP/2 is off unless stated.
    pub http: HttpClientConfig,
    /// Samples on their way.
    pub queue: QueueConfig,
    /// Types and help texts.
    pub metadata: MetadataConfig,
    /// Signing of requests for Amazon's services.
    pub sigv4: Option<SigV4Config>,
    /// Tokens of Microsoft's directory.
    pub azuread: Option<AzureAdConfig>,
    /// Tokens of Google's cloud.
    pub google_iam: Option<GoogleIamConfig>,
}

/// Messages of the two versions of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteWriteMessage {
    /// Version 1.
    #[default]
    V1,
    /// Version 2.
    V2,
}

impl RemoteWriteMessage {
    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "prometheus.WriteRequest",
            Self::V2 => "io.prometheus.write.v2.Request",
        }
    }
}

/// The section `google_iam`, effective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoogleIamConfig {
    /// File with the key of a service account; empty for what the environment offers.
    pub credentials_file: String,
}

impl RemoteWriteConfig {
    /// Makes relative paths start at `folder`, but that of `google_iam`, as upstream.
    pub(super) fn set_directory(&mut self, folder: &Path) {
        self.http.set_directory(folder);
    }
}

// ---- reading ----

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: keys!(
        &[
            "url",
            "remote_timeout",
            "headers",
            "write_relabel_configs",
            "name",
            "send_exemplars",
            "send_native_histograms",
            "round_robin_dns",
            "protobuf_message",
            "queue_config",
            "metadata_config",
            "sigv4",
            "azuread",
            "google_iam",
        ],
        &http::KEYS,
    ),
};

const GOOGLE_SCHEMA: Schema = Schema {
    type_name: "googleiam.Config",
    keys: &["credentials_file"],
};

/// Reads all entries; names must differ.
pub(super) fn read_all(
    reader: &Reader,
    items: &[Node],
    names: NameValidationScheme,
) -> Vec<RemoteWriteConfig> {
    let mut found: Vec<RemoteWriteConfig> = Vec::with_capacity(items.len());
    for item in items {
        if item.value == Value::Null {
            reader.invalid(item.place, "empty or null remote write config section");
            continue;
        }
        let Some(section) = Section::open(reader, item, &SCHEMA) else {
            continue;
        };
        let name = section.text("name").unwrap_or_default();
        if !name.is_empty() && found.iter().any(|earlier| earlier.name == name) {
            reader.invalid(
                section.blame("name").place,
                format_args!("found multiple remote write configs with job name {name:?}"),
            );
        }
        found.push(read(&section, name, names));
    }
    found
}

fn read(section: &Section<'_>, name: String, names: NameValidationScheme) -> RemoteWriteConfig {
    let reader = section.reader;
    let flag = |key: &str| section.boolean(key).unwrap_or_default();
    let mut client = http::read(section);
    client.enable_http2 = flag("enable_http2");
    let write = RemoteWriteConfig {
        url: read_url(section, "url for remote_write is empty"),
        remote_timeout: section.duration("remote_timeout").unwrap_or(TIMEOUT),
        headers: headers::read(section, refused_by_remote_storage),
        write_relabel_configs: read_rules(
            reader,
            section.items("write_relabel_configs"),
            "relabeling rule in remote write config",
            names,
        ),
        name,
        send_exemplars: flag("send_exemplars"),
        send_native_histograms: flag("send_native_histograms"),
        round_robin_dns: flag("round_robin_dns"),
        protobuf_message: read_message(section),
        http: client,
        queue: queue::read_queue(section),
        metadata: queue::read_metadata(section),
        sigv4: sigv4::read(section),
        azuread: azuread::read(section),
        google_iam: read_google(section),
    };
    check_credentials(section, &write);
    write
}

fn read_message(section: &Section<'_>) -> RemoteWriteMessage {
    let Some(node) = section.get("protobuf_message") else {
        return RemoteWriteMessage::V1;
    };
    let Some(name) = section.reader.text(node) else {
        return RemoteWriteMessage::V1;
    };
    let messages = [RemoteWriteMessage::V1, RemoteWriteMessage::V2];
    let known = messages.into_iter().find(|known| known.as_str() == name);
    known.unwrap_or_else(|| {
        let [first, second] = messages.map(RemoteWriteMessage::as_str);
        section.reader.invalid(
            node.place,
            format_args!(
                "invalid protobuf_message value: unknown type for remote write protobuf message {name}, supported: {first}, {second}"
            ),
        );
        RemoteWriteMessage::V1
    })
}

fn read_google(section: &Section<'_>) -> Option<GoogleIamConfig> {
    let node = section
        .get("google_iam")
        .filter(|node| node.value != Value::Null)?;
    let google = Section::open(section.reader, node, &GOOGLE_SCHEMA)?;
    Some(GoogleIamConfig {
        credentials_file: google.text("credentials_file").unwrap_or_default(),
    })
}

/// Only one way to say who we are.
fn check_credentials(section: &Section<'_>, write: &RemoteWriteConfig) {
    let of_client = match write.http.credentials {
        Credentials::None => None,
        Credentials::Basic(_) => Some("basic_auth"),
        Credentials::Authorization(_) => Some("authorization"),
        Credentials::OAuth2(_) => Some("oauth2"),
    };
    let all = [
        of_client,
        write.sigv4.as_ref().map(|_| "sigv4"),
        write.azuread.as_ref().map(|_| "azuread"),
        write.google_iam.as_ref().map(|_| "google_iam"),
    ];
    let stated: Vec<&str> = all.into_iter().flatten().collect();
    if let [_, second, ..] = stated.as_slice() {
        let listed = stated.join(" ");
        section.reader.invalid(
            section.blame(second).place,
            format_args!(
                "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured. Currently configured: [{listed}]"
            ),
        );
    }
}

// ---- writing ----

/// Writes one entry in upstream's order of keys.
pub(super) fn write(yaml: &mut YamlWriter, write: &RemoteWriteConfig) {
    yaml.entry("url", &write.url.to_string());
    if !write.remote_timeout.is_zero() {
        yaml.bare("remote_timeout", duration::format(write.remote_timeout));
    }
    headers::write(yaml, &write.headers);
    write_rules(yaml, "write_relabel_configs", &write.write_relabel_configs);
    yaml.stated("name", &write.name);
    for (key, value) in [
        ("send_exemplars", write.send_exemplars),
        ("send_native_histograms", write.send_native_histograms),
        ("round_robin_dns", write.round_robin_dns),
    ] {
        if value {
            yaml.bare(key, true);
        }
    }
    yaml.entry("protobuf_message", write.protobuf_message.as_str());
    http::write(yaml, &write.http);
    queue::write_queue(yaml, &write.queue);
    queue::write_metadata(yaml, &write.metadata);
    sigv4::write(yaml, write.sigv4.as_ref());
    azuread::write(yaml, write.azuread.as_ref());
    if let Some(google) = &write.google_iam {
        yaml.mapping("google_iam", |yaml| {
            yaml.stated("credentials_file", &google.credentials_file);
        });
    }
}

const TIMEOUT: Duration = Duration::from_secs(30);
