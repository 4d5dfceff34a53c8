//! What is being scraped, and what it says about its metrics.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::date::format_rfc3339;
use model::{Labels, duration};
use scrape::TargetStatus;
use serde::Serialize;

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// A label set as an object.
type LabelMap = BTreeMap<String, String>;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<ActiveTarget>,
    dropped_targets: Vec<DroppedTarget>,
    dropped_target_counts: BTreeMap<String, usize>,
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
    /// What was left out for want of room; not a field of upstream's, and absent if nothing was.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_warning: String,
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
    let state = parameters.get("state").to_lowercase();
    let pool = parameters.get("scrapePool");
    let wanted = |name: &str| pool.is_empty() || pool == name;
    let status = services.targets().status();
    let hostname = &services.facts().hostname;
    let mut targets = Targets {
        active_targets: Vec::new(),
        dropped_targets: Vec::new(),
        dropped_target_counts: BTreeMap::new(),
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
                discovered_labels: map(&target.discovered_labels),
                scrape_pool: target.scrape_pool,
            })
            .collect();
        targets.dropped_target_counts = status.dropped_counts;
    }
    Ok(success(&targets))
}

fn active(target: TargetStatus, hostname: &str) -> ActiveTarget {
    ActiveTarget {
        discovered_labels: map(&target.discovered_labels),
        labels: map(&target.labels),
        scrape_pool: target.scrape_pool,
        global_url: global_url(&target.scrape_url, hostname),
        scrape_url: target.scrape_url,
        last_error: target.last_error,
        last_warning: target.last_warning,
        last_scrape: target.last_scrape.map_or(NEVER.to_owned(), format_rfc3339),
        last_scrape_duration: target.last_scrape_duration.as_secs_f64(),
        health: target.health.as_str(),
        scrape_interval: duration::format(target.scrape_interval),
        scrape_timeout: duration::format(target.scrape_timeout),
    }
}

/// Go's zero time: not scraped yet.
const NEVER: &str = "0001-01-01T00:00:00Z";

fn map(labels: &Labels) -> LabelMap {
    labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

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

/// `/api/v1/metadata`
pub(crate) async fn metadata(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    struct Entry {
        r#type: &'static str,
        help: String,
        unit: String,
    }
    let limit = whole_number(&parameters, "limit")?;
    let per_metric = whole_number(&parameters, "limit_per_metric")?.filter(|count| *count > 0);
    let wanted = parameters.get("metric");
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let targets = services.targets().clone();
    for target in services.run_query(move || targets.metadata()).await? {
        for (metric, metadata) in target.metrics {
            if !wanted.is_empty() && wanted != metric {
                continue;
            }
            let entry = Entry {
                r#type: metadata.metric_type.as_str(),
                help: metadata.help,
                unit: metadata.unit,
            };
            let entries = found.entry(metric).or_default();
            let full = per_metric.is_some_and(|most| entries.len() >= most);
            if !full && !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    let shown = limit.unwrap_or(usize::MAX);
    Ok(success(
        &found.into_iter().take(shown).collect::<BTreeMap<_, _>>(),
    ))
}

/// A bound of the metadata call, which reads its bounds unlike the others: 0 is none at all, a
/// negative number is no bound.
fn whole_number(parameters: &Parameters, name: &str) -> Result<Option<usize>, ApiError> {
    match parameters.get(name) {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(number) => Ok(usize::try_from(number).ok()),
            Err(_) => Err(ApiError::new(
                ErrorKind::BadData,
                format!("{name} must be a number"),
            )),
        },
    }
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
