//! What the process is, how it was started, and what it holds.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::{Response, StatusCode};
use model::date::format_rfc3339;
use serde::Serialize;

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, plain, success, to_json};
use crate::services::{Facts, Services};

/// What was built, as Prometheus names its parts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildInfo<'a> {
    version: &'a str,
    revision: &'a str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

impl<'a> BuildInfo<'a> {
    fn of(facts: &'a Facts) -> Self {
        Self {
            version: &facts.version,
            revision: &facts.revision,
            branch: "",
            build_user: "",
            build_date: "",
            go_version: "",
        }
    }
}

/// `/api/v1/status/buildinfo`
pub(crate) async fn build_info(State(services): State<Services>) -> Response<Body> {
    success(&BuildInfo::of(services.facts()))
}

/// `/version`: the same outside the API, without its envelope.
pub(crate) async fn version(State(services): State<Services>) -> Response<Body> {
    let mut text = to_json(&BuildInfo::of(services.facts()));
    text.push('\n');
    plain(StatusCode::OK, text)
}

/// `/api/v1/status/runtimeinfo`
pub(crate) async fn runtime_info(State(services): State<Services>) -> Response<Body> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RuntimeInfo<'a> {
        start_time: String,
        #[serde(rename = "CWD")]
        working_directory: String,
        hostname: &'a str,
        server_time: String,
        reload_config_success: bool,
        last_config_time: String,
        corruption_count: u64,
        goroutine_count: usize,
        #[serde(rename = "GOMAXPROCS")]
        max_threads: usize,
        #[serde(rename = "GOMEMLIMIT")]
        memory_limit: u64,
        #[serde(rename = "GOGC")]
        gc_percent: &'static str,
        #[serde(rename = "GODEBUG")]
        debug: &'static str,
        storage_retention: String,
    }
    let facts = services.facts();
    let configuration = services.configuration();
    success(&RuntimeInfo {
        start_time: format_rfc3339(facts.start_millis),
        working_directory: facts.working_directory.display().to_string(),
        hostname: &facts.hostname,
        server_time: format_rfc3339(services.now_millis()),
        reload_config_success: configuration.reload_success,
        last_config_time: format_rfc3339(configuration.loaded_millis),
        corruption_count: services.database().corruptions(),
        goroutine_count: 0,
        max_threads: facts.cpus,
        memory_limit: facts.memory_limit,
        gc_percent: "",
        debug: "",
        storage_retention: services.database().retention().to_string(),
    })
}

/// `/api/v1/status/flags`
pub(crate) async fn flags(State(services): State<Services>) -> Response<Body> {
    let flags: BTreeMap<&str, &str> = services
        .facts()
        .flags
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    success(&flags)
}

/// `/api/v1/status/config`
pub(crate) async fn configuration(State(services): State<Services>) -> Response<Body> {
    success(&BTreeMap::from([("yaml", services.configuration().yaml)]))
}

/// `/api/v1/status/tsdb`
pub(crate) async fn tsdb(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = rows(parameters.get("limit"))?;
    let answering = services.clone();
    let status = services
        .run_query(move || answering.database().status(limit))
        .await?;
    Ok(success(&status))
}

/// `/api/v1/status/tsdb/blocks`: what each block says about itself, oldest first.
pub(crate) async fn blocks(State(services): State<Services>) -> Response<Body> {
    let blocks = services.database().block_metas();
    success(&BTreeMap::from([("blocks", blocks)]))
}

/// `/api/v1/status/walreplay`: which segments of the log were read at the start.
pub(crate) async fn wal_replay(State(services): State<Services>) -> Response<Body> {
    success(&services.database().wal_replay())
}

/// How many rows of each list are asked for.
fn rows(text: &str) -> Result<usize, ApiError> {
    let refused = |reason: String| ApiError::new(ErrorKind::BadData, reason);
    match text {
        "" => Ok(DEFAULT_ROWS),
        text => match text.parse() {
            Ok(0) | Err(_) => Err(refused("limit must be a positive number".to_owned())),
            Ok(limit) if limit > MOST_ROWS => {
                Err(refused(format!("limit must not exceed {MOST_ROWS}")))
            }
            Ok(limit) => Ok(limit),
        },
    }
}

/// Rows of each list when the asker names no number, as upstream.
const DEFAULT_ROWS: usize = 10;
/// Most rows of a list, as upstream.
const MOST_ROWS: usize = 10_000;
