//! Services that Nomad itself registers.

#[cfg(test)]
mod tests;

use config::discovery::NomadDiscovery;
use exposition::Counter;
use model::{Labels, TargetGroup};
use serde::Deserialize;

use crate::api::{Api, Ask, query};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

/// Asks the server of one `nomad_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct NomadProvider {
    discovery: NomadDiscovery,
    failures: Counter,
}

#[derive(Deserialize)]
struct Namespace {
    #[serde(rename = "Services", default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "ServiceName")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Instance {
    #[serde(rename = "ID")]
    id: String,
    service_name: String,
    namespace: String,
    #[serde(rename = "NodeID")]
    node_id: String,
    datacenter: String,
    tags: Option<Vec<String>>,
    address: String,
    port: i64,
}

impl NomadProvider {
    pub(crate) fn new(discovery: NomadDiscovery, failures: Counter) -> Self {
        Self {
            discovery,
            failures,
        }
    }

    pub(crate) async fn refresh(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let found = self.find(api).await;
        if found.is_err() {
            self.failures.inc();
        }
        found
    }

    async fn find(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let body = api.ask(Ask::get(&self.url("services"))).await?.ok()?.body;
        let namespaces: Vec<Namespace> = serde_json::from_slice(&body)?;
        let mut targets = Vec::new();
        for service in namespaces.iter().flat_map(|namespace| &namespace.services) {
            let name = query::escaped(&service.name);
            let answer = api
                .ask(Ask::get(&self.url(&format!("service/{name}"))))
                .await;
            let answer = answer.and_then(|answer| answer.ok());
            let body = answer
                .map_err(|error| error.during("failed to fetch services"))?
                .body;
            let instances: Vec<Instance> = serde_json::from_slice(&body)?;
            targets.extend(instances.iter().map(|instance| self.target(instance)));
        }
        Ok(vec![TargetGroup {
            source: "Nomad".to_owned(),
            targets,
            labels: Labels::empty(),
        }])
    }

    fn url(&self, path: &str) -> String {
        let server = self.discovery.server.trim_end_matches('/');
        let mut pairs = Vec::new();
        let parameters = [
            ("region", &self.discovery.region),
            ("namespace", &self.discovery.namespace),
        ];
        for (name, value) in parameters {
            if !value.is_empty() {
                pairs.push((name, value.as_str()));
            }
        }
        if self.discovery.allow_stale {
            pairs.push(("stale", ""));
        }
        format!("{server}/v1/{path}{}", query::of(&pairs))
    }

    fn target(&self, instance: &Instance) -> Labels {
        let mut labels = TargetLabels::new("__meta_nomad_");
        labels.set_address(&instance.address, instance.port);
        labels.set("address", &instance.address);
        labels.set("dc", &instance.datacenter);
        labels.set("node_id", &instance.node_id);
        labels.set("namespace", &instance.namespace);
        labels.set("service", &instance.service_name);
        labels.set("service_address", &instance.address);
        labels.set("service_id", &instance.id);
        labels.set("service_port", instance.port.to_string());
        let tags = instance.tags.as_deref().unwrap_or_default();
        if !tags.is_empty() {
            labels.set_list("tags", tags, &self.discovery.tag_separator);
        }
        labels.build()
    }
}
