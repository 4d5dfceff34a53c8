//! The query API of a server, as a client sees it.

use std::fmt;
use std::time::Duration;

use host::net::client::Request;
use host::net::{Client, ClientError};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde_json::Value as Json;

use super::client::{self, Headers};
use super::time::QueryRange;

/// A server that is asked.
pub(super) struct Api {
    client: Client,
    base: String,
    headers: Headers,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The server could not be asked.
    Client(ClientError),
    /// The server said no, or nothing sensible.
    Answer {
        kind: String,
        text: String,
        detail: String,
    },
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Answer { kind, text, detail } if detail.is_empty() => {
                write!(f, "{kind}: {text}")
            }
            Self::Answer { kind, text, detail } => {
                write!(f, "{kind}: {text} (detail: {})", detail.trim())
            }
        }
    }
}

impl Api {
    pub(super) fn new(client: Client, server: &str, headers: Headers) -> Result<Self, String> {
        let url = client::server_url(server)?;
        Ok(Self {
            client,
            base: url.expose().trim_end_matches('/').to_owned(),
            headers,
        })
    }

    /// The result of an instant query, with its type.
    pub(super) async fn query(&self, expression: &str, at: f64) -> Result<Json, ApiError> {
        let form = [("query", expression.to_owned()), ("time", number(at))];
        self.ask("/api/v1/query", &form).await
    }

    /// The result of a range query, with its type.
    pub(super) async fn query_range(
        &self,
        expression: &str,
        range: QueryRange,
    ) -> Result<Json, ApiError> {
        let form = [
            ("query", expression.to_owned()),
            ("start", number(range.start)),
            ("end", number(range.end)),
            ("step", number(range.step)),
        ];
        self.ask("/api/v1/query_range", &form).await
    }

    /// The label sets of series.
    pub(super) async fn series(
        &self,
        matches: &[String],
        start: f64,
        end: f64,
    ) -> Result<Json, ApiError> {
        self.ask("/api/v1/series", &selection(matches, start, end))
            .await
    }

    /// The values of a label.
    pub(super) async fn label_values(
        &self,
        name: &str,
        matches: &[String],
        start: f64,
        end: f64,
    ) -> Result<Json, ApiError> {
        let form = encoded(&selection(matches, start, end));
        let path = format!("/api/v1/label/{name}/values?{form}");
        self.send(Method::GET, &path, String::new()).await
    }

    /// Asks by `POST`, and by `GET` of servers that do not know that.
    async fn ask(&self, path: &str, form: &[(&str, String)]) -> Result<Json, ApiError> {
        let form = encoded(form);
        let posted = self.send(Method::POST, path, form.clone()).await;
        match &posted {
            Err(ApiError::Answer { text, .. })
                if text.ends_with(" 405") || text.ends_with(" 501") =>
            {
                let path = format!("{path}?{form}");
                self.send(Method::GET, &path, String::new()).await
            }
            _ => posted,
        }
    }

    async fn send(&self, method: Method, path: &str, form: String) -> Result<Json, ApiError> {
        let url = format!("{}{path}", self.base);
        let url = config::Url::parse(&url).map_err(|text| bad_response(&text))?;
        let mut headers = self.headers.0.clone();
        if method == Method::POST {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, kind);
        }
        let request = Request {
            method,
            headers,
            body: form.into(),
            timeout: TIMEOUT,
            max_body: MOST_BYTES,
            ..Request::get(url)
        };
        let answer = self.client.send(request).await.map_err(ApiError::Client)?;
        data(answer.status, &answer.body)
    }
}

/// What an answer holds.
fn data(status: StatusCode, body: &[u8]) -> Result<Json, ApiError> {
    let is_told = matches!(status.as_u16(), 400 | 422);
    if !status.is_success() && !is_told {
        let (kind, what) = match status.as_u16() / 100 {
            4 => ("client_error", "client error:"),
            5 => ("server_error", "server error:"),
            _ => ("bad_response", "bad response code"),
        };
        return Err(ApiError::Answer {
            kind: kind.to_owned(),
            text: format!("{what} {}", status.as_u16()),
            detail: String::from_utf8_lossy(body).into_owned(),
        });
    }
    let mut answer: Json =
        serde_json::from_slice(body).map_err(|error| bad_response(&error.to_string()))?;
    let text = |key: &str| answer.get(key).and_then(Json::as_str).unwrap_or_default();
    let is_success = text("status") == "success";
    if is_told == is_success {
        return Err(bad_response("inconsistent body for response code"));
    }
    if !is_success {
        return Err(ApiError::Answer {
            kind: text("errorType").to_owned(),
            text: text("error").to_owned(),
            detail: String::new(),
        });
    }
    Ok(answer.get_mut("data").map(Json::take).unwrap_or_default())
}

fn bad_response(text: &str) -> ApiError {
    ApiError::Answer {
        kind: "bad_response".to_owned(),
        text: text.to_owned(),
        detail: String::new(),
    }
}

fn selection(matches: &[String], start: f64, end: f64) -> Vec<(&'static str, String)> {
    let mut form = vec![("start", number(start)), ("end", number(end))];
    form.extend(matches.iter().map(|text| ("match[]", text.clone())));
    form
}

fn encoded(form: &[(&str, String)]) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(form);
    out.finish()
}

fn number(value: f64) -> String {
    model::number::plain(value)
}

const TIMEOUT: Duration = Duration::from_secs(120);
/// Largest answer that is read.
const MOST_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let cases = [
            (200, r#"{"status":"success","data":[1]}"#, "[1]"),
            (
                422,
                r#"{"status":"error","errorType":"execution","error":"x"}"#,
                "execution: x",
            ),
            (
                404,
                "not here\n",
                "client_error: client error: 404 (detail: not here)",
            ),
            (502, "", "server_error: server error: 502"),
            (
                200,
                r#"{"status":"error"}"#,
                "bad_response: inconsistent body for response code",
            ),
        ];
        for (status, body, want) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let got = match data(status, body.as_bytes()) {
                Ok(data) => data.to_string(),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, want);
        }
    }
}
