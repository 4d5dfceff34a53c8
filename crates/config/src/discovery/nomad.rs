//! `nomad_sd_configs`: services that Nomad itself registers.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, MINUTE, ensure, entry};

entry! {
    /// One entry of `nomad_sd_configs`, effective.
    NomadDiscovery is "nomad.plain" {
        /// Answers may be a little old, which any server can give.
        "allow_stale" => allow_stale: bool = true, Always;
        /// How the server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// Namespace to ask: `default`.
        "namespace" => namespace: String = "default".to_owned(), Always;
        /// How often the server is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// Region to ask: `global`.
        "region" => region: String = "global".to_owned(), Always;
        /// URL of the server: `http://localhost:4646`.
        "server" => server: String = "http://localhost:4646".to_owned(), Always;
        /// What stands between the tags in their label: `,`.
        "tag_separator" => tag_separator: String = ",".to_owned(), IfSet;
    }
}

impl Check for NomadDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let no_server = "nomad SD configuration requires a server address";
        ensure(!self.server.trim().is_empty(), "server", no_server)
    }
}
