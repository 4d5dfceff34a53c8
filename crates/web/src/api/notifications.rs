//! `/api/v1/notifications`: what somebody should look at now.

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::date::format_rfc3339;
use serde::Serialize;

use crate::response::{ApiError, success};
use crate::services::Services;

#[derive(Debug, Serialize)]
struct Notification {
    text: String,
    date: String,
    active: bool,
}

impl Notification {
    fn new(text: String, millis: i64) -> Self {
        Self {
            text,
            date: format_rfc3339(millis),
            active: true,
        }
    }
}

/// What is the matter now: a configuration that was refused or has sections without effect, a log
/// that was put aside, jobs whose new series are refused.
pub(crate) async fn list(State(services): State<Services>) -> Result<Response<Body>, ApiError> {
    let mut notifications = Vec::new();
    let configuration = services.configuration();
    if !configuration.reload_success {
        let text = CONFIGURATION_REFUSED.to_owned();
        notifications.push(Notification::new(text, configuration.refused_millis));
    }
    for reason in &configuration.without_effect {
        let text = format!("Configuration: {reason}");
        notifications.push(Notification::new(text, configuration.loaded_millis));
    }
    let asked = services.clone();
    let (limits, safe_start) = services
        .run_query(move || {
            let database = asked.database();
            (database.series_limits(), database.safe_start().cloned())
        })
        .await?;
    if let Some(safe_start) = safe_start {
        let text = format!(
            "Processes have died while they read the write-ahead log: it was made into {} blocks and put into {}.",
            safe_start.blocks,
            safe_start.folder.display()
        );
        notifications.push(Notification::new(text, safe_start.time));
    }
    for job in limits.limited_jobs {
        let text = format!(
            "New series of job {:?} are refused: {}.",
            job.job, job.reason
        );
        notifications.push(Notification::new(text, job.last));
    }
    Ok(success(&notifications))
}

/// Source: Prometheus `util/notifications`.
const CONFIGURATION_REFUSED: &str = "Configuration reload has failed.";
