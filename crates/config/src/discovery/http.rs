//! `http_sd_configs`: target groups that a server answers with, as JSON.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::api::check_url;
use super::entry::{Check, Checked, Fault, MINUTE, entry};

entry! {
    /// One entry of `http_sd_configs`, effective.
    HttpDiscovery is "http.plain" {
        /// How the server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often it is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, IfSet;
        /// The URL that answers with the groups.
        "url" => url: String = String::new(), Always;
    }
}

impl Check for HttpDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check_url(&self.url).map_err(|message| Fault::new("url", message))
    }
}
