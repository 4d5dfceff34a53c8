//! What is being scraped, what was dropped, and why.

mod discovered;
mod metadata;
mod overview;
mod page;
mod relabeling;
mod sources;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::date::format_rfc3339;
use model::quote::quoted;
use model::{Labels, duration};
use scrape::{PoolDiscovery, TargetStatus};
use serde::{Serialize, Serializer};

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

pub(crate) use discovered::discovered;
pub(crate) use metadata::{of_metrics, of_targets};
pub(crate) use overview::overview;
pub(crate) use page::page;
pub(crate) use relabeling::{explain, steps};
pub(crate) use sources::sources;

/// A label set as an object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LabelMap(Labels);

impl Serialize for LabelMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<ActiveTarget>,
    dropped_targets: Vec<DroppedTarget>,
    /// None: they were not asked for.
    dropped_target_counts: Option<BTreeMap<String, usize>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActiveTarget {
    discovered_labels: LabelMap,
    labels: LabelMap,
    scrape_pool: String,
    scrape_url: String,
    global_url: String,
    last_error: String,
    last_scrape: String,
    last_scrape_duration: f64,
    health: &'static str,
    scrape_interval: String,
    scrape_timeout: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DroppedTarget {
    discovered_labels: LabelMap,
    scrape_pool: String,
}

/// `/api/v1/targets`
pub(crate) async fn list(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let asked = services.clone();
    services
        .describe(move || success(&targets(&asked, &parameters)))
        .await
}

fn targets(services: &Services, parameters: &Parameters) -> Targets {
    let state = parameters.get("state").to_lowercase();
    let pool = parameters.get("scrapePool");
    let wanted = |name: &str| pool.is_empty() || pool == name;
    let status = services.targets().status();
    let hostname = &services.facts().hostname;
    let mut targets = Targets {
        active_targets: Vec::new(),
        dropped_targets: Vec::new(),
        dropped_target_counts: None,
    };
    // As upstream: any other word than these shows nothing.
    if ["", "any", "active"].contains(&state.as_str()) {
        let chosen = status
            .active
            .into_iter()
            .filter(|target| wanted(&target.scrape_pool));
        targets.active_targets = chosen.map(|target| active(target, hostname)).collect();
    }
    if ["", "any", "dropped"].contains(&state.as_str()) {
        let chosen = status
            .dropped
            .into_iter()
            .filter(|target| wanted(&target.scrape_pool));
        targets.dropped_targets = chosen
            .map(|target| DroppedTarget {
                discovered_labels: LabelMap(target.discovered_labels),
                scrape_pool: target.scrape_pool,
            })
            .collect();
        targets.dropped_target_counts = Some(status.dropped_counts);
    }
    targets
}

fn active(target: TargetStatus, hostname: &str) -> ActiveTarget {
    ActiveTarget {
        discovered_labels: LabelMap(target.discovered_labels),
        labels: LabelMap(target.labels),
        scrape_pool: target.scrape_pool,
        global_url: global_url(&target.scrape_url, hostname),
        scrape_url: target.scrape_url,
        last_error: target.last_error,
        last_scrape: time_of(target.last_scrape),
        last_scrape_duration: target.last_scrape_duration.as_secs_f64(),
        health: target.health.as_str(),
        scrape_interval: duration::format(target.scrape_interval),
        scrape_timeout: duration::format(target.scrape_timeout),
    }
}

fn time_of(scrape: Option<i64>) -> String {
    scrape.map_or_else(|| NEVER.to_owned(), format_rfc3339)
}

/// Go's zero time: not scraped yet.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The address as others reach it: this machine's name instead of its loopback addresses.
fn global_url(url: &str, hostname: &str) -> String {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let local = url.split_once("://").and_then(|(scheme, rest)| {
            let rest = rest.strip_prefix(host)?;
            rest.starts_with([':', '/'])
                .then(|| format!("{scheme}://{hostname}{rest}"))
        });
        if let Some(global) = local {
            return global;
        }
    }
    url.to_owned()
}

/// `/api/v1/scrape_pools`
pub(crate) async fn pools(State(services): State<Services>) -> Response<Body> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Pools {
        scrape_pools: Vec<String>,
    }
    success(&Pools {
        scrape_pools: services.targets().pools(),
    })
}

/// `/api/v1/scrape_pools/config`: the settings of a job as they are in force.
pub(crate) async fn pool_config(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    #[derive(Serialize)]
    struct Config {
        yaml: String,
    }
    let discovery = discovery_of(&services, &parameters)?;
    Ok(success(&Config {
        yaml: discovery.config().to_yaml(),
    }))
}

/// What was discovered for the job that the parameters name.
fn discovery_of(services: &Services, parameters: &Parameters) -> Result<PoolDiscovery, ApiError> {
    let name = parameters.get("scrapePool");
    if name.is_empty() {
        let reason = "no scrapePool parameter provided";
        return Err(ApiError::new(ErrorKind::BadData, reason));
    }
    services.targets().discovery(name).ok_or_else(|| {
        let name = quoted(name);
        let reason = format!("error retrieving scrape config: scrape pool {name} not found");
        ApiError::new(ErrorKind::BadData, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_become_the_machine_name() {
        let cases = [
            ("http://127.0.0.1:9090/metrics", "http://box:9090/metrics"),
            ("http://localhost/metrics", "http://box/metrics"),
            ("https://[::1]:1/x", "https://box:1/x"),
            ("http://127.0.0.11:9090/", "http://127.0.0.11:9090/"),
            ("http://other:9090/", "http://other:9090/"),
        ];
        for (url, want) in cases {
            assert_eq!(global_url(url, "box"), want);
        }
    }
}
