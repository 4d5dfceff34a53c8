//! `ionos_sd_configs`: servers of an IONOS datacenter.

use std::time::Duration;

use crate::discovery::entry::{Check, Checked, MINUTE, ensure, entry};
use crate::document::Section;
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `ionos_sd_configs`, effective.
    IonosDiscovery is "ionos.plain" {
        /// The datacenter whose servers are targets.
        "datacenter_id" => datacenter_id: String = String::new(), Always;
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
    }
}

impl Check for IonosDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let message = "datacenter id can't be empty";
        ensure(!self.datacenter_id.is_empty(), "datacenter_id", message)
    }
}
