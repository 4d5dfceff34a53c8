//! `/api/v1/scrape_pools/discovery`: where jobs have their targets from, and how each source does.

use axum::body::Body;
use axum::extract::State;
use discovery::DiscoveryStatus;
use http::Response;
use serde::Serialize;

use super::time_of;
use crate::parameters::Parameters;
use crate::response::success;
use crate::services::Services;

#[derive(Serialize)]
struct Answer {
    /// In the order of jobs' names; of a job in the order of the configuration.
    sources: Vec<Source>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    scrape_pool: String,
    mechanism: &'static str,
    /// `good`, `waiting`, `failing` or `lacking`.
    health: &'static str,
    /// Found by it, before relabeling.
    targets: usize,
    /// Go's zero time for one that never answered or is not asked.
    last_refresh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

/// `/api/v1/scrape_pools/discovery`
pub(crate) async fn sources(
    State(services): State<Services>,
    parameters: Parameters,
) -> Response<Body> {
    let pool = parameters.get("scrapePool");
    let status = services.discovery().status().into_iter();
    let wanted = status.filter(|source| pool.is_empty() || pool == source.set);
    success(&Answer {
        sources: wanted.map(source).collect(),
    })
}

fn source(status: DiscoveryStatus) -> Source {
    Source {
        scrape_pool: status.set,
        mechanism: status.mechanism,
        health: status.health.as_str(),
        targets: status.targets,
        last_refresh: time_of(status.last_refresh_millis),
        last_error: status.last_error,
    }
}
