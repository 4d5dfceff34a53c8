//! `tls_server_config`: TLS of a listener.

use std::path::Path;

use crate::document::{Node, Reader, Schema, Section};
use crate::http::{Source, TlsVersion};
use crate::secret::Secret;

/// The section, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsServerConfig {
    /// `cert`, `cert_file`: the certificate that clients are shown, in PEM.
    pub cert: Source,
    /// `key`, `key_file`: its key, in PEM.
    pub key: Source,
    /// `client_auth_type`: what is asked of clients.
    pub client_auth: ClientAuth,
    /// `client_ca`, `client_ca_file`: the authorities that vouch for clients, in PEM.
    pub client_ca: Source,
    /// `client_allowed_sans`: names of which a client's certificate must have one, if stated.
    pub client_allowed_sans: Option<Vec<String>>,
    /// `min_version`: the oldest protocol; TLS 1.2 unless stated.
    pub min_version: Option<TlsVersion>,
    /// `max_version`: the newest protocol; TLS 1.3 unless stated.
    pub max_version: Option<TlsVersion>,
    /// `cipher_suites` of TLS 1.2 and 1.3, in Go's names; all that are spoken if empty.
    pub cipher_suites: Vec<String>,
    /// `curve_preferences`, in Go's names; all that are spoken if empty.
    pub curve_preferences: Vec<String>,
}

/// What is asked of clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// Nothing.
    #[default]
    NoClientCert,
    /// A certificate, if they have one; it is not checked.
    RequestClientCert,
    /// Some certificate; it is not checked.
    RequireAnyClientCert,
    /// A certificate, if they have one; it is checked.
    VerifyClientCertIfGiven,
    /// A certificate that somebody vouches for.
    RequireAndVerifyClientCert,
}

impl TlsServerConfig {
    pub(super) fn set_directory(&mut self, folder: &Path) {
        for source in [&mut self.cert, &mut self.key, &mut self.client_ca] {
            source.set_directory(folder);
        }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "web.TLSConfig",
    keys: &[
        "cert",
        "key",
        "client_ca",
        "cert_file",
        "key_file",
        "client_auth_type",
        "client_ca_file",
        "cipher_suites",
        "curve_preferences",
        "min_version",
        "max_version",
        "prefer_server_cipher_suites",
        "client_allowed_sans",
    ],
};

/// Reads the section. One that states nothing about TLS means none.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<TlsServerConfig> {
    let section = Section::open(reader, node, &SCHEMA)?;
    // Read for its type only: this program always prefers its own order, as Go does by now.
    section.boolean("prefer_server_cipher_suites");
    let tls = TlsServerConfig {
        cert: source(&section, "cert", "cert_file"),
        key: source(&section, "key", "key_file"),
        client_auth: read_client_auth(&section).unwrap_or_default(),
        client_ca: source(&section, "client_ca", "client_ca_file"),
        client_allowed_sans: section
            .get("client_allowed_sans")
            .map(|node| reader.texts(node)),
        min_version: TlsVersion::read(&section, "min_version"),
        max_version: TlsVersion::read(&section, "max_version"),
        cipher_suites: read_names(&section, "cipher_suites", &CIPHERS, "cipher"),
        curve_preferences: read_names(&section, "curve_preferences", &CURVES, "curve"),
    };
    let states_client_auth = section
        .text("client_auth_type")
        .is_some_and(|text| !text.is_empty());
    let is_enabled = [&tls.cert, &tls.key, &tls.client_ca]
        .iter()
        .any(|source| !source.is_none());
    if !is_enabled && !states_client_auth {
        return None;
    }
    if let Some((key, message)) = fault(&tls) {
        section.invalid_if_scalar(key, message);
    }
    Some(tls)
}

fn fault(tls: &TlsServerConfig) -> Option<(&'static str, &'static str)> {
    if tls.cert.is_none() {
        return Some(("cert_file", "missing one of cert or cert_file"));
    }
    if tls.key.is_none() {
        return Some(("key_file", "missing one of key or key_file"));
    }
    if !tls.client_ca.is_none() && tls.client_auth == ClientAuth::NoClientCert {
        let message = "client CA's have been configured without a Client Auth Policy";
        return Some(("client_auth_type", message));
    }
    let is_required = matches!(
        tls.client_auth,
        ClientAuth::RequireAnyClientCert | ClientAuth::RequireAndVerifyClientCert
    );
    let message = "client_allowed_sans requires client_auth_type to be one of \
                   RequireAnyClientCert or RequireAndVerifyClientCert";
    (tls.client_allowed_sans.is_some() && !is_required).then_some(("client_auth_type", message))
}

/// The file wins, as upstream has it.
fn source(section: &Section<'_>, inline: &str, file: &str) -> Source {
    let text = |key: &str| section.text(key).filter(|text| !text.is_empty());
    match (text(file), text(inline)) {
        (Some(path), _) => Source::File(path),
        (None, Some(text)) => Source::Inline(Secret::new(text)),
        (None, None) => Source::None,
    }
}

fn read_client_auth(section: &Section<'_>) -> Option<ClientAuth> {
    let node = section.get("client_auth_type")?;
    let name = section.reader.text(node)?;
    Some(match name.as_str() {
        "" | "NoClientCert" => ClientAuth::NoClientCert,
        "RequestClientCert" => ClientAuth::RequestClientCert,
        "RequireAnyClientCert" | "RequireClientCert" => ClientAuth::RequireAnyClientCert,
        "VerifyClientCertIfGiven" => ClientAuth::VerifyClientCertIfGiven,
        "RequireAndVerifyClientCert" => ClientAuth::RequireAndVerifyClientCert,
        _ => {
            return section
                .reader
                .reject(node, format_args!("invalid ClientAuth: {name}"));
        }
    })
}

/// Reads names out of `known`, of which only those marked are spoken here.
fn read_names(section: &Section<'_>, key: &str, known: &[(&str, bool)], what: &str) -> Vec<String> {
    let reader = section.reader;
    let mut names = Vec::new();
    for node in section.items(key) {
        let Some(name) = reader.text(node) else {
            continue;
        };
        match known.iter().find(|(known, _)| *known == name) {
            None => reader.invalid(node.place, format_args!("unknown {what}: {name}")),
            Some((_, false)) => reader.invalid(
                node.place,
                format_args!(
                    "{what} {name} is valid for Prometheus, but not spoken by this program"
                ),
            ),
            Some((_, true)) => names.push(name),
        }
    }
    names
}

/// The names that Go knows, and whether we speak them.
const CIPHERS: [(&str, bool); 13] = [
    ("TLS_AES_128_GCM_SHA256", true),
    ("TLS_AES_256_GCM_SHA384", true),
    ("TLS_CHACHA20_POLY1305_SHA256", true),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", true),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", true),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", true),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", true),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", true),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", true),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", false),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", false),
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", false),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", false),
];

const CURVES: [(&str, bool); 4] = [
    ("X25519", true),
    ("CurveP256", true),
    ("CurveP384", true),
    ("CurveP521", false),
];
