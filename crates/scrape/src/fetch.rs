//! Gets a page from a target: one kept connection, one request at a time.

mod body;
mod connection;
mod content_type;
mod redirect;

use std::io;
use std::time::Duration;

use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue,
    USER_AGENT,
};
use hyper::{Request, Response, StatusCode, Version};

use crate::job::Job;
use crate::target::Target;
use crate::target::url::TargetUrl;
use connection::{Connection, Empty, Incoming};

pub(crate) use body::Inflater;
pub use content_type::ContentTypeError;
pub(crate) use content_type::page_format;

/// Why no page came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The connection failed, or what came over it was not HTTP.
    #[error("Get \"{url}\": {reason}")]
    Transport {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The target did not answer in time.
    #[error("Get \"{url}\": context deadline exceeded")]
    Timeout {
        /// What was asked for.
        url: String,
    },
    /// The target is reached by something else than plain HTTP.
    #[error("Get \"{url}\": unsupported protocol scheme \"{scheme}\"")]
    Scheme {
        /// What was asked for.
        url: String,
        /// The scheme of the target.
        scheme: String,
    },
    /// The target answered with something else than a page.
    #[error("server returned HTTP status {0}")]
    Status(StatusCode),
    /// The page is larger than the limit.
    #[error("body size limit exceeded")]
    BodySizeLimit,
    /// The compressed page would grow beyond all measure.
    #[error(
        "compressed body grows to more than {} times its size",
        body::MAX_RATIO
    )]
    CompressionRatio,
    /// The page cannot be decompressed.
    #[error("invalid gzip body: {0}")]
    Gzip(String),
}

/// A page as it came.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) content_type: Option<String>,
    pub(crate) is_gzip: bool,
}

/// Fetches the pages of one target.
#[derive(Debug, Default)]
pub(crate) struct Fetcher {
    kept: Option<Connection>,
}

impl Fetcher {
    /// Fetches a page into `body`, which is emptied first, within the target's timeout.
    ///
    /// # Errors
    /// No page came, not in time, or too large a one; the connection is closed then.
    pub(crate) async fn fetch(
        &mut self,
        target: &Target,
        job: &Job,
        body: &mut Vec<u8>,
    ) -> Result<Fetched, FetchError> {
        // Out of its place while in use: whatever goes wrong, a connection in an unknown state is
        // not used again.
        let kept = self.kept.take();
        let exchange = exchange(kept, target, job, body);
        match tokio::time::timeout(target.timeout, exchange).await {
            Err(_) => Err(FetchError::Timeout {
                url: target.url.to_string(),
            }),
            Ok(Err(error)) => Err(error),
            Ok(Ok((fetched, connection))) => {
                self.kept = connection;
                Ok(fetched)
            }
        }
    }
}

async fn exchange(
    mut kept: Option<Connection>,
    target: &Target,
    job: &Job,
    body: &mut Vec<u8>,
) -> Result<(Fetched, Option<Connection>), FetchError> {
    let mut place = target.url.clone();
    for redirects in 0..=MAX_REDIRECTS {
        let (mut connection, response) = ask(kept.take(), &place, target, job).await?;
        if let Some(location) = redirect::location(&response) {
            place = place.resolve(location);
            continue;
        }
        let fetched = head(&response, job)?;
        read_body(&mut connection, response, job.limits.body_size, body)
            .await
            .map_err(|error| match error {
                BodyError::TooLarge => FetchError::BodySizeLimit,
                BodyError::Transport(error) => place.failed(reason(&error)),
            })?;
        // Only the target's own connection is of use for the next scrape.
        let keep = redirects == 0 && connection.is_open();
        return Ok((fetched, keep.then_some(connection)));
    }
    Err(place.failed(format!("stopped after {MAX_REDIRECTS} redirects")))
}

/// Sends the request, over the kept connection if it still works.
async fn ask(
    kept: Option<Connection>,
    place: &TargetUrl,
    target: &Target,
    job: &Job,
) -> Result<(Connection, Response<Incoming>), FetchError> {
    if place.scheme != "http" {
        return Err(FetchError::Scheme {
            url: place.to_string(),
            scheme: place.scheme.clone(),
        });
    }
    let request =
        || request(place, target.timeout, job).map_err(|error| place.failed(error.to_string()));
    if let Some(mut connection) = kept {
        // A target may have closed the connection since the last scrape. Asking again is safe.
        if let Ok(response) = connection.send(request()?).await {
            return Ok((connection, response));
        }
    }
    let address = place.dial_address();
    let stream = host::net::dial(&address).await;
    let stream = stream.map_err(|error| place.failed(dial_reason(&address, &error)))?;
    let failed = |error: hyper::Error| place.failed(reason(&error));
    let mut connection = Connection::open(stream).await.map_err(failed)?;
    let response = connection.send(request()?).await.map_err(failed)?;
    Ok((connection, response))
}

fn request(
    place: &TargetUrl,
    timeout: Duration,
    job: &Job,
) -> Result<Request<Empty>, hyper::http::Error> {
    let encoding = if job.config.enable_compression {
        "gzip"
    } else {
        "identity"
    };
    Request::get(&place.path_and_query)
        .version(Version::HTTP_11)
        .header(HOST, &place.address)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, &job.accept)
        .header(ACCEPT_ENCODING, encoding)
        .header(TIMEOUT_HEADER, timeout_seconds(timeout))
        .body(Empty::new())
}

/// What the head of the response says about the page.
fn head(response: &Response<Incoming>, job: &Job) -> Result<Fetched, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers();
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > job.limits.body_size) {
        return Err(FetchError::BodySizeLimit);
    }
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    Ok(Fetched {
        content_type: headers.get(CONTENT_TYPE).map(text),
        is_gzip: encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"gzip")),
    })
}

enum BodyError {
    TooLarge,
    Transport(hyper::Error),
}

async fn read_body(
    connection: &mut Connection,
    response: Response<Incoming>,
    limit: usize,
    body: &mut Vec<u8>,
) -> Result<(), BodyError> {
    body.clear();
    let mut incoming = response.into_body();
    while let Some(data) = connection.next_data(&mut incoming).await {
        let data = data.map_err(BodyError::Transport)?;
        if data.len() > limit - body.len() {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&data);
    }
    Ok(())
}

/// Seconds as upstream sends them: no more digits than needed.
fn timeout_seconds(timeout: Duration) -> String {
    timeout.as_secs_f64().to_string()
}

/// Why dialling failed, in the words that users of Prometheus know.
fn dial_reason(address: &str, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::HostUnreachable => "no route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".to_owned(),
        _ => error.to_string(),
    };
    format!("dial tcp {address}: {reason}")
}

/// An error of the HTTP layer with what caused it.
fn reason(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// How we present ourselves.
const AGENT: &str = concat!("Narthex/", env!("CARGO_PKG_VERSION"));
/// Redirections that are followed. Source: Go's HTTP client, which Prometheus uses.
const MAX_REDIRECTS: usize = 10;
/// Tells the target how long we wait. Source: Prometheus.
const TIMEOUT_HEADER: &str = "X-Prometheus-Scrape-Timeout-Seconds";
