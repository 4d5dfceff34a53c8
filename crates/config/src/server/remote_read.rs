//! `remote_read`: who is asked for samples that are not here.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::{Labels, duration};

use super::headers::{self, refused_by_remote_storage};
use crate::discovery::read_labels;
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter, keys};
use crate::http::{self, HttpClientConfig};
use crate::url::Url;

/// One entry of `remote_read`, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteReadConfig {
    /// Who is asked.
    pub url: Url,
    /// How long an answer may take: 1m.
    pub remote_timeout: Duration,
    /// Bytes of one frame of a streamed answer: 50 MB.
    pub chunked_read_limit: u64,
    /// Headers to send along.
    pub headers: BTreeMap<String, String>,
    /// Asked also for times that the own store has completely.
    pub read_recent: bool,
    /// Name in metrics and logs; empty for one made of the settings. Unique in the file.
    pub name: String,
    /// How the other side is asked: credentials, TLS, proxy, headers.
    pub http: HttpClientConfig,
    /// Asked only by selectors that have all of these.
    pub required_matchers: Labels,
    /// The external labels are put into the question: true.
    pub filter_external_labels: bool,
}

impl RemoteReadConfig {
    /// Makes relative paths start at `folder`.
    pub(super) fn set_directory(&mut self, folder: &Path) {
        self.http.set_directory(folder);
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: keys!(
        &[
            "url",
            "remote_timeout",
            "chunked_read_limit",
            "headers",
            "read_recent",
            "name",
            "required_matchers",
            "filter_external_labels",
        ],
        &http::KEYS,
    ),
};

/// Reads all entries; names must differ.
pub(super) fn read_all(reader: &Reader, items: &[Node]) -> Vec<RemoteReadConfig> {
    let mut found: Vec<RemoteReadConfig> = Vec::with_capacity(items.len());
    for item in items {
        if item.value == Value::Null {
            reader.invalid(item.place, "empty or null remote read config section");
            continue;
        }
        let Some(section) = Section::open(reader, item, &SCHEMA) else {
            continue;
        };
        let name = section.text("name").unwrap_or_default();
        if !name.is_empty() && found.iter().any(|earlier| earlier.name == name) {
            reader.invalid(
                section.blame("name").place,
                format_args!("found multiple remote read configs with job name {name:?}"),
            );
        }
        found.push(read(&section, name));
    }
    found
}

fn read(section: &Section<'_>, name: String) -> RemoteReadConfig {
    let matchers = section.get("required_matchers");
    RemoteReadConfig {
        url: read_url(section, "url for remote_read is empty"),
        remote_timeout: section.duration("remote_timeout").unwrap_or(TIMEOUT),
        chunked_read_limit: section
            .unsigned("chunked_read_limit")
            .unwrap_or(CHUNKED_READ_LIMIT),
        headers: headers::read(section, refused_by_remote_storage),
        read_recent: section.boolean("read_recent").unwrap_or_default(),
        name,
        http: http::read(section),
        required_matchers: matchers
            .map(|node| read_labels(section.reader, node))
            .unwrap_or_default(),
        filter_external_labels: section.boolean("filter_external_labels").unwrap_or(true),
    }
}

/// Reads `url`, which must be there; `missing` is said when it is not.
pub(super) fn read_url(section: &Section<'_>, missing: &str) -> Url {
    let stated = section.get("url").filter(|node| node.value != Value::Null);
    let Some(node) = stated else {
        section.reader.invalid(section.blame("url").place, missing);
        return Url::default();
    };
    let text = section.reader.text(node).unwrap_or_default();
    match Url::parse(&text) {
        Ok(url) => url,
        Err(error) => section.reader.reject(node, error).unwrap_or_default(),
    }
}

/// Writes one entry in upstream's order of keys.
pub(super) fn write(yaml: &mut YamlWriter, read: &RemoteReadConfig) {
    yaml.entry("url", &read.url.to_string());
    if !read.remote_timeout.is_zero() {
        yaml.bare("remote_timeout", duration::format(read.remote_timeout));
    }
    if read.chunked_read_limit > 0 {
        yaml.bare("chunked_read_limit", read.chunked_read_limit);
    }
    headers::write(yaml, &read.headers);
    if read.read_recent {
        yaml.bare("read_recent", true);
    }
    yaml.stated("name", &read.name);
    http::write(yaml, &read.http);
    if !read.required_matchers.is_empty() {
        yaml.mapping("required_matchers", |yaml| {
            for (name, value) in &read.required_matchers {
                yaml.entry(name, value);
            }
        });
    }
    if read.filter_external_labels {
        yaml.bare("filter_external_labels", true);
    }
}

const TIMEOUT: Duration = Duration::from_secs(60);
const CHUNKED_READ_LIMIT: u64 = 50_000_000;
