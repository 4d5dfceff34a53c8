//! Google's machines.

mod token;

use config::discovery::GceDiscovery;
use model::{Labels, TargetGroup};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::api::{Api, Ask, query};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;
use crate::world::World;
use token::Tokens;

/// Asks the API for the machines of one `gce_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct GceProvider {
    discovery: GceDiscovery,
    endpoint: String,
    tokens: Tokens,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Instance>,
    next_page_token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Instance {
    id: String,
    name: String,
    zone: String,
    status: String,
    machine_type: String,
    network_interfaces: Vec<NetworkInterface>,
    tags: Tags,
    labels: BTreeMap<String, String>,
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct NetworkInterface {
    name: String,
    network: String,
    subnetwork: String,
    #[serde(rename = "networkIP")]
    network_ip: String,
    access_configs: Vec<AccessConfig>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AccessConfig {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "natIP")]
    nat_ip: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tags {
    items: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    items: Vec<MetadataItem>,
}

#[derive(Deserialize)]
struct MetadataItem {
    key: String,
    value: Option<String>,
}

impl GceProvider {
    pub(crate) fn new(discovery: GceDiscovery, world: &World) -> Self {
        let endpoint = world
            .variable("GCE_API_ENDPOINT")
            .unwrap_or_else(|| "https://compute.googleapis.com".to_owned());
        Self {
            discovery,
            endpoint,
            tokens: Tokens::new(world.clone()),
        }
    }

    pub(crate) async fn refresh(&mut self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let context = "error retrieving refresh targets from gce";
        let found = self.find(api).await;
        found.map_err(|error| error.during(context))
    }

    async fn find(&mut self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let authorization = self.tokens.authorization(api).await?;
        let mut targets = Vec::new();
        let mut next = None;
        loop {
            let ask = Ask::get(&self.url(next.as_deref())).header("authorization", &authorization);
            let body = api.ask(ask).await?.ok()?.body;
            let page: Page = serde_json::from_slice(&body)?;
            targets.extend(
                page.items
                    .iter()
                    .filter_map(|instance| self.target(instance)),
            );
            next = page.next_page_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        let GceDiscovery { project, zone, .. } = &self.discovery;
        Ok(vec![TargetGroup {
            source: format!("GCE_{project}_{zone}"),
            targets,
            labels: Labels::empty(),
        }])
    }

    fn url(&self, page: Option<&str>) -> String {
        let GceDiscovery { project, zone, .. } = &self.discovery;
        let mut pairs = Vec::new();
        if !self.discovery.filter.is_empty() {
            pairs.push(("filter", self.discovery.filter.as_str()));
        }
        pairs.extend(page.map(|page| ("pageToken", page)));
        let endpoint = &self.endpoint;
        let (project, zone) = (query::escaped(project), query::escaped(zone));
        format!(
            "{endpoint}/compute/v1/projects/{project}/zones/{zone}/instances{}",
            query::of(&pairs)
        )
    }

    /// The target of a machine; one without a network is none.
    fn target(&self, instance: &Instance) -> Option<Labels> {
        let primary = instance.network_interfaces.first()?;
        let mut labels = TargetLabels::new("__meta_gce_");
        labels.set_address(&primary.network_ip, self.discovery.port);
        labels.set("project", &self.discovery.project);
        labels.set("zone", &instance.zone);
        labels.set("instance_id", &instance.id);
        labels.set("instance_name", &instance.name);
        labels.set("instance_status", &instance.status);
        labels.set("machine_type", &instance.machine_type);
        labels.set("network", &primary.network);
        labels.set("subnetwork", &primary.subnetwork);
        labels.set("private_ip", &primary.network_ip);
        for interface in &instance.network_interfaces {
            labels.set_named("interface_ipv4_", &interface.name, &interface.network_ip);
        }
        if !instance.tags.items.is_empty() {
            labels.set_list("tags", &instance.tags.items, &self.discovery.tag_separator);
        }
        for item in &instance.metadata.items {
            if let Some(value) = &item.value {
                labels.set_named("metadata_", &item.key, value);
            }
        }
        labels.set_all("label_", &instance.labels);
        let public = primary.access_configs.first();
        if let Some(public) = public.filter(|access| access.kind == "ONE_TO_ONE_NAT") {
            labels.set("public_ip", &public.nat_ip);
        }
        Some(labels.build())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::labels::shown;
    use config::discovery::Discovery;
    use exposition::Registry;
    use host::clock::SimulatedClock;
    use host::fs::SimulatedFs;
    use host::pool::Pool;

    #[test]
    fn machines_become_targets() {
        let entry = "gce_sd_configs: [{project: p, zone: z, filter: 'a=b', port: 9100}]";
        let Discovery::Gce(discovery) = crate::provider::tests::entry(entry) else {
            panic!("{entry}");
        };
        let world = World::new(
            Arc::new(SimulatedFs::default()),
            Arc::new(SimulatedClock::at(0)),
            Arc::new(Pool::new("gce-test", 1).unwrap()),
            &Registry::new(),
            |_| None,
        );
        let provider = GceProvider::new(discovery, &world);
        assert_eq!(
            provider.url(Some("t/1")),
            "https://compute.googleapis.com/compute/v1/projects/p/zones/z/instances?filter=a%3Db&pageToken=t%2F1"
        );
        let page: Page = serde_json::from_str(
            r#"{"items": [{"id": "42", "name": "web", "zone": "zones/z", "status": "RUNNING", "machineType": "n1",
                "networkInterfaces": [{"name": "nic0", "network": "net", "subnetwork": "sub", "networkIP": "10.0.0.2",
                  "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": "34.0.0.1"}]}],
                "tags": {"items": ["http", "x"]}, "labels": {"env": "prod"},
                "metadata": {"items": [{"key": "a-b", "value": "c"}, {"key": "none"}]}}, {"name": "bare"}]}"#,
        )
        .unwrap();
        let group = TargetGroup {
            targets: page
                .items
                .iter()
                .filter_map(|one| provider.target(one))
                .collect(),
            ..TargetGroup::default()
        };
        assert_eq!(
            shown(&[group])[1..],
            [
                "__address__=10.0.0.2:9100 gce_instance_id=42 gce_instance_name=web \
              gce_instance_status=RUNNING gce_interface_ipv4_nic0=10.0.0.2 gce_label_env=prod \
              gce_machine_type=n1 gce_metadata_a_b=c gce_network=net gce_private_ip=10.0.0.2 \
              gce_project=p gce_public_ip=34.0.0.1 gce_subnetwork=sub gce_tags=,http,x, \
              gce_zone=zones/z"
            ]
        );
    }
}
