//! `outscale_sd_configs`: machines of Outscale.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, FileName, MINUTE, Setting, ensure, entry};
use crate::document::{Section, YamlWriter};
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `outscale_sd_configs`, effective.
    OutscaleDiscovery is "outscale.plain" {
        /// URL of the API.
        "endpoint" => endpoint: Endpoint = Endpoint::default(), IfSet;
        /// Region to ask: `eu-west-2`.
        "region" => region: String = DEFAULT_REGION.to_owned(), Always;
        /// Identifier of the access key.
        "access_key" => access_key: String = String::new(), Always;
        /// Secret of the access key.
        "secret_key" => secret_key: Secret = Secret::default(), Always;
        /// File that holds the secret.
        "secret_key_file" => secret_key_file: FileName = FileName::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
    }
}

/// URL of the API; that of the region unless stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Endpoint(pub String);

impl Setting for Endpoint {
    fn read(section: &Section<'_>, key: &str, _default: Self) -> Self {
        match section.text(key) {
            Some(stated) if !stated.is_empty() => Self(stated),
            _ => {
                let region = section.text("region");
                let region = region.as_deref().unwrap_or(DEFAULT_REGION);
                Self(format!("https://api.{region}.outscale.com/api/v1"))
            }
        }
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.entry(key, &self.0);
    }

    fn is_unset(&self) -> bool {
        self.0.is_empty()
    }
}

impl Check for OutscaleDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let no_region = "outscale SD configuration requires a region";
        ensure(!self.region.is_empty(), "region", no_region)?;
        let no_key = "outscale SD configuration requires access_key";
        ensure(!self.access_key.is_empty(), "access_key", no_key)?;
        let (inline, file) = (
            !self.secret_key.is_empty(),
            !self.secret_key_file.is_empty(),
        );
        let none = "one of secret_key & secret_key_file must be configured";
        ensure(inline || file, "secret_key", none)?;
        let both = "at most one of secret_key & secret_key_file must be configured";
        ensure(!(inline && file), "secret_key_file", both)
    }
}

const DEFAULT_REGION: &str = "eu-west-2";
