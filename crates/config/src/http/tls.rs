//! `tls_config`: how servers are checked, and what we show them.

use std::path::Path;

use super::Source;
use crate::document::{Node, Reader, Schema, Section, YamlWriter};

/// The section `tls_config` of a client, effective.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsConfig {
    /// `ca`, `ca_file`: the authorities that vouch for servers, in PEM; the system's unless stated.
    pub ca: Source,
    /// `cert`, `cert_file`: the certificate that we show, in PEM.
    pub cert: Source,
    /// `key`, `key_file`: the certificate's key, in PEM.
    pub key: Source,
    /// `server_name`: the name that the server's certificate must be for; the host of the URL unless
    /// stated.
    pub server_name: String,
    /// `insecure_skip_verify`: servers are not checked.
    pub insecure_skip_verify: bool,
    /// `min_version`: the oldest protocol; TLS 1.2 unless stated.
    pub min_version: Option<TlsVersion>,
    /// `max_version`: the newest protocol; TLS 1.3 unless stated.
    pub max_version: Option<TlsVersion>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.0, which is not spoken any more.
    Tls10,
    /// TLS 1.1, which is not spoken any more.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 4] = [Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls10 => "TLS10",
            Self::Tls11 => "TLS11",
            Self::Tls12 => "TLS12",
            Self::Tls13 => "TLS13",
        }
    }

    /// Reads the version under `key`.
    pub(crate) fn read(section: &Section<'_>, key: &str) -> Option<Self> {
        let node = section.get(key)?;
        let name = section.reader.text(node)?;
        let known = Self::ALL
            .into_iter()
            .find(|version| version.as_str() == name);
        known.or_else(|| {
            let reader = section.reader;
            reader.reject(node, format_args!("unknown TLS version: {name}"))
        })
    }
}

impl TlsConfig {
    /// Makes relative paths start at `folder`.
    pub fn set_directory(&mut self, folder: &Path) {
        for source in [&mut self.ca, &mut self.cert, &mut self.key] {
            source.set_directory(folder);
        }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "ca",
        "cert",
        "key",
        "ca_file",
        "cert_file",
        "key_file",
        "ca_ref",
        "cert_ref",
        "key_ref",
        "server_name",
        "insecure_skip_verify",
        "min_version",
        "max_version",
    ],
};

const CA: [&str; 3] = ["ca", "ca_file", "ca_ref"];
const CERT: [&str; 3] = ["cert", "cert_file", "cert_ref"];
const KEY: [&str; 3] = ["key", "key_file", "key_ref"];

/// Reads the section.
pub(crate) fn read(reader: &Reader, node: &Node) -> Option<TlsConfig> {
    let section = Section::open(reader, node, &SCHEMA)?;
    let source = |keys: [&str; 3], excess: &str| Source::read(&section, keys, excess);
    let tls = TlsConfig {
        ca: source(CA, "at most one of ca, ca_file & ca_ref must be configured"),
        cert: source(
            CERT,
            "at most one of cert, cert_file & cert_ref must be configured",
        ),
        key: source(KEY, "at most one of key and key_file must be configured"),
        server_name: section.text("server_name").unwrap_or_default(),
        insecure_skip_verify: section.boolean("insecure_skip_verify").unwrap_or_default(),
        min_version: TlsVersion::read(&section, "min_version"),
        max_version: TlsVersion::read(&section, "max_version"),
    };
    let missing = match (tls.cert.is_none(), tls.key.is_none()) {
        (false, true) => {
            "exactly one of key or key_file must be configured when a client certificate is configured"
        }
        (true, false) => {
            "exactly one of cert or cert_file must be configured when a client key is configured"
        }
        _ => return Some(tls),
    };
    reader.invalid(node.place, missing);
    Some(tls)
}

/// Writes the section, unless it states nothing.
pub(crate) fn write(yaml: &mut YamlWriter, tls: &TlsConfig) {
    if *tls == TlsConfig::default() {
        return;
    }
    yaml.mapping("tls_config", |yaml| {
        let inline = |source: &Source| matches!(source, Source::Inline(_));
        // First what stands in the configuration itself, then files, then names.
        for want_inline in [true, false] {
            for (keys, source, is_secret) in [
                (CA, &tls.ca, false),
                (CERT, &tls.cert, false),
                (KEY, &tls.key, true),
            ] {
                if inline(source) == want_inline {
                    source.write(yaml, keys, is_secret);
                }
            }
        }
        if !tls.server_name.is_empty() {
            yaml.entry("server_name", &tls.server_name);
        }
        yaml.bare("insecure_skip_verify", tls.insecure_skip_verify);
        let versions = [
            ("min_version", tls.min_version),
            ("max_version", tls.max_version),
        ];
        for (key, version) in versions {
            if let Some(version) = version {
                yaml.entry(key, version.as_str());
            }
        }
    });
}
