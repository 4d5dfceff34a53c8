//! `http_headers`: headers to send along.

use std::collections::BTreeMap;
use std::path::Path;

use super::source::join;
use crate::document::{Schema, Section, YamlWriter};
use crate::secret::Secret;

/// The values of one header: those of all three lists are sent, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeaderConfig {
    /// `values`: as they are.
    pub values: Vec<String>,
    /// `secrets`: values that are not shown.
    pub secrets: Vec<Secret>,
    /// `files`: values in files, which are read again for each request.
    pub files: Vec<String>,
}

impl HeaderConfig {
    pub(super) fn set_directory(&mut self, folder: &Path) {
        for path in &mut self.files {
            join(folder, path);
        }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.Header",
    keys: &["values", "secrets", "files"],
};

pub(super) fn read(section: &Section<'_>) -> BTreeMap<String, HeaderConfig> {
    let mut headers = BTreeMap::new();
    let Some(node) = section.get("http_headers") else {
        return headers;
    };
    for (key, name, value) in section.reader.mapping(node) {
        if RESERVED
            .iter()
            .any(|reserved| reserved.eq_ignore_ascii_case(&name))
        {
            let shown = canonical_header_name(&name);
            let message = format_args!("setting header {shown:?} is not allowed");
            section.reader.invalid(key.place, message);
        }
        let Some(header) = Section::open(section.reader, value, &SCHEMA) else {
            continue;
        };
        let header = HeaderConfig {
            values: header.texts("values"),
            secrets: header
                .texts("secrets")
                .into_iter()
                .map(Secret::new)
                .collect(),
            files: header.texts("files"),
        };
        headers.insert(name, header);
    }
    headers
}

/// A header's name as Go writes it: `X-Scope-Orgid`. One that is no valid name stays as it is.
pub fn canonical_header_name(name: &str) -> String {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut starts = true;
    let letters = name.chars().map(|c| {
        let shown = match starts {
            true => c.to_ascii_uppercase(),
            false => c.to_ascii_lowercase(),
        };
        starts = c == '-';
        shown
    });
    letters.collect()
}

pub(super) fn write(yaml: &mut YamlWriter, headers: &BTreeMap<String, HeaderConfig>) {
    if headers.is_empty() {
        return;
    }
    yaml.mapping("http_headers", |yaml| {
        for (name, header) in headers {
            if *header == HeaderConfig::default() {
                yaml.bare(name, "{}");
                continue;
            }
            yaml.mapping(name, |yaml| write_one(yaml, header));
        }
    });
}

fn write_one(yaml: &mut YamlWriter, header: &HeaderConfig) {
    if !header.values.is_empty() {
        yaml.list("values", header.values.iter().map(String::as_str));
    }
    if !header.secrets.is_empty() {
        yaml.list("secrets", header.secrets.iter().map(Secret::shown));
    }
    if !header.files.is_empty() {
        yaml.list("files", header.files.iter().map(String::as_str));
    }
}

/// Headers that belong to the connection, or that other keys set.
const RESERVED: [&str; 18] = [
    "Authorization",
    "Host",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "User-Agent",
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Www-Authenticate",
    "Accept-Encoding",
    "X-Prometheus-Remote-Write-Version",
    "X-Prometheus-Remote-Read-Version",
    "X-Prometheus-Scrape-Timeout-Seconds",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];
