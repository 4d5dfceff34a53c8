//! `dns_sd_configs`: targets that the name system knows.

use std::time::Duration;

use crate::document::{Section, YamlWriter};

use super::entry::{Check, Checked, Fault, Setting, ensure, entry};

entry! {
    /// One entry of `dns_sd_configs`, effective.
    DnsDiscovery is "dns.plain" {
        /// The names to look up.
        "names" => names: Vec<String> = Vec::new(), Always;
        /// How often they are looked up: 30s.
        "refresh_interval" => refresh_interval: Duration = REFRESH_INTERVAL, IfSet;
        /// The kind of records to ask for: `SRV`.
        "type" => record_type: RecordType = RecordType::Srv(SRV.to_owned()), Always;
        /// The port of the targets, for records that hold none.
        "port" => port: i64 = 0, Always;
    }
}

/// A kind of record, with the letters that it was written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// Hosts with ports.
    Srv(String),
    /// Addresses of IPv4.
    A(String),
    /// Addresses of IPv6.
    Aaaa(String),
    /// Mail servers.
    Mx(String),
    /// Name servers.
    Ns(String),
    /// None that there is.
    Unknown(String),
}

impl RecordType {
    fn named(text: String) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "SRV" => Self::Srv(text),
            "A" => Self::A(text),
            "AAAA" => Self::Aaaa(text),
            "MX" => Self::Mx(text),
            "NS" => Self::Ns(text),
            _ => Self::Unknown(text),
        }
    }

    /// The kind as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Srv(text)
            | Self::A(text)
            | Self::Aaaa(text)
            | Self::Mx(text)
            | Self::Ns(text)
            | Self::Unknown(text) => text,
        }
    }
}

impl Setting for RecordType {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.text(key).map_or(default, Self::named)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.entry(key, self.as_str());
    }

    fn is_unset(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl Check for DnsDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let no_name = "DNS-SD config must contain at least one SRV record name";
        ensure(!self.names.is_empty(), "names", no_name)?;
        match &self.record_type {
            RecordType::Srv(_) => Ok(()),
            RecordType::Unknown(text) => {
                let message = format_args!("invalid DNS-SD records type {text}");
                Err(Fault::new("type", message))
            }
            _ => ensure(
                self.port != 0,
                "port",
                "a port is required in DNS-SD configs for all record types except SRV",
            ),
        }
    }
}

const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
const SRV: &str = "SRV";
