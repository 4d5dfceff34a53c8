//! `headers`: HTTP headers of remote storage and tracing, and those that nobody may set.

use std::collections::BTreeMap;

use crate::document::{Section, YamlWriter};

/// Reads the headers of a section. `refusal` says why one cannot be set, if it cannot.
pub(super) fn read(
    section: &Section<'_>,
    refusal: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let Some(node) = section.get("headers") else {
        return BTreeMap::new();
    };
    let reader = section.reader;
    let mut headers = BTreeMap::new();
    for (key, name, value) in reader.mapping(node) {
        match refusal(&name) {
            Some(reason) => reader.invalid(key.place, reason),
            None => {
                headers.extend(reader.text(value).map(|value| (name, value)));
            }
        }
    }
    headers
}

/// Why remote storage cannot be sent a header, if it cannot.
pub(super) fn refused_by_remote_storage(name: &str) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        "authorization" => Some(
            "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter"
                .to_owned(),
        ),
        lower => is_reserved(lower)
            .then(|| format!("{name} is a reserved header. It must not be changed")),
    }
}

/// True for a header, in lower case, that requests have anyway.
pub(super) fn is_reserved(lower: &str) -> bool {
    const RESERVED: [&str; 16] = [
        "host",
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
        "x-prometheus-remote-write-version",
        "x-prometheus-remote-read-version",
        // Those with which requests are signed.
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ];
    RESERVED.contains(&lower)
}

/// Writes the headers, if there are any.
pub(super) fn write(yaml: &mut YamlWriter, headers: &BTreeMap<String, String>) {
    if !headers.is_empty() {
        yaml.mapping("headers", |yaml| {
            for (name, value) in headers {
                yaml.entry(name, value);
            }
        });
    }
}
