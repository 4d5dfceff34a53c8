//! `linode_sd_configs`: instances of Linode.

use std::time::Duration;

use crate::discovery::entry::{Check, MINUTE, entry};
use crate::http::HttpClientConfig;

entry! {
    /// One entry of `linode_sd_configs`, effective.
    LinodeDiscovery is "linode.plain" {
        /// How the API is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the API is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
        /// What stands between the tags in their label: `,`.
        "tag_separator" => tag_separator: String = ",".to_owned(), IfSet;
        /// Only instances of this region.
        "region" => region: String = String::new(), IfSet;
    }
}

impl Check for LinodeDiscovery {}
