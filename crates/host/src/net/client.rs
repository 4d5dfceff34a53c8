//! Asks a server and gives the whole answer, bounded in time and size.

#[cfg(test)]
pub(super) mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use config::Url;
use config::http::HttpClientConfig;
use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderValue, LOCATION,
    PROXY_AUTHORIZATION, USER_AGENT,
};
use hyper::{Method, StatusCode, Uri};

use super::aws::Signer;
use super::exchange::{Exchange, ExchangeError};
use super::outbound::{Outbound, Place, Terms, Via};
use super::reason::{body_reason, head_reason};

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: Method,
    /// What is asked for.
    pub url: Url,
    /// Headers, beside those that the client adds.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// How long the whole answer may take.
    pub timeout: Duration,
    /// Bytes that the answer may have.
    pub max_body: usize,
}

impl Request {
    /// A `GET` without further headers, for at most 30 seconds and 64 MiB.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
            max_body: 64 << 20,
        }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

/// Why there is no answer; told as Go tells it: `Get "http://web/": dial tcp …`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The server could not be reached, or what came was no answer.
    #[error("{method} \"{url}\": {reason}")]
    Transport {
        /// `Get`, `Post`, …
        method: String,
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The answer did not come in time.
    #[error("{method} \"{url}\": context deadline exceeded")]
    Timeout {
        /// `Get`, `Post`, …
        method: String,
        /// What was asked for.
        url: String,
    },
    /// The body of the answer broke off.
    #[error("{0}")]
    Body(String),
    /// The answer is larger than the request allows.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// Asks servers under one configuration, and keeps a few connections open. Clones are the same.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    outbound: Outbound,
    signer: Option<Arc<Signer>>,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that waits for the next request.
#[derive(Debug)]
struct Idle {
    place: OwnedPlace,
    connection: Connection,
}

#[derive(Debug)]
struct Connection {
    exchange: Exchange,
    via: Via,
    terms: Terms,
    /// What came of the body.
    body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnedPlace {
    scheme: String,
    host: String,
    port: u16,
    unix_socket: Option<String>,
}

impl OwnedPlace {
    fn of(url: &Url) -> Result<Self, String> {
        if url.scheme() == "unix" {
            return Ok(Self {
                scheme: "http".to_owned(),
                host: "localhost".to_owned(),
                port: 80,
                unix_socket: Some(url.path().to_owned()),
            });
        }
        let default_port = if url.scheme() == "https" { 443 } else { 80 };
        let port = match url.port().filter(|port| !port.is_empty()) {
            None => default_port,
            Some(port) => port
                .parse()
                .map_err(|_| format!("dial tcp: address {port}: invalid port"))?,
        };
        if url.host().is_empty() && matches!(url.scheme(), "http" | "https") {
            return Err("http: no Host in request URL".to_owned());
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: url.host().to_owned(),
            port,
            unix_socket: None,
        })
    }

    fn as_place(&self) -> Place<'_> {
        Place {
            scheme: &self.scheme,
            host: &self.host,
            port: self.port,
            unix_socket: self.unix_socket.as_deref(),
        }
    }
}

impl Client {
    /// A client under this configuration. Nothing is read or opened yet.
    pub fn new(config: &HttpClientConfig) -> Self {
        Self::with(config, None)
    }

    /// As [`new`](Self::new); all requests are signed, or not sent.
    pub fn signed(config: &HttpClientConfig, signer: Arc<Signer>) -> Self {
        Self::with(config, Some(signer))
    }

