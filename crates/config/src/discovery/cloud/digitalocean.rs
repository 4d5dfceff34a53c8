//! `digitalocean_sd_configs`: droplets and databases of DigitalOcean.

use std::time::Duration;

use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `digitalocean_sd_configs`, effective.
    DigitalOceanDiscovery is "digitalocean.plain" {
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// What becomes a target: `droplets` or `databases`.
        "role" => role: String = "droplets".to_owned(), Always;
    }
}

impl Check for DigitalOceanDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let role = self.role.as_str();
        let message = format_args!("unknown DigitalOcean SD role {role:?}");
        ensure(matches!(role, "droplets" | "databases"), "role", message)
    }
}
