//! The services of a swarm.

use std::collections::BTreeMap;

use model::Labels;
use serde::Deserialize;
use serde_json::Value;

use super::{Networks, PREFIX, SwarmPort, address_of};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Service {
    #[serde(rename = "ID")]
    pub(super) id: String,
    #[serde(rename = "Spec")]
    spec: Spec,
    #[serde(rename = "Endpoint")]
    endpoint: Endpoint,
    #[serde(rename = "UpdateStatus")]
    update: Option<UpdateStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Spec {
    name: String,
    labels: Option<BTreeMap<String, String>>,
    mode: Mode,
    task_template: TaskTemplate,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Mode {
    global: Option<Value>,
    replicated: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct TaskTemplate {
    container_spec: Option<ContainerSpec>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct ContainerSpec {
    image: String,
    hostname: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Endpoint {
    #[serde(rename = "Ports")]
    ports: Option<Vec<SwarmPort>>,
    #[serde(rename = "VirtualIPs")]
    virtual_ips: Option<Vec<VirtualIp>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VirtualIp {
    #[serde(rename = "NetworkID")]
    network_id: String,
    #[serde(rename = "Addr")]
    addr: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct UpdateStatus {
    state: String,
}

impl Service {
    /// The labels that the tasks of the service have, too.
    pub(super) fn set_labels(&self, labels: &mut TargetLabels) {
        labels.set("service_id", &self.id);
        labels.set("service_name", &self.spec.name);
        labels.set("service_mode", self.mode());
        if let Some(own) = &self.spec.labels {
            labels.set_all("service_label_", own);
        }
    }

    pub(super) fn ports(&self) -> impl Iterator<Item = &SwarmPort> {
        self.endpoint.ports.iter().flatten()
    }

    fn mode(&self) -> &'static str {
        match (&self.spec.mode.global, &self.spec.mode.replicated) {
            (Some(_), _) => "global",
            (None, Some(_)) => "replicated",
            (None, None) => "",
        }
    }
}

/// One target for each address and published port; one at the port of the entry where none is
/// published.
pub(super) fn targets(
    services: &[Service],
    networks: &Networks,
    port: i64,
) -> Result<Vec<Labels>, RefreshError> {
    let mut targets = Vec::new();
    for service in services {
        let mut common = TargetLabels::new(PREFIX);
        service.set_labels(&mut common);
        if let Some(container) = &service.spec.task_template.container_spec {
            common.set("service_task_container_hostname", &container.hostname);
            common.set("service_task_container_image", &container.image);
        }
        if let Some(update) = &service.update {
            common.set("service_updating_status", &update.state);
        }
        for virtual_ip in service.endpoint.virtual_ips.iter().flatten() {
            let address = address_of(&virtual_ip.addr)?;
            let mut labels = common.clone();
            labels.extend(&networks.of(&virtual_ip.network_id));
            let before = targets.len();
            for port in service.ports().filter(|port| port.is_tcp()) {
                let mut labels = labels.clone();
                labels.set("service_endpoint_port_name", &port.name);
                labels.set("service_endpoint_port_publish_mode", &port.publish_mode);
                labels.set_address(address, port.published_port);
                targets.push(labels.build());
            }
            if targets.len() == before {
                labels.set_address(address, port);
                targets.push(labels.build());
            }
        }
    }
    Ok(targets)
}
