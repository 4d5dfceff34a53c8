//! Queries that run now: what they cost so far, and an end for them.

use axum::body::Body;
use axum::extract::{Path, State};
use http::Response;
use model::date::format_rfc3339;
use serde::Serialize;

use crate::client::Asker;
use crate::queries::Query;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// A query in the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id: u64,
    query: String,
    state: &'static str,
    client: String,
    start_time: String,
    /// In seconds.
    elapsed: f64,
    series_read: u64,
    samples_read: u64,
    bytes: u64,
    peak_bytes: u64,
}

/// `/api/v1/status/queries`
pub(crate) async fn list(State(services): State<Services>) -> Response<Body> {
    #[derive(Serialize)]
    struct List {
        queries: Vec<Shown>,
    }
    let queries = services.queries().all();
    let queries = queries
        .iter()
        .map(|query| shown(&services, query))
        .collect();
    success(&List { queries })
}

fn shown(services: &Services, query: &Query) -> Shown {
    let read = query.usage.statistics();
    let elapsed = services.monotonic().saturating_sub(query.asked);
    Shown {
        id: query.id,
        query: query.text.clone(),
        state: if query.is_running() {
            "running"
        } else {
            "queued"
        },
        client: name_of(query.client),
        start_time: format_rfc3339(query.asked_millis),
        elapsed: elapsed.as_secs_f64(),
        series_read: read.series_read,
        samples_read: read.samples_read,
        bytes: query.usage.bytes(),
        peak_bytes: query.usage.peak_bytes(),
    }
}

/// `DELETE /api/v1/status/queries/<id>` and `POST …/<id>/cancel`
pub(crate) async fn end(
    State(services): State<Services>,
    Path(id): Path<String>,
    Asker(client): Asker,
) -> Result<Response<Body>, ApiError> {
    let by = format!("{} over the API", name_of(client));
    let ended = id.parse().is_ok_and(|id| services.queries().end(id, &by));
    match ended {
        true => {
            tracing::info!(id, %by, "query ended");
            Ok(success(&serde_json::json!({})))
        }
        false => Err(ApiError::new(
            ErrorKind::NotFound,
            "no query with this id is running",
        )),
    }
}

fn name_of(client: crate::admission::Client) -> String {
    client.map_or_else(
        || "unknown".to_owned(),
        |address| address.to_canonical().to_string(),
    )
}
