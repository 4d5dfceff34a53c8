//! The envelope of every API answer, and the one table from kinds of errors to HTTP statuses.

use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use model::Annotations;
use promql::QueryError;
use serde::Serialize;
use storage::SelectError;

/// What kind of thing went wrong; the word stands in `errorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is malformed.
    BadData,
    /// The expression cannot be evaluated.
    Execution,
    /// The asker went away.
    Canceled,
    /// The evaluation took too long.
    Timeout,
    /// Ours.
    Internal,
    /// Not now.
    Unavailable,
    /// Not with these flags.
    Disabled,
    /// No such thing.
    NotFound,
}

impl ErrorKind {
    /// Prometheus' word.
    const fn as_str(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Canceled => "canceled",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
            Self::Unavailable | Self::Disabled => "unavailable",
            Self::NotFound => "not_found",
        }
    }

    /// Prometheus' HTTP status; 499 is "client closed request".
    fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Canceled => StatusCode::from_u16(499).expect("a three-digit status"),
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal | Self::Disabled => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }
}

/// A failed API call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    kind: ErrorKind,
    message: String,
}

impl ApiError {
    /// An error of this kind with a message for the asker.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// A parameter that does not say what it should; `reason` says why.
    pub fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorKind::BadData,
            format!("invalid parameter \"{name}\": {reason}"),
        )
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let kind = match &error {
            QueryError::Parse(_) | QueryError::Duration(_) | QueryError::NotOverTime(_) => {
                return Self::parameter("query", error);
            }
            QueryError::Timeout => ErrorKind::Timeout,
            QueryError::Canceled | QueryError::Ended { .. } => ErrorKind::Canceled,
            QueryError::Storage(SelectError::NotReady(_)) => ErrorKind::Unavailable,
            QueryError::Storage(_) => ErrorKind::Internal,
            _ => ErrorKind::Execution,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<SelectError> for ApiError {
    fn from(error: SelectError) -> Self {
        let kind = match error {
            SelectError::NotReady(_) => ErrorKind::Unavailable,
            SelectError::Io { .. } | SelectError::Damaged { .. } => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope<'a> {
            status: &'static str,
            error_type: &'static str,
            error: &'a str,
        }
        let envelope = Envelope {
            status: "error",
            error_type: self.kind.as_str(),
            error: &self.message,
        };
        json(self.kind.status(), to_json(&envelope))
    }
}

/// A successful answer whose `data` is `value`.
pub(crate) fn success(value: &impl Serialize) -> Response<Body> {
    success_with(value, &Annotations::default())
}

/// A successful answer with warnings and infos.
pub(crate) fn success_with(value: &impl Serialize, annotations: &Annotations) -> Response<Body> {
    success_text(&to_json(value), annotations)
}

/// A successful answer whose `data` is JSON text already.
pub(crate) fn success_text(data: &str, annotations: &Annotations) -> Response<Body> {
    let mut text = String::with_capacity(data.len() + 64);
    text.push_str(SUCCESS_BEGINS);
    text.push_str(data);
    end_success(&mut text, annotations);
    json(StatusCode::OK, text)
}

/// A successful answer that is written already; `owner` has its bytes.
pub(crate) fn written(owner: impl AsRef<[u8]> + Send + 'static) -> Response<Body> {
    json(StatusCode::OK, Bytes::from_owner(owner))
}

/// What a successful answer has before its `data`.
pub(crate) const SUCCESS_BEGINS: &str = "{\"status\":\"success\",\"data\":";

/// Appends what it has after them.
pub(crate) fn end_success(text: &mut String, annotations: &Annotations) {
    for (key, kind, list) in [
        ("warnings", "warning", annotations.warnings()),
        ("infos", "info", annotations.infos()),
    ] {
        if !list.is_empty() {
            text.push_str(",\"");
            text.push_str(key);
            text.push_str("\":");
            text.push_str(&to_json(&shown(kind, list)));
        }
    }
    text.push('}');
}

/// The first annotations of a kind, and how many more there are.
fn shown(kind: &str, list: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = list.iter().take(MAX_ANNOTATIONS).cloned().collect();
    let left_out = list.len() - shown.len();
    if left_out > 0 {
        shown.push(format!("{left_out} more {kind} annotations omitted"));
    }
    shown
}

/// Annotations of each kind that an answer shows, as upstream does.
const MAX_ANNOTATIONS: usize = 10;

/// An answer outside the API: text for a person. Errors say that they are nothing else.
pub(crate) fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    if !status.is_success() {
        response = response.header(X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
    response
        .body(text.into())
        .expect("constant headers are valid")
}

fn json(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json")
        .body(text.into())
        .expect("constant headers are valid")
}

/// `value` as JSON text.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own types have text keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn ten_annotations_are_shown_and_the_others_counted() {
        let list = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(shown("info", &list(10)), list(10));
        let cut = shown("warning", &list(13));
        assert_eq!(cut.len(), 11);
        assert_eq!(cut[10], "3 more warning annotations omitted");
    }
}
