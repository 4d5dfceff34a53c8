//! Services, tasks and nodes of a Docker swarm.

mod nodes;
mod services;
mod tasks;
#[cfg(test)]
mod tests;

use config::discovery::DockerSwarmDiscovery;
use model::{Labels, TargetGroup};
use serde::Deserialize;

use super::docker::network::Networks;
use super::docker::{base_url, filters, get};
use crate::api::Api;
use crate::refresh::RefreshError;
use nodes::Node;
use services::Service;
use tasks::Task;

/// Asks the engine of one `dockerswarm_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct DockerSwarmProvider {
    discovery: DockerSwarmDiscovery,
    base: String,
}

/// A port of a service or a task.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct SwarmPort {
    name: String,
    protocol: String,
    published_port: u16,
    publish_mode: String,
}

impl SwarmPort {
    fn is_tcp(&self) -> bool {
        self.protocol == "tcp"
    }
}

impl DockerSwarmProvider {
    pub(crate) fn new(discovery: DockerSwarmDiscovery) -> Self {
        let base = base_url(&discovery.host);
        Self { discovery, base }
    }

    pub(crate) async fn refresh(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let filters = filters(&self.discovery.filters);
        let port = self.discovery.port;
        let targets = match self.discovery.role.as_str() {
            "services" => {
                let services: Vec<Service> = self.list(api, "services", &filters, SERVICES).await?;
                let networks = self.networks(api).await?;
                services::targets(&services, &networks, port)?
            }
            "tasks" => {
                let tasks: Vec<Task> = self.list(api, "tasks", &filters, SERVICES).await?;
                let services: Vec<Service> = self.list(api, "services", "", SERVICE_LABELS).await?;
                let nodes: Vec<Node> = self.list(api, "nodes", "", NODE_LABELS).await?;
                let networks = self.networks(api).await?;
                tasks::targets(&tasks, &services, &nodes, &networks, port)?
            }
            _ => {
                let nodes: Vec<Node> = self.list(api, "nodes", &filters, NODES).await?;
                nodes::targets(&nodes, port)
            }
        };
        Ok(vec![TargetGroup {
            source: "DockerSwarm".to_owned(),
            targets,
            labels: Labels::empty(),
        }])
    }

    async fn networks(&self, api: &Api) -> Result<Networks, RefreshError> {
        let networks = Networks::get(api, &self.base, PREFIX).await;
        networks.map_err(|error| error.during("error while computing swarm network labels"))
    }

    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        api: &Api,
        what: &str,
        filters: &str,
        step: &'static str,
    ) -> Result<Vec<T>, RefreshError> {
        get(api, &format!("{}/{what}{filters}", self.base), step).await
    }
}

/// The address of `10.0.0.2/24`.
fn address_of(network: &str) -> Result<&str, RefreshError> {
    let address = network.split_once('/').map(|(address, _)| address);
    match address.filter(|address| address.parse::<std::net::IpAddr>().is_ok()) {
        Some(address) => Ok(address),
        None => Err(RefreshError::answer(format!(
            "error while parsing address {network}: invalid CIDR address: {network}"
        ))),
    }
}

const PREFIX: &str = "__meta_dockerswarm_";
const SERVICES: &str = "error while listing swarm services";
const NODES: &str = "error while listing swarm nodes";
const SERVICE_LABELS: &str = "error while computing services labels and ports";
const NODE_LABELS: &str = "error while computing nodes labels and ports";
