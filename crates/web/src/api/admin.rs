//! Changes to what is stored: deleting series, taking out what was deleted, snapshots. Only with
//! `--web.enable-admin-api`.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::{Response, StatusCode};
use model::{Matcher, TimeRange};
use promql::parser::parse_selector;

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// `/api/v1/admin/tsdb/delete_series`
pub(crate) async fn delete_series(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    services.check_admin()?;
    parameters.check()?;
    if parameters.all("match[]").next().is_none() {
        let reason = "no match[] parameter provided";
        return Err(ApiError::new(ErrorKind::BadData, reason));
    }
    let start = parameters.time("start")?.unwrap_or(TimeRange::ALL.min_time);
    let end = parameters.time("end")?.unwrap_or(TimeRange::ALL.max_time);
    let sets: Vec<Vec<Matcher>> = parameters
        .all("match[]")
        .map(parse_selector)
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::parameter("match[]", error))?;
    if start > end {
        return Ok(done());
    }
    let range = TimeRange::new(start, end);
    let work = move |db: &tsdb::Db| sets.iter().try_for_each(|set| db.delete(set, range));
    services.change(work).await?;
    Ok(done())
}

/// `/api/v1/admin/tsdb/clean_tombstones`
pub(crate) async fn clean_tombstones(
    State(services): State<Services>,
) -> Result<Response<Body>, ApiError> {
    services.check_admin()?;
    services.change(tsdb::Db::clean_tombstones).await?;
    Ok(done())
}

/// `/api/v1/admin/tsdb/snapshot`
pub(crate) async fn snapshot(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    services.check_admin()?;
    let skip_head = boolean(parameters.get("skip_head"))
        .map_err(|reason| ApiError::parameter("skip_head", reason))?;
    let name = services.change(move |db| db.snapshot(skip_head)).await?;
    Ok(success(&BTreeMap::from([("name", name)])))
}

fn done() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Reads what Go's `strconv.ParseBool` reads; nothing means no.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        text => Err(format!(
            "unable to parse boolean: strconv.ParseBool: parsing {}: invalid syntax",
            model::quote::quoted(text)
        )),
    }
}
