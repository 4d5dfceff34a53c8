//! The listener file, `--web.config.file`: TLS, users and headers of everything that listens.

#[cfg(test)]
mod tests;
mod tls;

pub use tls::{ClientAuth, TlsServerConfig};

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::quote::quoted;

use crate::document::{self, Node, Reader, Schema, Section, Value};
use crate::problem::Problems;
use crate::secret::Secret;

/// The whole file, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct WebConfig {
    /// `tls_server_config`: TLS, if it is to be spoken.
    pub tls: Option<TlsServerConfig>,
    /// `http_server_config.http2`: HTTP/2 is offered over TLS; true unless stated.
    pub http2: bool,
    /// `http_server_config.headers`: headers of all answers.
    pub headers: BTreeMap<String, String>,
    /// `basic_auth_users`: password hashes (bcrypt) by user; nobody else may ask, if there are any.
    pub users: BTreeMap<String, Secret>,
    /// `rate_limit`: how many requests may come.
    pub rate_limit: Option<RateLimit>,
}

/// `rate_limit`: one request each `interval`, and `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// `burst`
    pub burst: u64,
    /// `interval`
    pub interval: Duration,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            tls: None,
            http2: true,
            headers: BTreeMap::new(),
            users: BTreeMap::new(),
            rate_limit: None,
        }
    }
}

impl WebConfig {
    /// Makes relative paths start at `folder`.
    pub fn set_directory(&mut self, folder: &Path) {
        if let Some(tls) = &mut self.tls {
            tls.set_directory(folder);
        }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "web.Config",
    keys: &[
        "tls_server_config",
        "http_server_config",
        "rate_limit",
        "basic_auth_users",
    ],
};

const HTTP: Schema = Schema {
    type_name: "web.HTTPConfig",
    keys: &["http2", "headers"],
};

const RATE_LIMIT: Schema = Schema {
    type_name: "web.RateLimiterConfig",
    keys: &["burst", "interval"],
};

/// Reads and checks a listener file.
///
/// # Errors
/// Everything that is wrong in the file, each with its place.
pub fn load(text: &str, file_name: &str) -> Result<WebConfig, Problems> {
    let document = document::parse(text, file_name)?;
    let reader = Reader::new(file_name);
    let config = read(&reader, &document).unwrap_or_default();
    reader.finish(config)
}

fn read(reader: &Reader, document: &Node) -> Option<WebConfig> {
    let section = Section::open(reader, document, &SCHEMA)?;
    let http = section
        .get("http_server_config")
        .and_then(|node| Section::open(reader, node, &HTTP));
    let http2 = http.as_ref().and_then(|http| http.boolean("http2"));
    Some(WebConfig {
        tls: section
            .get("tls_server_config")
            .and_then(|node| tls::read(reader, node)),
        http2: http2.unwrap_or(true),
        headers: http.map(|http| read_headers(&http)).unwrap_or_default(),
        users: read_users(&section),
        rate_limit: section
            .get("rate_limit")
            .and_then(|node| read_rate_limit(reader, node)),
    })
}

fn read_headers(http: &Section<'_>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let Some(node) = http.get("headers") else {
        return headers;
    };
    let reader = http.reader;
    for (key, name, value) in reader.mapping(node) {
        let Some(value_text) = reader.text(value) else {
            continue;
        };
        let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| *known == name) else {
            let message = format_args!("HTTP header {name:?} can not be configured");
            reader.invalid(key.place, message);
            continue;
        };
        if !allowed.is_empty() && !allowed.contains(&value_text.as_str()) {
            let listed: Vec<String> = allowed.iter().map(|value| quoted(value)).collect();
            let listed = listed.join(" ");
            reader.invalid(
                value.place,
                format_args!(
                    "invalid value for {name}. Expected one of: [{listed}], but got: {value_text:?}"
                ),
            );
        }
        headers.insert(name, value_text);
    }
    headers
}

fn read_users(section: &Section<'_>) -> BTreeMap<String, Secret> {
    let mut users = BTreeMap::new();
    let Some(node) = section.get("basic_auth_users") else {
        return users;
    };
    let reader = section.reader;
    for (_, name, value) in reader.mapping(node) {
        let Some(hash) = reader.text(value) else {
            continue;
        };
        if let Some(fault) = hash_fault(&hash) {
            reader.invalid(value.place, format_args!("crypto/bcrypt: {fault}"));
        }
        users.insert(name, Secret::new(hash));
    }
    users
}

/// What Go's bcrypt says of what is no hash.
fn hash_fault(hash: &str) -> Option<String> {
    if hash.len() < MIN_HASH_LENGTH {
        return Some("hashedSecret too short to be a bcrypted password".to_owned());
    }
    let mut chars = hash.chars();
    let first = chars.next().unwrap_or_default();
    if first != '$' {
        return Some(format!(
            "bcrypt hashes must start with '$', but hashedSecret started with '{first}'"
        ));
    }
    let version = chars.next().unwrap_or_default();
    if version > '2' {
        return Some(format!(
            "bcrypt algorithm version '{version}' requested is newer than current version '2'"
        ));
    }
    let cost = hash.split('$').nth(2).unwrap_or_default();
    match cost.parse::<u32>() {
        Ok(4..=31) => None,
        Ok(cost) => Some(format!(
            "cost {cost} is outside allowed inclusive range 4..31"
        )),
        Err(_) => Some(format!("cost {cost:?} is no number")),
    }
}

fn read_rate_limit(reader: &Reader, node: &Node) -> Option<RateLimit> {
    if node.value == Value::Null {
        return None;
    }
    let section = Section::open(reader, node, &RATE_LIMIT)?;
    let interval = section.duration("interval").unwrap_or_default();
    let burst = section.unsigned("burst").unwrap_or_default();
    (!interval.is_zero()).then_some(RateLimit { burst, interval })
}

/// Headers that may be set, with their possible values where they are few.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];
/// Length of the shortest hash. Source: Go's bcrypt library.
const MIN_HASH_LENGTH: usize = 59;
