//! Asks the APIs of mechanisms: one client for each entry, answers bounded in time and size.

pub(crate) mod query;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::Url;
use config::http::HttpClientConfig;
use host::net::Client;
use host::net::aws::Signer;
use host::net::client::Request;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use crate::refresh::RefreshError;

/// Asks one API.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    timeout: Duration,
    /// The Unix socket behind which the API is.
    socket: Option<String>,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Api {
    /// Asks under this configuration; an answer that takes longer than `timeout` is none.
    pub(crate) fn new(http: &HttpClientConfig, timeout: Duration) -> Self {
        Self::through(Client::new(http), timeout)
    }

    /// As [`new`](Self::new), and signs what it asks for.
    pub(crate) fn signed(http: &HttpClientConfig, timeout: Duration, signer: Arc<Signer>) -> Self {
        Self::through(Client::signed(http, signer), timeout)
    }

    fn through(client: Client, timeout: Duration) -> Self {
        Self {
            client,
            timeout,
            socket: None,
        }
    }

    /// The same through a Unix socket.
    pub(crate) fn over_socket(mut self, path: &str) -> Self {
        self.socket = Some(path.to_owned());
        self
    }

    /// Asks.
    ///
    /// # Errors
    /// No answer came, or the request is none. An answer may still have a bad status.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer, RefreshError> {
        let url = Url::parse(&ask.url).map_err(RefreshError::answer)?;
        let mut request = Request::get(url);
        request.method = ask.method;
        request.timeout = self.timeout;
        request.body = ask.body;
        for (name, value) in ask.headers {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| RefreshError::answer(format!("invalid value of header {name}")))?;
            request.headers.insert(HeaderName::from_static(name), value);
        }
        let sent = match &self.socket {
            Some(socket) => Box::pin(self.client.send_over_socket(request, socket)).await,
            None => Box::pin(self.client.send(request)).await,
        };
        let response = sent?;
        Ok(Answer {
            status: response.status.as_u16(),
            headers: response.headers,
            body: response.body,
        })
    }
}

impl Ask {
    /// A `GET`.
    pub(crate) fn get(url: &str) -> Self {
        Self {
            method: Method::GET,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A `POST` of this body.
    pub(crate) fn post(url: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            body: body.into(),
            ..Self::get(url)
        }
    }

    /// With this header; its name is in lower case.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Answer {
    /// The answer, if its status says that it is one.
    ///
    /// # Errors
    /// The status is another than 200.
    pub(crate) fn ok(self) -> Result<Self, RefreshError> {
        if self.status == 200 {
            return Ok(self);
        }
        let status = StatusCode::from_u16(self.status);
        let status = status.map_or_else(|_| self.status.to_string(), |status| status.to_string());
        let status = status.trim_end_matches(" <unknown status code>").to_owned();
        Err(RefreshError::Status(status))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// # Errors
    /// The answer says that it is something else than JSON.
    pub(crate) fn check_json(&self) -> Result<(), RefreshError> {
        let stated = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let lower = stated.trim().to_ascii_lowercase();
        let is_json = match lower.strip_prefix("application/json") {
            Some("") => true,
            Some(rest) => {
                let charset = rest.strip_prefix(';').map(str::trim_start);
                matches!(charset, Some("charset=utf-8" | "charset=\"utf-8\""))
            }
            None => false,
        };
        if is_json {
            return Ok(());
        }
        let message = format!("unsupported content type {stated:?}");
        Err(RefreshError::answer(message))
    }

    /// The body as text.
    ///
    /// # Errors
    /// It is no UTF-8.
    pub(crate) fn text(&self) -> Result<&str, RefreshError> {
        std::str::from_utf8(&self.body).map_err(|_| RefreshError::answer("the answer is not UTF-8"))
    }
}
