//! `puppetdb_sd_configs`: resources of PuppetDB.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::api::check_url;
use super::entry::{Check, Checked, Fault, MINUTE, ensure, entry};

entry! {
    /// One entry of `puppetdb_sd_configs`, effective.
    PuppetDbDiscovery is "puppetdb.plain" {
        /// How the database is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often it is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// URL of the database.
        "url" => url: String = String::new(), Always;
        /// Query in Puppet's language that gives resources.
        "query" => query: String = String::new(), Always;
        /// The parameters of a resource become labels; they may hold secrets.
        "include_parameters" => include_parameters: bool = false, Always;
        /// The port of the targets: 80.
        "port" => port: i64 = 80, Always;
    }
}

impl Check for PuppetDbDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check_url(&self.url).map_err(|message| Fault::new("url", message))?;
        ensure(!self.query.is_empty(), "query", "query missing")
    }
}
