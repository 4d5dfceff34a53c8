//! `/api/v1/targets/overview`: every target with what a page shows of it, and every job's numbers.
//! Smaller than upstream's list, which repeats what discovery found of each target.

use axum::body::Body;
use axum::extract::State;
use config::server::Limit;
use http::Response;
use model::date::format_rfc3339;
use model::duration;
use scrape::{PoolStatus, TargetStatus};
use serde::Serialize;

use super::{LabelMap, time_of};
use crate::response::{ApiError, success};
use crate::services::Services;

#[derive(Serialize)]
struct Overview {
    /// When this was so.
    time: String,
    pools: Vec<Pool>,
    targets: Vec<Target>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pool {
    name: String,
    targets: usize,
    dropped: usize,
    scrape_interval: String,
    scrape_timeout: String,
    /// Most targets; absent for any number, as with the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_size_limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    id: String,
    scrape_pool: String,
    scrape_url: String,
    labels: LabelMap,
    health: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_error: String,
    /// What was left out for want of room.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_warning: String,
    last_scrape: String,
    last_scrape_duration: f64,
    scrape_interval: String,
    scrape_timeout: String,
    samples: usize,
    samples_kept: usize,
    body_bytes: usize,
}

/// `/api/v1/targets/overview`
pub(crate) async fn overview(State(services): State<Services>) -> Result<Response<Body>, ApiError> {
    let scraping = services.targets().clone();
    let time = format_rfc3339(services.now_millis());
    let answer = move || {
        let targets = scraping.status().active.into_iter().map(target);
        success(&Overview {
            time,
            pools: scraping.pool_statuses().iter().map(pool).collect(),
            targets: targets.collect(),
        })
    };
    services.describe(answer).await
}

fn pool(status: &PoolStatus) -> Pool {
    let config = &status.config;
    let bounded = |limit: usize| (limit < usize::MAX).then_some(limit);
    Pool {
        name: config.job_name.clone(),
        targets: status.targets,
        dropped: status.dropped,
        scrape_interval: duration::format(config.scrape_interval),
        scrape_timeout: duration::format(config.scrape_timeout),
        target_limit: Limit::or_built_in(config.limits.target_limit, None),
        sample_limit: bounded(status.sample_limit),
        body_size_limit: bounded(status.body_size_limit),
    }
}

fn target(status: TargetStatus) -> Target {
    Target {
        id: status.id.to_string(),
        scrape_pool: status.scrape_pool,
        scrape_url: status.scrape_url,
        labels: LabelMap(status.labels),
        health: status.health.as_str(),
        last_error: status.last_error,
        last_warning: status.last_warning,
        last_scrape: time_of(status.last_scrape),
        last_scrape_duration: status.last_scrape_duration.as_secs_f64(),
        scrape_interval: duration::format(status.scrape_interval),
        scrape_timeout: duration::format(status.scrape_timeout),
        samples: status.last_size.samples,
        samples_kept: status.last_size.samples_kept,
        body_bytes: status.last_size.body_bytes,
    }
}
