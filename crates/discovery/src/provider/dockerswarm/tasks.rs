//! The tasks of a swarm: containers of its services.

use std::collections::BTreeMap;

use model::Labels;
use serde::Deserialize;

use super::nodes::Node;
use super::services::Service;
use super::{Networks, PREFIX, SwarmPort, address_of};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Task {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "ServiceID")]
    service_id: String,
    #[serde(rename = "NodeID")]
    node_id: String,
    #[serde(rename = "Slot")]
    slot: i64,
    #[serde(rename = "DesiredState")]
    desired_state: String,
    #[serde(rename = "Status")]
    status: Status,
    #[serde(rename = "Spec")]
    spec: Spec,
    #[serde(rename = "NetworksAttachments")]
    attachments: Option<Vec<Attachment>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Status {
    state: String,
    container_status: Option<ContainerStatus>,
    port_status: PortStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ContainerStatus {
    #[serde(rename = "ContainerID")]
    container_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct PortStatus {
    ports: Option<Vec<SwarmPort>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Spec {
    container_spec: Option<ContainerSpec>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct ContainerSpec {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Attachment {
    network: AttachedNetwork,
    addresses: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AttachedNetwork {
    #[serde(rename = "ID")]
    id: String,
}

/// One target for each port that a task publishes on its node, and for each address and port of its
/// service; one at the port of the entry where the service publishes none.
pub(super) fn targets(
    tasks: &[Task],
    services: &[Service],
    nodes: &[Node],
    networks: &Networks,
    port: i64,
) -> Result<Vec<Labels>, RefreshError> {
    let services: BTreeMap<&str, &Service> =
        services.iter().map(|one| (one.id.as_str(), one)).collect();
    let nodes: BTreeMap<&str, &Node> = nodes.iter().map(|one| (one.id.as_str(), one)).collect();
    let mut targets = Vec::new();
    for task in tasks {
        let service = services.get(task.service_id.as_str()).copied();
        let node = nodes.get(task.node_id.as_str()).copied();
        let common = task.labels(service, node);
        let node_address = node.map_or("", |node| &node.status.addr);
        let published = task.status.port_status.ports.iter().flatten();
        for port in published.filter(|port| port.is_tcp()) {
            let mut labels = common.clone();
            labels.set("task_port_publish_mode", &port.publish_mode);
            labels.set_address(node_address, port.published_port);
            targets.push(labels.build());
        }
        for attachment in task.attachments.iter().flatten() {
            let mut labels = common.clone();
            labels.extend(&networks.of(&attachment.network.id));
            for address in attachment.addresses.iter().flatten() {
                let address = address_of(address)?;
                push_at(address, service, &labels, port, &mut targets);
            }
        }
    }
    Ok(targets)
}

fn push_at(
    address: &str,
    service: Option<&Service>,
    common: &TargetLabels,
    port: i64,
    targets: &mut Vec<Labels>,
) {
    let before = targets.len();
    let ports = service.into_iter().flat_map(Service::ports);
    for port in ports.filter(|port| port.is_tcp()) {
        let mut labels = common.clone();
        labels.set("task_port_publish_mode", &port.publish_mode);
        labels.set_address(address, port.published_port);
        targets.push(labels.build());
    }
    if targets.len() == before {
        let mut labels = common.clone();
        labels.set_address(address, port);
        targets.push(labels.build());
    }
}

impl Task {
    fn labels(&self, service: Option<&Service>, node: Option<&Node>) -> TargetLabels {
        let mut labels = TargetLabels::new(PREFIX);
        labels.set("task_id", &self.id);
        labels.set("task_desired_state", &self.desired_state);
        labels.set("task_state", &self.status.state);
        labels.set("task_slot", self.slot.to_string());
        if let Some(container) = &self.status.container_status {
            labels.set("task_container_id", &container.container_id);
        }
        let own = self.spec.container_spec.as_ref();
        if let Some(own) = own.and_then(|container| container.labels.as_ref()) {
            labels.set_all("container_label_", own);
        }
        if let Some(service) = service {
            service.set_labels(&mut labels);
        }
        if let Some(node) = node {
            node.set_labels(&mut labels);
        }
        labels
    }
}
