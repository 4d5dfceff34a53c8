//! `/api/v1/targets/page`: the page of one known target, fetched now, as text.

use axum::body::Body;
use axum::extract::State;
use http::Response;
use scrape::DryRun;
use serde::Serialize;

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    url: String,
    content_type: String,
    /// In seconds, up to the last byte.
    duration: f64,
    /// Bytes that came.
    transferred_bytes: usize,
    /// Bytes of the page after decompression.
    bytes: usize,
    text: String,
    /// Whether `text` is the beginning only.
    is_cut: bool,
    samples: usize,
    /// Why a scrape of this page fails.
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    /// The line at fault, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_line: Option<usize>,
}

/// Fetches the page of a target; nothing is stored.
pub(crate) async fn page(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let run = wanted(&services, &parameters)?;
    let Ok(_place) = services.fetches().try_acquire() else {
        let reason = "other pages are being fetched, try again later";
        return Err(ApiError::new(ErrorKind::Unavailable, reason));
    };
    let url = run.url();
    let began = services.monotonic();
    let raw = run.fetch().await;
    let duration = services.monotonic().saturating_sub(began).as_secs_f64();
    let answer = move || {
        let page = raw.open(SHOWN_BYTES);
        success(&Page {
            url,
            duration,
            is_cut: page.text.len() < page.bytes,
            content_type: page.content_type,
            transferred_bytes: page.transferred,
            bytes: page.bytes,
            text: page.text,
            samples: page.samples,
            error: page.error,
            error_line: page.error_line,
        })
    };
    services.describe(answer).await
}

fn wanted(services: &Services, parameters: &Parameters) -> Result<DryRun, ApiError> {
    let pool = parameters.get("scrapePool");
    let target = parameters.get("target");
    let known = target
        .parse()
        .ok()
        .and_then(|target| services.targets().dry_run(pool, target));
    known.ok_or_else(|| ApiError::new(ErrorKind::NotFound, "no such target in this scrape pool"))
}

/// Most bytes of a page that are shown.
const SHOWN_BYTES: usize = 1 << 20;
