//! Target groups that a server answers with, as JSON.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use config::discovery::HttpDiscovery;
use exposition::Counter;
use model::label::{ADDRESS, is_label_name};
use model::{Labels, LabelsBuilder, TargetGroup};
use serde::Deserialize;

use crate::api::{Api, Ask};
use crate::refresh::RefreshError;

/// Asks the server of one `http_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct HttpProvider {
    discovery: HttpDiscovery,
    failures: Counter,
}

/// A group as it stands in the answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    #[serde(default)]
    targets: Option<Vec<String>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl HttpProvider {
    pub(crate) fn new(discovery: HttpDiscovery, failures: Counter) -> Self {
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
        let seconds = self.discovery.refresh_interval.as_secs_f64().to_string();
        let ask = Ask::get(&self.discovery.url)
            .header("accept", "application/json")
            .header("x-prometheus-refresh-interval-seconds", seconds);
        let answer = api.ask(ask).await?.ok()?;
        answer.check_json()?;
        groups(&answer.body, &self.discovery.url)
    }
}

/// The groups of an answer. The source of each is the URL and its index.
fn groups(body: &[u8], url: &str) -> Result<Vec<TargetGroup>, RefreshError> {
    let raw: Option<Vec<Option<RawGroup>>> = serde_json::from_slice(body)?;
    let group = |(index, raw): (usize, Option<RawGroup>)| {
        let Some(raw) = raw else {
            return Err(RefreshError::answer("nil target group item found"));
        };
        let mut labels = LabelsBuilder::new();
        for (name, value) in raw.labels.unwrap_or_default() {
            if !is_label_name(&name) {
                let message = format!("{name:?} is not a valid label name");
                return Err(RefreshError::answer(message));
            }
            labels.set(&name, &value);
        }
        labels.set(URL, url);
        let targets = raw.targets.unwrap_or_default();
        Ok(TargetGroup {
            source: format!("{url}:{index}"),
            targets: targets
                .iter()
                .map(|address| Labels::from_pairs([(ADDRESS, address)]))
                .collect(),
            labels: labels.build(),
        })
    };
    raw.unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(group)
        .collect()
}

/// Label that says which URL a group came from.
const URL: &str = "__meta_url";
