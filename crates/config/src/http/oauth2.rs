//! `oauth2`: tokens that a server gives out, for a secret or for a signed assertion.

use std::collections::BTreeMap;
use std::path::Path;

use super::claims::{self, ClaimValue};
use super::{ProxyConfig, Source, TlsConfig, proxy, tls};
use crate::document::{Node, Reader, Schema, Section, YamlWriter, keys};

/// The section `oauth2`, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    /// `client_id`: who asks for a token.
    pub client_id: String,
    /// `grant_type` as it was written; empty for client credentials.
    pub grant_type: String,
    /// What is shown for a token.
    pub grant: GrantType,
    /// `scopes` to ask for.
    pub scopes: Vec<String>,
    /// `token_url`: where to ask.
    pub token_url: String,
    /// `endpoint_params`: further parameters to send.
    pub endpoint_params: BTreeMap<String, String>,
    /// `tls_config` of the requests for tokens.
    pub tls: TlsConfig,
    /// The keys of proxies, for the requests for tokens.
    pub proxy: ProxyConfig,
}

/// What is shown for a token.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantType {
    /// `client_secret` or `client_secret_file`.
    ClientCredentials(Source),
    /// An assertion that is signed with a key of ours (RFC 7523).
    JwtBearer(JwtBearer),
}

/// The signed assertion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JwtBearer {
    /// `client_certificate_key`, `client_certificate_key_file`: the RSA key, in PEM.
    pub key: Source,
    /// `client_certificate_key_id`: name of the key, sent in the header `kid`.
    pub key_id: String,
    /// `signature_algorithm`: `RS256` unless stated.
    pub signature_algorithm: Option<SignatureAlgorithm>,
    /// `iss`: who issues the assertion; the client id unless stated.
    pub issuer: String,
    /// `audience`: for whom it is; the token URL unless stated.
    pub audience: String,
    /// `claims`: further claims.
    pub claims: BTreeMap<String, ClaimValue>,
}

/// How an assertion is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 1.5 with SHA-256.
    #[default]
    Rs256,
    /// The same with SHA-384.
    Rs384,
    /// The same with SHA-512.
    Rs512,
}

impl SignatureAlgorithm {
    /// The name as JSON Web Tokens have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

impl OAuth2 {
    pub(super) fn set_directory(&mut self, folder: &Path) {
        match &mut self.grant {
            GrantType::ClientCredentials(secret) => secret.set_directory(folder),
            // Upstream leaves the key's path as it is: seen from the working directory.
            GrantType::JwtBearer(_) => {}
        }
        self.tls.set_directory(folder);
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: keys!(
        &[
            "client_id",
            "client_secret",
            "client_secret_file",
            "client_secret_ref",
            "client_certificate_key_id",
            "client_certificate_key",
            "client_certificate_key_file",
            "client_certificate_key_ref",
            "grant_type",
            "signature_algorithm",
            "iss",
            "audience",
            "claims",
            "scopes",
            "token_url",
            "endpoint_params",
            "tls_config",
        ],
        &proxy::KEYS,
    ),
};

const SECRET: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_ref"];
const KEY: [&str; 3] = [
    "client_certificate_key",
    "client_certificate_key_file",
    "client_certificate_key_ref",
];

pub(super) fn read(reader: &Reader, node: &Node) -> Option<OAuth2> {
    let section = Section::open(reader, node, &SCHEMA)?;
    let text = |key: &str| section.text(key).unwrap_or_default();
    let oauth2 = OAuth2 {
        client_id: text("client_id"),
        grant_type: text("grant_type"),
        grant: read_grant(&section),
        scopes: section.texts("scopes"),
        token_url: text("token_url"),
        endpoint_params: read_parameters(&section),
        tls: section
            .get("tls_config")
            .and_then(|node| tls::read(reader, node))
            .unwrap_or_default(),
        proxy: proxy::read(&section),
    };
    if oauth2.client_id.is_empty() {
        section.invalid_if_scalar("client_id", "oauth2 client_id must be configured");
    }
    if oauth2.token_url.is_empty() {
        section.invalid_if_scalar("token_url", "oauth2 token_url must be configured");
    }
    Some(oauth2)
}

fn read_grant(section: &Section<'_>) -> GrantType {
    if section.text("grant_type").as_deref() != Some(JWT_BEARER) {
        return GrantType::ClientCredentials(Source::read(
            section,
            SECRET,
            "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be \
             configured using grant-type=client_credentials",
        ));
    }
    let text = |key: &str| section.text(key).unwrap_or_default();
    let excess = format!(
        "at most one of oauth2 client_certificate_key, client_certificate_key_file & \
         client_certificate_key_ref must be configured using grant-type={JWT_BEARER}"
    );
    GrantType::JwtBearer(JwtBearer {
        key: Source::read(section, KEY, &excess),
        key_id: text("client_certificate_key_id"),
        signature_algorithm: read_algorithm(section),
        issuer: text("iss"),
        audience: text("audience"),
        claims: section
            .get("claims")
            .map(|node| claims::read(section.reader, node))
            .unwrap_or_default(),
    })
}

fn read_algorithm(section: &Section<'_>) -> Option<SignatureAlgorithm> {
    let node = section.get("signature_algorithm")?;
    let name = section.reader.text(node)?;
    let algorithms = [
        SignatureAlgorithm::Rs256,
        SignatureAlgorithm::Rs384,
        SignatureAlgorithm::Rs512,
    ];
    match algorithms.into_iter().find(|known| known.as_str() == name) {
        None if name.is_empty() => None,
        None => {
            let message = "valid signature algorithms are RS256, RS384 and RS512";
            section.reader.reject(node, message)
        }
        known => known,
    }
}

fn read_parameters(section: &Section<'_>) -> BTreeMap<String, String> {
    let Some(node) = section.get("endpoint_params") else {
        return BTreeMap::new();
    };
    let entries = section.reader.mapping(node).into_iter();
    entries
        .filter_map(|(_, key, value)| Some((key, section.reader.text(value)?)))
        .collect()
}

pub(super) fn write(yaml: &mut YamlWriter, oauth2: &OAuth2) {
    let optional = |yaml: &mut YamlWriter, key: &str, value: &str| {
        if !value.is_empty() {
            yaml.entry(key, value);
        }
    };
    optional(yaml, "client_id", &oauth2.client_id);
    match &oauth2.grant {
        GrantType::ClientCredentials(secret) => {
            secret.write(yaml, SECRET, true);
            optional(yaml, "grant_type", &oauth2.grant_type);
        }
        GrantType::JwtBearer(jwt) => {
            optional(yaml, "client_certificate_key_id", &jwt.key_id);
            jwt.key.write(yaml, KEY, true);
            optional(yaml, "grant_type", &oauth2.grant_type);
            let algorithm = jwt
                .signature_algorithm
                .map_or("", SignatureAlgorithm::as_str);
            optional(yaml, "signature_algorithm", algorithm);
            optional(yaml, "iss", &jwt.issuer);
            optional(yaml, "audience", &jwt.audience);
            claims::write(yaml, &jwt.claims);
        }
    }
    if !oauth2.scopes.is_empty() {
        yaml.list("scopes", oauth2.scopes.iter().map(String::as_str));
    }
    optional(yaml, "token_url", &oauth2.token_url);
    if !oauth2.endpoint_params.is_empty() {
        yaml.mapping("endpoint_params", |yaml| {
            for (name, value) in &oauth2.endpoint_params {
                yaml.entry(name, value);
            }
        });
    }
    tls::write(yaml, &oauth2.tls);
    proxy::write(yaml, &oauth2.proxy);
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
