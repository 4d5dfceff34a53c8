//! All routes, in one table.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::handler::Handler;
use axum::middleware;
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, any, delete, get, post};
use exposition::Collector;
use host::pool::Pool;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};

use tokio::sync::Semaphore;
use tsdb::ReplayProgress;
use tsdb::status::WalReplay;

use crate::api::{
    admin, exemplars, features, labels, notifications, queries, query, rules, series, status,
    syntax, targets, why_empty, write,
};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, plain, success};
use crate::services::Services;
use crate::{assets, compress, health, instruments, metrics_page};

/// Where the API is.
pub(crate) const API: &str = "/api/v1";

/// Everything that `narthex server` and `narthex up` answer.
pub fn server(services: Services) -> Router {
    let api = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route(
            "/query_exemplars",
            get(exemplars::list).post(exemplars::list),
        )
        .route("/explain_empty", get(why_empty::of).post(why_empty::of))
        .route("/format_query", get(syntax::format).post(syntax::format))
        .route("/parse_query", get(syntax::tree).post(syntax::tree))
        .route("/write", post(write::receive))
        .route("/series", get(series::list).post(series::list))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values))
        .route("/targets", get(targets::list))
        .route("/targets/metadata", get(targets::of_targets))
        .route("/targets/relabel_steps", get(targets::steps))
        .route("/targets/overview", get(targets::overview))
        .route("/targets/discovered", get(targets::discovered))
        .route(
            "/targets/explain",
            get(targets::explain).post(targets::explain),
        )
        .route("/targets/page", get(targets::page))
        .route("/scrape_pools", get(targets::pools))
        .route("/scrape_pools/config", get(targets::pool_config))
        .route("/scrape_pools/discovery", get(targets::sources))
        .route("/metadata", get(targets::of_metrics))
        .route("/rules", get(rules::list))
        .route("/alerts", get(rules::alerts))
        .route("/alertmanagers", get(rules::alertmanagers))
        .route("/status/buildinfo", get(status::build_info))
        .route("/status/runtimeinfo", get(status::runtime_info))
        .route("/status/flags", get(status::flags))
        .route("/status/config", get(status::configuration))
        .route("/status/tsdb", get(status::tsdb))
        .route("/status/tsdb/blocks", get(status::blocks))
        .route("/status/walreplay", get(status::wal_replay))
        .route("/admin/tsdb/delete_series", change(admin::delete_series))
        .route(
            "/admin/tsdb/clean_tombstones",
            change(admin::clean_tombstones),
        )
        .route("/admin/tsdb/snapshot", change(admin::snapshot))
        .route("/status/queries", get(queries::list))
        .route("/status/queries/{id}", delete(queries::end))
        .route("/status/queries/{id}/cancel", post(queries::end))
        .route("/features", get(features::list))
        .route("/notifications", get(notifications::list))
        .fallback(unknown_call)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest(API, api)
        .route("/metrics", get(own_metrics))
        .layer(middleware::from_fn(compress::gzip))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
        .route("/-/reload", any(health::reload))
        .route("/-/quit", any(health::quit))
        .route("/", get(home))
        .route("/machine", get(page))
        .route("/query", get(page))
        .route("/targets", get(page))
        .route("/service-discovery", get(page))
        .route("/alerts", get(page))
        .route("/rules", get(page))
        .route("/graph", get(old_graph))
        .route("/version", get(status::version))
        .fallback(asset)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(
            services.clone(),
            instruments::count,
        ))
        .with_state(services)
}

/// A call that changes something.
fn change<H, T>(handler: H) -> MethodRouter<Services>
where
    H: Handler<T, Services>,
    T: 'static,
{
    post(handler.clone()).put(handler)
}

/// What a server answers while it reads its log: that it lives, that it is not ready, how far it is,
/// and its metrics.
pub fn starting(progress: ReplayProgress, metrics: Arc<dyn Collector>, pool: Arc<Pool>) -> Router {
    let replay = progress.clone();
    let page = move |headers: HeaderMap| {
        let (metrics, pool) = (Arc::clone(&metrics), Arc::clone(&pool));
        async move { metrics_page::render(metrics, &pool, &headers).await }
    };
    Router::new()
        .route("/-/healthy", get(health::healthy))
        .route("/metrics", get(page))
        .route(
            "/api/v1/status/walreplay",
            get(move || async move { success(&replay.now()) }),
        )
        .fallback(move || async move { not_yet(progress.now()) })
}

fn not_yet(replay: WalReplay) -> Response<Body> {
    let done = replay.current.saturating_sub(replay.min);
    let all = replay.max.saturating_sub(replay.min) + 1;
    let text = format!("Service Unavailable: starting, {done} of {all} log segments are read\n");
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    let soon = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, soon);
    response
}