    fn with(config: &HttpClientConfig, signer: Option<Arc<Signer>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                outbound: Outbound::new(config),
                signer,
                idle: Mutex::default(),
            }),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &HttpClientConfig {
        self.shared.outbound.config()
    }

    /// Sends a request and waits for the whole answer. Redirections are followed if the
    /// configuration says so; another host gets no credentials.
    ///
    /// # Errors
    /// No answer came, not in time, or too large a one.
    pub async fn send(&self, request: Request) -> Result<Response, ClientError> {
        self.send_to(request, None).await
    }

    /// As [`send`](Self::send), to a server that listens on a Unix socket.
    ///
    /// # Errors
    /// As there.
    pub async fn send_over_socket(
        &self,
        request: Request,
        socket: &str,
    ) -> Result<Response, ClientError> {
        self.send_to(request, Some(socket)).await
    }

    async fn send_to(
        &self,
        request: Request,
        socket: Option<&str>,
    ) -> Result<Response, ClientError> {
        let timeout = request.timeout;
        let shown = (method_text(&request.method), request.url.to_string());
        let answer = Box::pin(self.follow(request, socket));
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Timeout {
                method: shown.0,
                url: shown.1,
            }),
        }
    }

    async fn follow(
        &self,
        mut request: Request,
        mut socket: Option<&str>,
    ) -> Result<Response, ClientError> {
        let first_host = request.url.host().to_owned();
        let mut trusted = true;
        for requests in 1.. {
            let failed = |reason: String| ClientError::Transport {
                method: method_text(&request.method),
                url: request.url.to_string(),
                reason,
            };
            let mut place = OwnedPlace::of(&request.url).map_err(failed)?;
            if let Some(socket) = socket {
                place.unix_socket = Some(socket.to_owned());
            }
            let asked = self.ask(&place, &request, trusted).await;
            let (mut connection, response) = asked.map_err(failed)?;
            let next = match self.config().follow_redirects {
                true => redirection(&request, &response).map_err(failed)?,
                false => None,
            };
            let Some(next) = next else {
                let response = read_whole(&mut connection, response, request.max_body).await?;
                self.keep(place, connection);
                return Ok(response);
            };
            if requests >= MAX_REDIRECTS {
                return Err(failed(format!("stopped after {MAX_REDIRECTS} redirects")));
            }
            trusted = trusted && is_within_domain(next.url.host(), &first_host);
            if next.url.authority() != request.url.authority() {
                socket = None;
            }
            request = next;
            if !trusted {
                for secret in [AUTHORIZATION, COOKIE] {
                    request.headers.remove(secret);
                }
            }
        }
        // The loop above has no end but its returns.
        Err(ClientError::TooLarge(request.max_body))
    }

    /// Sends the request over a kept connection, or over a new one.
    async fn ask(
        &self,
        place: &OwnedPlace,
        request: &Request,
        trusted: bool,
    ) -> Result<(Connection, hyper::Response<()>), String> {
        let outbound = &self.shared.outbound;
        let mut headers = request.headers.clone();
        if let Some(signer) = self.shared.signer.as_ref().filter(|_| trusted) {
            headers.extend(Box::pin(signer.sign(request)).await?);
        }
        outbound.authorize(&mut headers, trusted).await?;
        if let Some(mut connection) = self.take_idle(place)? {
            let is_safe = request.method == Method::GET || request.method == Method::HEAD;
            let built = build(request, headers.clone(), &connection)?;
            match connection.send(built).await {
                Ok(response) => return Ok((connection, response)),
                // The server closed it meanwhile. What was never sent, or does nothing, is sent again.
                Err(error) if is_safe || error.is_unsent() => {}
                Err(error) => return Err(head_reason(&error)),
            }
        }
        let dialled = outbound.dial(place.as_place()).await?;
        let (via, terms) = (dialled.via.clone(), dialled.terms());
        let opened = Exchange::open(dialled.stream, dialled.http2).await;
        let exchange = opened.map_err(|error| head_reason(&error))?;
        let mut connection = Connection {
            exchange,
            via,
            terms,
            body: Vec::new(),
        };
        let built = build(request, headers, &connection)?;
        let sent = connection.send(built).await;
        let response = sent.map_err(|error| head_reason(&error))?;
        Ok((connection, response))
    }

    fn take_idle(&self, place: &OwnedPlace) -> Result<Option<Connection>, String> {
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.connection.exchange.is_open());
        let Some(index) = idle.iter().position(|idle| idle.place == *place) else {
            return Ok(None);
        };
        let connection = idle.swap_remove(index).connection;
        let is_good = self.shared.outbound.would_keep(&connection.terms)?;
        Ok(is_good.then_some(connection))
    }

    fn keep(&self, place: OwnedPlace, connection: Connection) {
        if connection.exchange.is_open() {
            let mut idle = self
                .shared
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if idle.len() >= MAX_IDLE {
                idle.remove(0);
            }
            idle.push(Idle { place, connection });
        }
    }
}

