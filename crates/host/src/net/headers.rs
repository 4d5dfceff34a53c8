//! `http_headers`: headers that go along with each request.

use std::collections::BTreeMap;

use config::http::{HeaderConfig, canonical_header_name};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::files;

/// The headers of a configuration.
#[derive(Debug)]
pub(super) struct Headers {
    headers: Vec<Header>,
}

#[derive(Debug)]
struct Header {
    name: Result<HeaderName, String>,
    /// As Go writes the name.
    shown: String,
    values: Vec<String>,
    secrets: Vec<config::Secret>,
    files: Vec<String>,
}

impl Headers {
    pub(super) fn new(config: &BTreeMap<String, HeaderConfig>) -> Self {
        let header = |(name, config): (&String, &HeaderConfig)| Header {
            name: HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("net/http: invalid header field name {name:?}")),
            shown: canonical_header_name(name),
            values: config.values.clone(),
            secrets: config.secrets.clone(),
            files: config.files.clone(),
        };
        Self {
            headers: config.iter().map(header).collect(),
        }
    }

    /// True if the headers are the same for all requests.
    pub(super) fn are_fixed(&self) -> bool {
        self.headers.iter().all(|header| header.files.is_empty())
    }

    /// Adds the headers; those that are secret only if `trusted`: another host does not get them.
    ///
    /// # Errors
    /// One has an invalid name or value, or its file cannot be read.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, trusted: bool) -> Result<(), String> {
        for header in &self.headers {
            let name = header.name.as_ref().map_err(Clone::clone)?;
            for value in &header.values {
                headers.append(name, header.value(value, false)?);
            }
            if !trusted {
                continue;
            }
            for secret in &header.secrets {
                headers.append(name, header.value(secret.expose(), true)?);
            }
            for path in &header.files {
                let bytes = files::read_file(path).map_err(|error| {
                    let reason = error.split_once(": ").map_or(&*error, |(_, reason)| reason);
                    format!("unable to read headers file {path}: {reason}")
                })?;
                let text = String::from_utf8_lossy(&bytes);
                headers.append(name, header.value(text.trim(), true)?);
            }
        }
        Ok(())
    }
}

impl Header {
    fn value(&self, text: &str, is_sensitive: bool) -> Result<HeaderValue, String> {
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| format!("net/http: invalid header field value for {:?}", self.shown))?;
        value.set_sensitive(is_sensitive);
        Ok(value)
    }
}
