//! The networks of a Docker engine, as labels of what is in them.

use std::collections::{BTreeMap, HashMap};

use model::Labels;
use serde::Deserialize;

use super::get;
use crate::api::Api;
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

/// The labels of all networks, by identifier.
#[derive(Debug, Default)]
pub(crate) struct Networks(HashMap<String, Labels>);

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Network {
    id: String,
    name: String,
    scope: String,
    internal: bool,
    ingress: bool,
    labels: Option<BTreeMap<String, String>>,
}

impl Networks {
    /// Asks the engine for them.
    pub(crate) async fn get(
        api: &Api,
        base: &str,
        prefix: &'static str,
    ) -> Result<Self, RefreshError> {
        let url = format!("{base}/networks");
        let networks: Vec<Network> = get(api, &url, "error while listing networks").await?;
        Ok(Self::of_list(networks, prefix))
    }

    pub(crate) fn of_list(networks: Vec<Network>, prefix: &'static str) -> Self {
        let labels = |network: Network| {
            let mut labels = TargetLabels::new(prefix);
            labels.set("network_id", &network.id);
            labels.set("network_name", &network.name);
            labels.set("network_scope", &network.scope);
            labels.set("network_internal", network.internal.to_string());
            labels.set("network_ingress", network.ingress.to_string());
            if let Some(own) = &network.labels {
                labels.set_all("network_label_", own);
            }
            (network.id, labels.build())
        };
        Self(networks.into_iter().map(labels).collect())
    }

    /// The labels of one; none for one that the engine does not know.
    pub(crate) fn of(&self, id: &str) -> Labels {
        self.0.get(id).cloned().unwrap_or_default()
    }
}
