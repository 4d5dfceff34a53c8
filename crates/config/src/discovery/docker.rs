//! `docker_sd_configs`: containers of a Docker engine.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::entry::{Check, Checked, Fault, MINUTE, ensure, entry};
use super::filter::Filter;
use crate::url::Url;

entry! {
    /// One entry of `docker_sd_configs`, effective.
    DockerDiscovery is "moby.plain" {
        /// How the engine is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// The engine: `unix:///var/run/docker.sock`, `tcp://…`, `http://…`, `https://…`.
        "host" => host: String = String::new(), Always;
        /// The port of targets whose container exposes none: 80.
        "port" => port: i64 = 80, Always;
        /// Filters that the engine applies.
        "filters" => filters: Vec<Filter> = Vec::new(), Always;
        /// Host of the targets of containers in the host's network: `localhost`.
        "host_networking_host" => host_networking_host: String = "localhost".to_owned(), Always;
        /// How often the engine is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
        /// Only the first network of a container, by name, gives targets.
        "match_first_network" => match_first_network: bool = true, Always;
    }
}

impl Check for DockerDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check_host(&self.host)
    }
}

/// The address of an engine.
pub(super) fn check_host(host: &str) -> Checked {
    ensure(!host.is_empty(), "host", "host missing")?;
    Url::parse(host).map_err(|message| Fault::new("host", message))?;
    Ok(())
}
