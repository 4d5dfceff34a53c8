//! `vultr_sd_configs`: instances of Vultr.

use std::time::Duration;

use crate::discovery::entry::{Check, MINUTE, entry};
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `vultr_sd_configs`, effective.
    VultrDiscovery is "vultr.plain" {
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
    }
}

impl Check for VultrDiscovery {}
