//! `dockerswarm_sd_configs`: services, tasks or nodes of a Docker swarm.

use std::time::Duration;

use crate::document::Section;
use crate::http::HttpClientConfig;

use super::docker::check_host;
use super::entry::{Check, Checked, Fault, MINUTE, entry};
use super::filter::Filter;

entry! {
    /// One entry of `dockerswarm_sd_configs`, effective.
    DockerSwarmDiscovery is "moby.plain" {
        /// How the engine is asked.
        "" => http: HttpClientConfig = HttpClientConfig::default(), Always;
        /// The engine of a manager, see [`DockerDiscovery::host`](super::DockerDiscovery::host).
        "host" => host: String = String::new(), Always;
        /// What becomes a target: `services`, `tasks` or `nodes`.
        "role" => role: String = String::new(), Always;
        /// The port of nodes, and of what publishes none: 80.
        "port" => port: i64 = 80, Always;
        /// Filters that the engine applies.
        "filters" => filters: Vec<Filter> = Vec::new(), Always;
        /// How often the engine is asked: 1m.
        "refresh_interval" => refresh_interval: Duration = MINUTE, Always;
    }
}

impl Check for DockerSwarmDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check_host(&self.host)?;
        match self.role.as_str() {
            "services" | "nodes" | "tasks" => Ok(()),
            "" => {
                let message = "role missing (one of: tasks, services, nodes)";
                Err(Fault::new("role", message))
            }
            other => {
                let message =
                    format_args!("invalid role {other}, expected tasks, services, or nodes");
                Err(Fault::new("role", message))
            }
        }
    }
}