/// The request as the connection takes it.
fn build(
    request: &Request,
    mut headers: HeaderMap,
    connection: &Connection,
) -> Result<hyper::Request<Bytes>, String> {
    let url = &request.url;
    let path = url.path_and_query();
    let absolute = || format!("{}://{}{path}", url.scheme(), url.authority());
    let target = match &connection.via {
        Via::Origin if !connection.exchange.is_http2() => path.clone(),
        _ => absolute(),
    };
    let uri: Uri = target
        .parse()
        .map_err(|error| format!("invalid URL: {error}"))?;
    if !connection.exchange.is_http2() {
        let host = HeaderValue::from_str(url.authority());
        headers.insert(
            HOST,
            host.map_err(|_| "http: invalid Host header".to_owned())?,
        );
    }
    if let Via::Proxy {
        authorization: Some(value),
    } = &connection.via
    {
        headers.insert(PROXY_AUTHORIZATION, value.clone());
    }
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(super::USER_AGENT));
    let mut built = hyper::Request::new(request.body.clone());
    *built.method_mut() = request.method.clone();
    *built.uri_mut() = uri;
    *built.headers_mut() = headers;
    Ok(built)
}

/// The request that the answer asks for instead, if it does.
fn redirection<B>(
    request: &Request,
    response: &hyper::Response<B>,
) -> Result<Option<Request>, String> {
    let status = response.status();
    let keeps_method = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
            matches!(request.method, Method::GET | Method::HEAD)
        }
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return Ok(None),
    };
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let url = request.url.join(&location);
    let mut next = request.clone();
    next.url =
        url.map_err(|error| format!("failed to parse Location header {location:?}: {error}"))?;
    if !keeps_method {
        next.method = Method::GET;
        next.body = Bytes::new();
        for header in [CONTENT_TYPE, CONTENT_LENGTH] {
            next.headers.remove(header);
        }
    }
    Ok(Some(next))
}

/// True for a host that may know what `home` knows: itself, and what lies below it.
pub fn is_within_domain(host: &str, home: &str) -> bool {
    let (host, home) = (host.to_ascii_lowercase(), home.to_ascii_lowercase());
    let is_name = !home.contains(':') && home.parse::<std::net::IpAddr>().is_err();
    host == home
        || is_name
            && host
                .strip_suffix(&home)
                .is_some_and(|rest| rest.ends_with('.'))
}

impl Connection {
    async fn send(
        &mut self,
        request: hyper::Request<Bytes>,
    ) -> Result<hyper::Response<()>, ExchangeError> {
        self.exchange.send(&request, &mut self.body).await
    }
}

async fn read_whole(
    connection: &mut Connection,
    response: hyper::Response<()>,
    max_body: usize,
) -> Result<Response, ClientError> {
    let mut body = std::mem::take(&mut connection.body);
    let read = connection.exchange.read_body(&mut body, max_body).await;
    read.map_err(|error| match error {
        ExchangeError::TooLarge => ClientError::TooLarge(max_body),
        error => ClientError::Body(body_reason(&error)),
    })?;
    let (head, ()) = response.into_parts();
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body: Bytes::from(body),
    })
}

/// As Go writes methods in errors: `Get`.
pub(super) fn method_text(method: &Method) -> String {
    let lower = method.as_str().to_ascii_lowercase();
    let mut chars = lower.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

/// Requests that are made, following redirections. Source: Go's HTTP client, which Prometheus uses.
pub const MAX_REDIRECTS: usize = 10;
/// Connections that a client keeps open: enough for the few servers that one configuration names.
const MAX_IDLE: usize = 8;
