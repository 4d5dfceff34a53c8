//! `/api/v1/write`: remote write, received.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Response, StatusCode};
use remote::{Message, ReceiveError, Received};

use crate::response::plain;
use crate::services::Services;

/// Takes a message of remote write 1.0 or 2.0; answers 204 once its samples are safe.
pub(crate) async fn receive(State(services): State<Services>, request: Request) -> Response<Body> {
    let Some(receiver) = services.receiver().cloned() else {
        let reason =
            "remote write receiver needs to be enabled with --web.enable-remote-write-receiver";
        return plain(StatusCode::NOT_FOUND, reason);
    };
    let message = match message_of(request.headers(), receiver.remote.accepted()) {
        Ok(message) => message,
        Err(reason) => return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, &reason),
    };
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES);
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(_) => {
            return refusal(
                StatusCode::REQUEST_TIMEOUT,
                "the body takes too long to come",
            );
        }
    };
    let (remote, now) = (Arc::clone(&receiver.remote), services.now_millis());
    let work = move || remote.receive(message, &body, services.appendable(), now);
    match receiver.pool.run(work).await {
        Ok(outcome) => answer(message, outcome, now),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// A text for the sender, which ends with a line end, as Go's servers have it.
fn refusal(status: StatusCode, reason: &str) -> Response<Body> {
    plain(status, format!("{reason}\n"))
}

/// The message that a request says to have. Other messages than the accepted ones, and what is not
/// in Snappy, are refused with upstream's words.
fn message_of(headers: &HeaderMap, accepted: &[Message]) -> Result<Message, String> {
    let text = |name| {
        let value = headers.get(name).map(http::HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default()
    };
    let message = message_named(text(CONTENT_TYPE))?;
    if !accepted.contains(&message) {
        let message = message.as_str();
        let names: Vec<&str> = accepted.iter().map(|message| message.as_str()).collect();
        let names = names.join(", ");
        return Err(format!(
            "{message} protobuf message is not accepted by this server; only accepts {names}"
        ));
    }
    match text(CONTENT_ENCODING) {
        "" | "snappy" => Ok(message),
        other => Err(format!(
            "{other} encoding (compression) is not accepted by this server; only snappy is acceptable"
        )),
    }
}

/// The message that a content type names; that of 1.0 if it names none.
fn message_named(content_type: &str) -> Result<Message, String> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.is_empty() && media_type != "application/x-protobuf" {
        return Err(format!(
            "expected application/x-protobuf as the first (media) part, got {media_type} content-type"
        ));
    }
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!(
                "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be \
                 key-values, got {part} in {content_type} content-type"
            ));
        };
        if name == "proto" {
            let unknown = |error| format!("got {content_type} content type; {error}");
            return Message::parse(value).map_err(unknown);
        }
    }
    Ok(Message::V1)
}

/// The answer that everything is stored.
fn nothing() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn answer(message: Message, outcome: Result<Received, ReceiveError>, now: i64) -> Response<Body> {
    let mut written = Received::default();
    let mut response = match outcome {
        Ok(received) => {
            log(&received, now);
            written = received;
            match &written.refusal {
                None => nothing(),
                // Sending it again changes nothing; the rest is stored.
                Some(reason) => refusal(StatusCode::BAD_REQUEST, reason),
            }
        }
        Err(ReceiveError::Store(error)) => {
            if may_log(now) {
                tracing::error!(%error, "remote write: nothing is stored");
            }
            refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
        Err(error @ ReceiveError::Compression(_)) => {
            return refusal(StatusCode::BAD_REQUEST, &error.to_string());
        }
        Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if message == Message::V2 {
        for (name, number) in [
            (SAMPLES_WRITTEN, written.samples),
            (HISTOGRAMS_WRITTEN, written.histograms),
            (EXEMPLARS_WRITTEN, written.exemplars),
        ] {
            response.headers_mut().insert(name, number.into());
        }
    }
    response
}

/// Says in the log what of a request was left out.
fn log(received: &Received, now: i64) {
    let Received {
        invalid,
        late_exemplars,
        refused,
        ..
    } = *received;
    let nothing = invalid + late_exemplars + refused == 0;
    if nothing || !may_log(now) {
        return;
    }
    let first = received.refusal.as_deref().unwrap_or_default();
    let first = first.lines().next().unwrap_or_default();
    tracing::warn!(
        invalid,
        refused,
        late_exemplars,
        reason = first,
        "remote write: parts of a request are not stored"
    );
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
const SAMPLES_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-exemplars-written");
/// Bytes of a compressed body; senders send less than a tenth.
const MAX_BODY_BYTES: usize = 32 << 20;
/// Time in which a body has to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_by_their_headers() {
        let both = &Message::ALL[..];
        let protobuf = "application/x-protobuf";
        let v1 = "application/x-protobuf;proto=prometheus.WriteRequest";
        let v2 = "application/x-protobuf; proto=io.prometheus.write.v2.Request";
        let other = "application/x-protobuf;proto=foo.Bar";
        let refused = |text: &str| Err(text.to_owned());
        let cases = [
            ("", "", both, Ok(Message::V1)),
            (protobuf, "snappy", both, Ok(Message::V1)),
            ("application/x-protobuf;a=b", "", both, Ok(Message::V1)),
            (v1, "snappy", both, Ok(Message::V1)),
            (v2, "snappy", both, Ok(Message::V2)),
            (
                v2,
                "snappy",
                &[Message::V1],
                refused(
                    "io.prometheus.write.v2.Request protobuf message is not accepted by this server; only accepts prometheus.WriteRequest",
                ),
            ),
            (
                other,
                "snappy",
                both,
                refused(
                    "got application/x-protobuf;proto=foo.Bar content type; unknown type for remote write protobuf message foo.Bar, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request",
                ),
            ),
            (
                "application/x-protobuf;x",
                "snappy",
                both,
                refused(
                    "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got x in application/x-protobuf;x content-type",
                ),
            ),
            (
                "text/plain",
                "snappy",
                both,
                refused(
                    "expected application/x-protobuf as the first (media) part, got text/plain content-type",
                ),
            ),
            (
                protobuf,
                "zstd",
                both,
                refused(
                    "zstd encoding (compression) is not accepted by this server; only snappy is acceptable",
                ),
            ),
        ];
        for (content_type, encoding, accepted, want) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_ENCODING, encoding)] {
                if !value.is_empty() {
                    headers.insert(name, http::HeaderValue::from_static(value));
                }
            }
            let found = message_of(&headers, accepted);
            assert_eq!(found, want, "{content_type} {encoding}");
        }
    }

    #[test]
    fn senders_of_2_0_are_told_what_was_written() {
        let received = Received {
            samples: 3,
            exemplars: 1,
            refusal: Some("a\nb".to_owned()),
            ..Received::default()
        };
        let compression = || Err(ReceiveError::Compression("c".to_owned()));
        let malformed = Err(ReceiveError::Store(storage::AppendError::ReadOnly(
            "d".into(),
        )));
        for (message, outcome, status, samples) in [
            (Message::V1, Ok(Received::default()), 204, None),
            (Message::V2, Ok(Received::default()), 204, Some("0")),
            (Message::V2, Ok(received), 400, Some("3")),
            (Message::V2, compression(), 400, None),
            (Message::V2, malformed, 500, Some("0")),
        ] {
            let answer = answer(message, outcome, 0);
            assert_eq!(answer.status(), status);
            let header = answer
                .headers()
                .get("X-Prometheus-Remote-Write-Samples-Written");
            assert_eq!(header.map(|value| value.to_str().unwrap()), samples);
        }
    }
}
