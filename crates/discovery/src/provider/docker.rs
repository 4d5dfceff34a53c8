//! Containers of a Docker engine.

pub(crate) mod network;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use config::discovery::{DockerDiscovery, Filter};
use config::http::HttpClientConfig;
use model::{Labels, TargetGroup};
use serde::Deserialize;

use crate::api::{Api, Ask, query};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;
use network::Networks;

/// Asks the engine of one `docker_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct DockerProvider {
    discovery: DockerDiscovery,
    base: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Container {
    id: String,
    names: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    ports: Option<Vec<Port>>,
    host_config: HostConfig,
    network_settings: NetworkSettings,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct HostConfig {
    network_mode: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct NetworkSettings {
    networks: Option<BTreeMap<String, Option<Endpoint>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Endpoint {
    #[serde(rename = "NetworkID")]
    network_id: String,
    #[serde(rename = "IPAddress")]
    ip_address: String,
    #[serde(rename = "GlobalIPv6Address")]
    ipv6_address: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Port {
    #[serde(rename = "IP")]
    ip: String,
    #[serde(rename = "PrivatePort")]
    private: u16,
    #[serde(rename = "PublicPort")]
    public: u16,
    #[serde(rename = "Type")]
    kind: String,
}

impl Endpoint {
    fn address(&self) -> &str {
        if self.ip_address.is_empty() {
            &self.ipv6_address
        } else {
            &self.ip_address
        }
    }
}

impl DockerProvider {
    pub(crate) fn new(discovery: DockerDiscovery) -> Self {
        let base = base_url(&discovery.host);
        Self { discovery, base }
    }

    pub(crate) async fn refresh(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let filters = filters(&self.discovery.filters);
        let url = format!("{}/containers/json{filters}", self.base);
        let step = "error while listing containers";
        let containers: Vec<Container> = get(api, &url, step).await?;
        let networks = Networks::get(api, &self.base, "__meta_docker_").await;
        let networks =
            networks.map_err(|error| error.during("error while computing network labels"))?;
        Ok(self.groups(&containers, &networks))
    }

    fn groups(&self, containers: &[Container], networks: &Networks) -> Vec<TargetGroup> {
        let mut targets = Vec::new();
        for container in containers {
            let Some(name) = container.names.iter().flatten().next() else {
                continue;
            };
            let mut common = TargetLabels::new("__meta_docker_");
            common.set("container_id", &container.id);
            common.set("container_name", name);
            common.set(
                "container_network_mode",
                &container.host_config.network_mode,
            );
            if let Some(labels) = &container.labels {
                common.set_all("container_label_", labels);
            }
            let mut endpoints = endpoints(container, containers);
            if self.discovery.match_first_network {
                endpoints.truncate(1);
            }
            for endpoint in endpoints {
                let mut labels = common.clone();
                labels.extend(&networks.of(&endpoint.network_id));
                labels.set("network_ip", endpoint.address());
                self.push_targets(container, endpoint, &labels, &mut targets);
            }
        }
        vec![TargetGroup {
            source: "Docker".to_owned(),
            targets,
            labels: Labels::empty(),
        }]
    }

    /// One target for each port that speaks TCP; one at the port of the entry if there is none.
    fn push_targets(
        &self,
        container: &Container,
        endpoint: &Endpoint,
        common: &TargetLabels,
        targets: &mut Vec<Labels>,
    ) {
        let ports = container.ports.iter().flatten();
        let before = targets.len();
        for port in ports.filter(|port| port.kind == "tcp") {
            let mut labels = common.clone();
            labels.set("port_private", port.private.to_string());
            if port.public > 0 {
                labels.set("port_public", port.public.to_string());
                labels.set("port_public_ip", &port.ip);
            }
            labels.set_address(endpoint.address(), port.private);
            targets.push(labels.build());
        }
        if targets.len() > before {
            return;
        }
        let mut labels = common.clone();
        if container.host_config.network_mode == "host" {
            labels.set_foreign("__address__", &self.discovery.host_networking_host);
        } else {
            labels.set_address(endpoint.address(), self.discovery.port);
        }
        targets.push(labels.build());
    }
}

/// The networks of a container, by name; those of the container whose networks it shares.
fn endpoints<'a>(container: &'a Container, all: &'a [Container]) -> Vec<&'a Endpoint> {
    let mut current = container;
    // A circle of containers that share each other's networks has none.
    for _ in 0..=all.len() {
        let networks = current.network_settings.networks.iter().flatten();
        let found: Vec<&Endpoint> = networks
            .filter_map(|(_, endpoint)| endpoint.as_ref())
            .collect();
        if !found.is_empty() {
            return found;
        }
        let mode = current.host_config.network_mode.strip_prefix("container:");
        let next = mode.and_then(|id| all.iter().find(|other| other.id == id));
        let Some(next) = next else {
            return Vec::new();
        };
        current = next;
    }
    Vec::new()
}

/// Asks the engine at `host`.
pub(crate) fn api(http: &HttpClientConfig, host: &str, interval: Duration) -> Api {
    match host.strip_prefix("unix://") {
        // The client's settings are for HTTP over the network.
        Some(path) => Api::new(&HttpClientConfig::default(), interval).over_socket(path),
        None => Api::new(http, interval),
    }
}

/// What stands before the paths of the API.
pub(crate) fn base_url(host: &str) -> String {
    if host.starts_with("unix://") {
        return "http://docker".to_owned();
    }
    let host = match host.strip_prefix("tcp://") {
        Some(rest) => format!("http://{rest}"),
        None => host.to_owned(),
    };
    host.trim_end_matches('/').to_owned()
}

/// The query that has the engine filter.
pub(crate) fn filters(filters: &[Filter]) -> String {
    if filters.is_empty() {
        return String::new();
    }
    let mut map: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    for filter in filters {
        let values = map.entry(&filter.name).or_default();
        values.extend(filter.values.iter().map(|value| (value.as_str(), true)));
    }
    let json = serde_json::json!(map).to_string();
    query::of(&[("filters", json)])
}

/// A list that the engine answers with.
pub(crate) async fn get<T: serde::de::DeserializeOwned>(
    api: &Api,
    url: &str,
    step: &'static str,
) -> Result<T, RefreshError> {
    let answer = api.ask(Ask::get(url)).await.and_then(|answer| answer.ok());
    let body = answer.map_err(|error| error.during(step))?.body;
    serde_json::from_slice(&body).map_err(|error| RefreshError::from(error).during(step))
}
