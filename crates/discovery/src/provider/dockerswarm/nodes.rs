//! The machines of a swarm.

use std::collections::BTreeMap;

use model::Labels;
use serde::Deserialize;

use super::PREFIX;
use crate::labels::TargetLabels;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Node {
    #[serde(rename = "ID")]
    pub(super) id: String,
    #[serde(rename = "Spec")]
    spec: Spec,
    #[serde(rename = "Description")]
    description: Description,
    #[serde(rename = "Status")]
    pub(super) status: Status,
    #[serde(rename = "ManagerStatus")]
    manager: Option<ManagerStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Spec {
    role: String,
    availability: String,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Description {
    hostname: String,
    platform: Platform,
    engine: Engine,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Platform {
    #[serde(rename = "Architecture")]
    architecture: String,
    #[serde(rename = "OS")]
    os: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Engine {
    engine_version: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Status {
    state: String,
    pub(super) addr: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct ManagerStatus {
    leader: bool,
    reachability: String,
    addr: String,
}

impl Node {
    /// The labels that tasks on the node have, too.
    pub(super) fn set_labels(&self, labels: &mut TargetLabels) {
        let Description {
            hostname, platform, ..
        } = &self.description;
        labels.set("node_id", &self.id);
        labels.set("node_role", &self.spec.role);
        labels.set("node_availability", &self.spec.availability);
        labels.set("node_hostname", hostname);
        labels.set("node_platform_architecture", &platform.architecture);
        labels.set("node_platform_os", &platform.os);
        labels.set("node_status", &self.status.state);
        labels.set("node_address", &self.status.addr);
        if let Some(own) = &self.spec.labels {
            labels.set_all("node_label_", own);
        }
    }
}

/// One target for each node.
pub(super) fn targets(nodes: &[Node], port: i64) -> Vec<Labels> {
    let target = |node: &Node| {
        let mut labels = TargetLabels::new(PREFIX);
        node.set_labels(&mut labels);
        labels.set(
            "node_engine_version",
            &node.description.engine.engine_version,
        );
        if let Some(manager) = &node.manager {
            labels.set("node_manager_leader", manager.leader.to_string());
            labels.set("node_manager_reachability", &manager.reachability);
            labels.set("node_manager_address", &manager.addr);
        }
        labels.set_address(&node.status.addr, port);
        labels.build()
    };
    nodes.iter().map(target).collect()
}
