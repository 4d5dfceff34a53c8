//! `/api/v1/write`: remote write, received.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use remote::{ReceiveError, Received};

use crate::response::plain;
use crate::services::Services;

/// Takes a message of remote write 1.0; answers 204 once its samples are safe.
pub(crate) async fn receive(State(services): State<Services>, request: Request) -> Response<Body> {
    let Some(pool) = services.receiver() else {
        let reason =
            "remote write receiver needs to be enabled with --web.enable-remote-write-receiver";
        return plain(StatusCode::NOT_FOUND, reason);
    };
    if let Err(reason) = check_headers(request.headers()) {
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES);
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
        Err(_) => {
            return plain(
                StatusCode::REQUEST_TIMEOUT,
                "the body takes too long to come",
            );
        }
    };
    let (pool, now) = (Arc::clone(pool), services.now_millis());
    let work = move || remote::receive(&body, services.appendable(), now);
    match pool.run(work).await {
        Ok(outcome) => answer(outcome, now),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// Anything but 1.0 in Snappy is refused, with upstream's words.
fn check_headers(headers: &HeaderMap) -> Result<(), String> {
    let text = |name| {
        let value = headers.get(name).map(http::HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default()
    };
    let mut parts = text(CONTENT_TYPE).split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.is_empty() && media_type != "application/x-protobuf" {
        return Err(format!(
            "expected application/x-protobuf as the first (media) part, got {media_type} content-type"
        ));
    }
    let message = parts.find_map(|part| part.strip_prefix("proto="));
    if let Some(message) = message.filter(|&message| message != MESSAGE) {
        return Err(format!(
            "{message} protobuf message is not accepted by this server; only accepts {MESSAGE}"
        ));
    }
    match text(CONTENT_ENCODING) {
        "" | "snappy" => Ok(()),
        other => Err(format!(
            "{other} encoding (compression) is not accepted by this server; only snappy is acceptable"
        )),
    }
}

fn answer(outcome: Result<Received, ReceiveError>, now: i64) -> Response<Body> {
    match outcome {
        Ok(received) => {
            if received.invalid_series > 0 && may_log(now) {
                tracing::warn!(
                    series = received.invalid_series,
                    "remote write: series with invalid labels are passed over"
                );
            }
            if received.late_exemplars > 0 && may_log(now) {
                tracing::warn!(
                    num_dropped = received.late_exemplars,
                    "error on ingesting out-of-order exemplars"
                );
            }
            match received.refusal {
                None => plain(StatusCode::NO_CONTENT, ""),
                // Sending it again changes nothing; the rest is stored.
                Some(reason) => {
                    let refused = received.refused;
                    if may_log(now) {
                        tracing::warn!(refused, reason, "remote write: samples are refused");
                    }
                    plain(StatusCode::BAD_REQUEST, reason)
                }
            }
        }
        Err(ReceiveError::Store(error)) => {
            if may_log(now) {
                tracing::error!(%error, "remote write: nothing is stored");
            }
            plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
        Err(error) => plain(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// True once a second: senders come again and again with what is refused.
fn may_log(now: i64) -> bool {
    static LAST: AtomicI64 = AtomicI64::new(i64::MIN);
    let last = LAST.load(Ordering::Relaxed);
    let is_due = now.saturating_sub(last) >= LOG_INTERVAL;
    is_due
        && LAST
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
}

/// Milliseconds between two log lines about requests.
const LOG_INTERVAL: i64 = 1_000;
const MESSAGE: &str = "prometheus.WriteRequest";
/// Bytes of a compressed body; senders send less than a tenth.
const MAX_BODY_BYTES: usize = 32 << 20;
/// Time in which a body has to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_messages_and_encodings_are_refused() {
        let cases = [
            ("", "", true),
            ("application/x-protobuf", "snappy", true),
            (
                "application/x-protobuf;proto=prometheus.WriteRequest",
                "snappy",
                true,
            ),
            (
                "application/x-protobuf; proto=io.prometheus.write.v2.Request",
                "snappy",
                false,
            ),
            ("application/json", "snappy", false),
            ("application/x-protobuf", "zstd", false),
        ];
        for (content_type, encoding, want) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_ENCODING, encoding)] {
                if !value.is_empty() {
                    headers.insert(name, http::HeaderValue::from_static(value));
                }
            }
            assert_eq!(
                check_headers(&headers).is_ok(),
                want,
                "{content_type} {encoding}"
            );
        }
    }
}
