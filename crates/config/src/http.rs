//! How this program asks others over HTTP: credentials, TLS, proxy, headers. Scrape jobs, discovery
//! mechanisms, Alertmanagers and remote storage all take these keys, among their own.

mod claims;
mod credentials;
mod headers;
mod oauth2;
mod proxy;
mod source;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub use claims::ClaimValue;
pub use credentials::{Authorization, BasicAuth, Credentials};
pub use headers::{HeaderConfig, canonical_header_name};
pub use oauth2::{GrantType, JwtBearer, OAuth2, SignatureAlgorithm};
pub use proxy::ProxyConfig;
pub use source::Source;
pub use tls::{TlsConfig, TlsVersion};

pub(crate) use tls::{read as read_tls, write as write_tls};

use std::collections::BTreeMap;
use std::path::Path;

use crate::document::{self, Node, Reader, Schema, Section, Value, YamlWriter};
use crate::problem::Problems;

/// Settings of an HTTP client, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpClientConfig {
    /// `basic_auth`, `authorization` (or `bearer_token`) or `oauth2`.
    pub credentials: Credentials,
    /// `tls_config`: how servers are checked, and what we show them.
    pub tls: TlsConfig,
    /// `follow_redirects`: go where a server sends us; true unless stated.
    pub follow_redirects: bool,
    /// `enable_http2`: offer HTTP/2 over TLS; true unless stated.
    pub enable_http2: bool,
    /// `proxy_url` and the other keys of proxies.
    pub proxy: ProxyConfig,
    /// `http_headers`: headers to send along, by name.
    pub http_headers: BTreeMap<String, HeaderConfig>,
}

impl Default for HttpClientConfig {
    fn default() -> Self {
        Self {
            credentials: Credentials::None,
            tls: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            proxy: ProxyConfig::default(),
            http_headers: BTreeMap::new(),
        }
    }
}

impl HttpClientConfig {
    /// Makes relative paths start at `folder`.
    pub fn set_directory(&mut self, folder: &Path) {
        self.credentials.set_directory(folder);
        self.tls.set_directory(folder);
        for header in self.http_headers.values_mut() {
            header.set_directory(folder);
        }
    }
}

/// Keys of a section that has an HTTP client, for its [`Schema`], see
/// [`keys!`](crate::document::keys).
pub(crate) const KEYS: [&str; 13] = [
    "basic_auth",
    "authorization",
    "oauth2",
    "bearer_token",
    "bearer_token_file",
    "tls_config",
    "follow_redirects",
    "enable_http2",
    "proxy_url",
    "no_proxy",
    "proxy_from_environment",
    "proxy_connect_header",
    "http_headers",
];

/// Reads the client's keys out of a section that has them among its own.
pub(crate) fn read(section: &Section<'_>) -> HttpClientConfig {
    let defaults = HttpClientConfig::default();
    let flag = |key: &str, default: bool| section.boolean(key).unwrap_or(default);
    HttpClientConfig {
        credentials: credentials::read(section),
        tls: section
            .get("tls_config")
            .and_then(|node| tls::read(section.reader, node))
            .unwrap_or_default(),
        follow_redirects: flag("follow_redirects", defaults.follow_redirects),
        enable_http2: flag("enable_http2", defaults.enable_http2),
        proxy: proxy::read(section),
        http_headers: headers::read(section),
    }
}

/// Writes the client's keys in upstream's order.
pub(crate) fn write(yaml: &mut YamlWriter, client: &HttpClientConfig) {
    credentials::write(yaml, &client.credentials);
    tls::write(yaml, &client.tls);
    yaml.bare("follow_redirects", client.follow_redirects);
    yaml.bare("enable_http2", client.enable_http2);
    proxy::write(yaml, &client.proxy);
    headers::write(yaml, &client.http_headers);
}

/// Reads a file that holds the keys of a client and nothing else, as tools take it with
/// `--http.config.file`.
///
/// # Errors
/// Everything that is wrong in the file, each with its place.
pub fn load(text: &str, file_name: &str) -> Result<HttpClientConfig, Problems> {
    const SCHEMA: Schema = Schema {
        type_name: "config.plain",
        keys: &KEYS,
    };
    let document = document::parse(text, file_name)?;
    let reader = Reader::new(file_name);
    let client = Section::open(&reader, &document, &SCHEMA).map(|section| read(&section));
    reader.finish(client.unwrap_or_default())
}

/// A subsection that is there: `key:` without a value counts as none.
fn stated<'d>(section: &Section<'d>, key: &str) -> Option<&'d Node> {
    section.get(key).filter(|node| node.value != Value::Null)
}

/// The text of a key, unless it is empty.
fn stated_text(section: &Section<'_>, key: &str) -> Option<String> {
    section.text(key).filter(|text| !text.is_empty())
}
