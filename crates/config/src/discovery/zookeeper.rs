//! `nerve_sd_configs` and `serverset_sd_configs`: what services write into ZooKeeper.

use std::time::Duration;

use crate::document::Section;

use super::entry::{Check, Checked, ensure, entry};

entry! {
    /// One entry of `nerve_sd_configs`, effective.
    NerveDiscovery is "zookeeper.plain" {
        /// Hosts of the ensemble.
        "servers" => servers: Vec<String> = Vec::new(), Always;
        /// Paths whose nodes are endpoints.
        "paths" => paths: Vec<String> = Vec::new(), Always;
        /// How long a session may be without contact: 10s.
        "timeout" => timeout: Duration = TIMEOUT, IfSet;
    }
}

entry! {
    /// One entry of `serverset_sd_configs`, effective.
    ServersetDiscovery is "zookeeper.plain" {
        /// Hosts of the ensemble.
        "servers" => servers: Vec<String> = Vec::new(), Always;
        /// Paths whose nodes are endpoints.
        "paths" => paths: Vec<String> = Vec::new(), Always;
        /// How long a session may be without contact: 10s.
        "timeout" => timeout: Duration = TIMEOUT, IfSet;
    }
}

impl Check for NerveDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check("nerve", &self.servers, &self.paths)
    }
}

impl Check for ServersetDiscovery {
    fn check(&self, _section: &Section<'_>) -> Checked {
        check("serverset", &self.servers, &self.paths)
    }
}

fn check(name: &str, servers: &[String], paths: &[String]) -> Checked {
    let no_server = format_args!("{name} SD config must contain at least one Zookeeper server");
    ensure(!servers.is_empty(), "servers", no_server)?;
    let no_path = format_args!("{name} SD config must contain at least one path");
    ensure(!paths.is_empty(), "paths", no_path)?;
    for path in paths {
        let message = format_args!("{name} SD config paths must begin with '/': {path}");
        ensure(path.starts_with('/'), "paths", message)?;
    }
    Ok(())
}

const TIMEOUT: Duration = Duration::from_secs(10);
