//! Resources of PuppetDB.

#[cfg(test)]
mod tests;

use config::discovery::PuppetDbDiscovery;
use model::{Labels, TargetGroup};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::{Api, Ask};
use crate::labels::{TargetLabels, sanitized};
use crate::refresh::RefreshError;

/// Asks the database of one `puppetdb_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct PuppetDbProvider {
    discovery: PuppetDbDiscovery,
    url: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Resource {
    certname: String,
    resource: String,
    #[serde(rename = "type")]
    kind: String,
    title: String,
    exported: bool,
    tags: Option<Vec<String>>,
    file: Option<String>,
    environment: String,
    parameters: Option<Map<String, Value>>,
}

impl PuppetDbProvider {
    pub(crate) fn new(discovery: PuppetDbDiscovery) -> Self {
        let base = discovery.url.trim_end_matches('/');
        let url = format!("{base}/pdb/query/v4");
        Self { discovery, url }
    }

    pub(crate) async fn refresh(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let body = serde_json::json!({ "query": self.discovery.query });
        let ask = Ask::post(&self.url, body.to_string())
            .header("accept", "application/json")
            .header("content-type", "application/json");
        let answer = api.ask(ask).await?.ok()?;
        answer.check_json()?;
        self.groups(&answer.body)
    }

    fn groups(&self, body: &[u8]) -> Result<Vec<TargetGroup>, RefreshError> {
        let resources: Option<Vec<Resource>> = serde_json::from_slice(body)?;
        let resources = resources.unwrap_or_default();
        Ok(vec![TargetGroup {
            source: format!("{}?query={}", self.url, self.discovery.query),
            targets: resources
                .iter()
                .map(|resource| self.target(resource))
                .collect(),
            labels: Labels::empty(),
        }])
    }

    fn target(&self, resource: &Resource) -> Labels {
        let mut labels = TargetLabels::new("__meta_puppetdb_");
        labels.set_address(&resource.certname, self.discovery.port);
        labels.set("query", &self.discovery.query);
        labels.set("certname", &resource.certname);
        labels.set("resource", &resource.resource);
        labels.set("type", &resource.kind);
        labels.set("title", &resource.title);
        labels.set("exported", resource.exported.to_string());
        labels.set_some("file", resource.file.as_ref());
        labels.set("environment", &resource.environment);
        let tags = resource.tags.as_deref().unwrap_or_default();
        if !tags.is_empty() {
            labels.set_list("tags", tags, SEPARATOR);
        }
        if self.discovery.include_parameters
            && let Some(parameters) = &resource.parameters
        {
            set_parameters(&mut labels, "parameter_", parameters);
        }
        labels.build()
    }
}

/// One label for each parameter; those of a parameter that has some itself behind its name.
fn set_parameters(labels: &mut TargetLabels, prefix: &str, parameters: &Map<String, Value>) {
    for (name, value) in parameters {
        let name = format!("{prefix}{}", sanitized(name));
        match value {
            Value::Object(inner) => set_parameters(labels, &format!("{name}_"), inner),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                labels.set(&name, items.join(SEPARATOR));
            }
            other => labels.set(&name, scalar(other)),
        }
    }
}

/// A scalar as text; what is none becomes nothing.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            model::number::general(number)
        }
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

const SEPARATOR: &str = ",";
