//! `hetzner_sd_configs`: servers of Hetzner's cloud and of its robot.

use std::time::Duration;

use crate::discovery::entry::{Check, Checked, Fault, MINUTE, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `hetzner_sd_configs`, effective.
    HetznerDiscovery is "hetzner.plain" {
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// `hcloud` or `robot`.
        "role" => role: String = String::new(), Always;
        /// Selects servers by labels, with `hcloud`.
        "label_selector" => label_selector: String = String::new(), IfSet;
    }
}

impl Check for HetznerDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        match self.role.as_str() {
            "robot" | "hcloud" => Ok(()),
            "" => Err(Fault::new("role", "role missing (one of: robot, hcloud)")),
            other => Err(Fault::new("role", format_args!("unknown role {other:?}"))),
        }
    }
}
