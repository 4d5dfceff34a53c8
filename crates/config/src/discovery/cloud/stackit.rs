//! `stackit_sd_configs`: servers of STACKIT.

use std::time::Duration;

use crate::Secret;
use crate::discovery::entry::{Check, Checked, Fault, FileName, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;
use crate::url::Url;

entry! {
    /// One entry of `stackit_sd_configs`, effective.
    StackitDiscovery is "stackit.plain" {
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// The project whose servers are targets.
        "project" => project: String = String::new(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, IfSet;
        /// Region to ask: `eu01`.
        "region" => region: String = "eu01".to_owned(), IfSet;
        /// URL of the API, for another one than the region's.
        "endpoint" => endpoint: String = String::new(), IfSet;
        /// Key of a service account.
        "service_account_key" => service_account_key: Secret = Secret::default(), IfSet;
        /// Private key of the service account.
        "private_key" => private_key: Secret = Secret::default(), IfSet;
        /// File that holds the key of a service account.
        "service_account_key_path" => service_account_key_path: FileName = FileName::default(), IfSet;
        /// File that holds the private key.
        "private_key_path" => private_key_path: FileName = FileName::default(), IfSet;
        /// File that holds all credentials.
        "credentials_file_path" => credentials_file_path: FileName = FileName::default(), IfSet;
    }
}

impl Check for StackitDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let endpoint = &self.endpoint;
        let message = "stackit_sd: endpoint and region missing";
        ensure(
            !endpoint.is_empty() || !self.region.is_empty(),
            "region",
            message,
        )?;
        if let Err(error) = Url::parse(endpoint) {
            let message = format_args!("stackit_sd: invalid endpoint {endpoint:?}: {error}");
            return Err(Fault::new("endpoint", message));
        }
        Ok(())
    }
}
