//! Instances of a service, with their health, as the agent lists them.

use std::collections::BTreeMap;

use model::Labels;
use serde::Deserialize;

use crate::labels::TargetLabels;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Entry {
    node: Node,
    service: Service,
    checks: Option<Vec<Check>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Node {
    node: String,
    address: String,
    tagged_addresses: Option<BTreeMap<String, String>>,
    meta: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Service {
    #[serde(rename = "ID")]
    id: String,
    address: String,
    port: i64,
    tags: Option<Vec<String>>,
    meta: Option<BTreeMap<String, String>>,
    namespace: String,
    partition: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Check {
    #[serde(rename = "CheckID")]
    id: String,
    #[serde(rename = "Status")]
    status: String,
}

/// The target of an instance.
pub(super) fn target(entry: &Entry, tag_separator: &str) -> Labels {
    let Entry { node, service, .. } = entry;
    let mut labels = TargetLabels::new("__meta_consul_");
    // A service may be registered by another node than it runs on.
    let host = match service.address.as_str() {
        "" => &node.address,
        own => own,
    };
    labels.set_address(host, service.port);
    labels.set("address", &node.address);
    labels.set("node", &node.node);
    labels.set("namespace", &service.namespace);
    labels.set("partition", &service.partition);
    let tags = service.tags.as_deref().unwrap_or_default();
    labels.set_list("tags", tags, tag_separator);
    labels.set("service_address", &service.address);
    labels.set("service_port", service.port.to_string());
    labels.set("service_id", &service.id);
    labels.set(
        "health",
        health(entry.checks.as_deref().unwrap_or_default()),
    );
    let families = [
        ("metadata_", &node.meta),
        ("service_metadata_", &service.meta),
        ("tagged_address_", &node.tagged_addresses),
    ];
    for (name, entries) in families {
        if let Some(entries) = entries {
            labels.set_all(name, entries);
        }
    }
    labels.build()
}

/// The worst of all checks.
fn health(checks: &[Check]) -> &'static str {
    let is_maintenance = |check: &Check| {
        check.id == "_node_maintenance" || check.id.starts_with("_service_maintenance:")
    };
    if checks.iter().any(is_maintenance) {
        return "maintenance";
    }
    for worst in ["critical", "warning"] {
        if checks.iter().any(|check| check.status == worst) {
            return worst;
        }
    }
    "passing"
}