/// What an exporter answers beside its metrics: a page that leads to them.
pub fn landing(title: &str, path: &str) -> Router {
    let page = format!(
        "<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>\
         <p><a href=\"{path}\">Metrics</a></p></html>\n"
    );
    Router::new().route("/", get(|| async { axum::response::Html(page) }))
}

/// An exporter's metrics at `path`. `choose` gets the values of `collect[]` and of `exclude[]`, and
/// says what to collect or why not. At most `max_requests` are answered at once (0: any number),
/// others are told to come again.
pub fn exporter(
    path: &str,
    max_requests: usize,
    choose: impl Fn(&[String], &[String]) -> Result<Arc<dyn Collector>, String>
    + Clone
    + Send
    + Sync
    + 'static,
    pool: Arc<Pool>,
) -> Router {
    let places = if max_requests == 0 {
        Semaphore::MAX_PERMITS
    } else {
        max_requests
    };
    let places = Arc::new(Semaphore::new(places));
    let metrics = move |headers: HeaderMap, parameters: Parameters| {
        let values = |name: &str| parameters.all(name).map(str::to_owned).collect::<Vec<_>>();
        let chosen = choose(&values("collect[]"), &values("exclude[]"));
        let place = Arc::clone(&places).try_acquire_owned();
        let pool = Arc::clone(&pool);
        async move {
            let Ok(_place) = place else {
                let reason = format!(
                    "Limit of concurrent requests reached ({max_requests}), try again later."
                );
                return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
            };
            match chosen {
                Ok(collector) => metrics_page::render(collector, &pool, &headers).await,
                Err(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            }
        }
    };
    Router::new()
        .route(path, get(metrics))
        .layer(middleware::from_fn(compress::gzip))
}

async fn own_metrics(State(services): State<Services>, headers: HeaderMap) -> Response<Body> {
    metrics_page::render(services.metrics(), services.metrics_pool(), &headers).await
}

/// `uri` is what follows [`API`] in the address.
async fn unknown_call(uri: Uri) -> Response<Body> {
    match clean_address(&format!("{API}{}", uri.path()), uri.query()) {
        Some(address) => redirect(StatusCode::MOVED_PERMANENTLY, &address),
        None => ApiError::new(ErrorKind::NotFound, "no such API call").into_response(),
    }
}

async fn wrong_method() -> Response<Body> {
    plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
}

async fn home(State(services): State<Services>) -> Response<Body> {
    redirect(StatusCode::FOUND, services.facts().home.path())
}

async fn page(headers: HeaderMap) -> Response<Body> {
    assets::index(&headers)
}

async fn asset(uri: Uri, headers: HeaderMap) -> Response<Body> {
    match clean_address(uri.path(), uri.query()) {
        Some(address) => redirect(StatusCode::MOVED_PERMANENTLY, &address),
        None => assets::file(uri.path().trim_start_matches('/'), &headers),
    }
}

/// Where an address with empty, `.` or `..` segments leads, as Go's servers redirect; `None` if it
/// has none. Programs make such addresses by joining a base that ends with `/` and a path.
fn clean_address(path: &str, query: Option<&str>) -> Option<String> {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let clean = format!("/{}", segments.join("/"));
    // Browsers take `\` for `/`, so that what follows could become a host.
    if clean == path || clean.contains('\\') {
        return None;
    }
    Some(match query {
        Some(query) => format!("{clean}?{query}"),
        None => clean,
    })
}

/// Links of old alerts and dashboards lead to `/graph?g0.expr=…`.
async fn old_graph(RawQuery(text): RawQuery) -> Response<Body> {
    let address = text.map_or("/query".to_owned(), |text| format!("/query?{text}"));
    redirect(StatusCode::FOUND, &address)
}

fn redirect(status: StatusCode, to: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(LOCATION, to)
        .body(Body::empty())
        .unwrap_or_else(|_| ApiError::new(ErrorKind::BadData, "invalid address").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cleaned() {
        let cases = [
            ("/", None),
            ("/metrics", None),
            ("/metrics/", Some("/metrics")),
            ("//api/v1/query?query=1", Some("/api/v1/query?query=1")),
            ("/api/v1/../v1/./labels", Some("/api/v1/labels")),
            ("/../..", Some("/")),
            ("//host/", Some("/host")),
            ("/\\host/", None),
        ];
        for (address, want) in cases {
            let uri: Uri = address.parse().unwrap();
            assert_eq!(
                clean_address(uri.path(), uri.query()).as_deref(),
                want,
                "{address}"
            );
        }
    }
}
