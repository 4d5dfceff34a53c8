//! `eureka_sd_configs`: applications of a Eureka server.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, Fault, ensure, entry};
use crate::url::Url;

entry! {
    /// One entry of `eureka_sd_configs`, effective.
    EurekaDiscovery is "eureka.plain" {
        /// URL of the server, up to and with `/eureka`.
        "server" => server: String = String::new(), IfSet;
        /// How the server is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// How often the server is asked: 30s.
        "refresh_interval" => refresh_interval: Duration = Duration::from_secs(30), IfSet;
    }
}

impl Check for EurekaDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        let no_server = "eureka_sd: empty or null eureka server";
        ensure(!self.server.is_empty(), "server", no_server)?;
        let url = Url::parse(&self.server).map_err(|message| Fault::new("server", message))?;
        let is_complete = !url.scheme().is_empty() && !url.host().is_empty();
        ensure(
            is_complete,
            "server",
            "eureka_sd: invalid eureka server URL",
        )
    }
}
