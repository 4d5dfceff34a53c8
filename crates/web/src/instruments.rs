//! What the surface tells about itself, under Prometheus' names: requests, queries, readiness.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use exposition::Registry;
use exposition::instrument::{
    Counter, CounterFamily, Histogram, HistogramFamily, Summary, exponential_buckets,
};
use http::Response;
use promql::Statistics;

use crate::lifecycle::Lifecycle;
use crate::queries::Queries;
use crate::router::API;
use crate::services::{Facts, Services};

/// Instruments of the surface.
pub(crate) struct Instruments {
    requests: CounterFamily,
    seconds: HistogramFamily,
    bytes: HistogramFamily,
    queue: Slice,
    preparation: Slice,
    evaluation: Slice,
    sorting: Slice,
    samples: Counter,
    samples_read: Counter,
}

/// One part of the time of queries, as quantiles and as a histogram.
struct Slice {
    summary: Summary,
    histogram: Histogram,
}

impl Instruments {
    /// Registers everything. `places` is how many queries are evaluated at once.
    pub(crate) fn new(
        registry: &Registry,
        facts: &Facts,
        lifecycle: &Lifecycle,
        queries: &Queries,
        places: usize,
    ) -> Self {
        let lifecycle = lifecycle.clone();
        registry.gauge_function(
            "prometheus_ready",
            "Whether Prometheus startup was fully completed and the server is ready for normal operation.",
            move || f64::from(u8::from(lifecycle.is_ready())),
        );
        let queries = queries.clone();
        registry.gauge_function(
            "prometheus_engine_queries",
            "The current number of queries being executed or waiting.",
            move || queries.len() as f64,
        );
        let builds = registry.gauge_family(
            "prometheus_build_info",
            "A metric with a constant '1' value labeled by the version whose interface this is, and the build.",
            &["version", "revision", "branch", "goos", "goarch"],
        );
        let Facts {
            version, revision, ..
        } = facts;
        let build = builds.with(&[version, revision, "", "linux", std::env::consts::ARCH]);
        build.set(1.0);
        let concurrency = registry.gauge(
            "prometheus_engine_queries_concurrent_max",
            "The max number of concurrent queries.",
        );
        concurrency.set(places as f64);
        Self {
            requests: registry.counter_family(
                "prometheus_http_requests_total",
                "Counter of HTTP requests.",
                &["handler", "code"],
            ),
            seconds: registry.histogram_family(
                "prometheus_http_request_duration_seconds",
                "Histogram of latencies for HTTP requests.",
                &["handler"],
                &REQUEST_SECONDS,
            ),
            bytes: registry.histogram_family(
                "prometheus_http_response_size_bytes",
                "Histogram of response size for HTTP requests.",
                &["handler"],
                &exponential_buckets(100.0, 10.0, 8),
            ),
            queue: Slice::new(registry, "queue_time"),
            preparation: Slice::new(registry, "prepare_time"),
            evaluation: Slice::new(registry, "inner_eval"),
            sorting: Slice::new(registry, "result_sort"),
            samples: registry.counter(
                "prometheus_engine_query_samples_total",
                "The total number of samples loaded by all queries (full window per step for range-vector).",
            ),
            samples_read: registry.counter(
                "prometheus_engine_query_samples_read_total",
                "The total number of samples read by all queries (only new points per step for range-vector).",
            ),
        }
    }

    /// Counts a query that was evaluated. `queue` is how long it waited for its place.
    pub(crate) fn count_query(&self, queue: Duration, statistics: &Statistics) {
        let timings = &statistics.timings;
        self.queue.observe(queue);
        self.preparation.observe(timings.preparation);
        self.evaluation.observe(timings.evaluation);
        self.sorting.observe(timings.sorting);
        self.samples.add(statistics.samples_looked_at);
        self.samples_read.add(statistics.samples_newly_looked_at);
    }

    fn count_request(&self, handler: &str, took: Duration, response: &Response<Body>) {
        self.requests
            .with(&[handler, response.status().as_str()])
            .inc();
        let seconds = self.seconds.with(&[handler]);
        seconds.observe(took.as_secs_f64());
        if let Some(bytes) = response.body().size_hint().exact() {
            self.bytes.with(&[handler]).observe(bytes as f64);
        }
    }
}

impl Slice {
    fn new(registry: &Registry, name: &str) -> Self {
        let summaries = registry.summary_family(
            "prometheus_engine_query_duration_seconds",
            "Query timings",
            &["slice"],
            &[0.5, 0.9, 0.99],
        );
        let histograms = registry.histogram_family(
            "prometheus_engine_query_duration_histogram_seconds",
            "The duration of various parts of PromQL query execution.",
            &["slice"],
            &QUERY_SECONDS,
        );
        Self {
            summary: summaries.with(&[name]),
            histogram: histograms.with(&[name]),
        }
    }

    fn observe(&self, time: Duration) {
        self.summary.observe(time.as_secs_f64());
        self.histogram.observe(time.as_secs_f64());
    }
}

/// Middleware: counts requests by what answers them.
pub(crate) async fn count(
    State(services): State<Services>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let handler = handler(path.as_ref().map(MatchedPath::as_str), request.uri().path());
    let began = services.monotonic();
    let response = next.run(request).await;
    let took = services.monotonic().saturating_sub(began);
    services
        .instruments()
        .count_request(&handler, took, &response);
    response
}

/// A name for what answers a request, as upstream has it: the pattern of its route, so that there
/// are only so many.
fn handler(pattern: Option<&str>, path: &str) -> String {
    match pattern.filter(|pattern| !pattern.contains("{*")) {
        Some(pattern) => pattern.replace('{', ":").replace('}', ""),
        None if path.starts_with(API) => format!("{API}/*path"),
        None => "/assets/*filepath".to_owned(),
    }
}

/// Upper bounds of the histogram of requests. Source: Prometheus `web`.
const REQUEST_SECONDS: [f64; 9] = [0.1, 0.2, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0, 120.0];
/// Upper bounds of the histogram of parts of queries. Source: Prometheus `promql`.
const QUERY_SECONDS: [f64; 4] = [0.01, 0.1, 1.0, 10.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_named_by_their_route() {
        let cases = [
            (Some("/api/v1/query"), "/api/v1/query", "/api/v1/query"),
            (
                Some("/api/v1/label/{name}/values"),
                "/api/v1/label/job/values",
                "/api/v1/label/:name/values",
            ),
            (None, "/api/v1/nothing", "/api/v1/*path"),
            (Some("/api/v1{*rest}"), "/api/v1/nothing", "/api/v1/*path"),
            (None, "/assets/index.js", "/assets/*filepath"),
        ];
        for (pattern, path, want) in cases {
            assert_eq!(handler(pattern, path), want);
        }
    }
}
