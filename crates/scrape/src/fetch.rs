//! Gets a page from a target: one kept connection, one request at a time.

mod body;
mod content_type;
mod redirect;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::net::{
    self, Dialled, Exchange, ExchangeError, Outbound, Terms, Via, body_reason, head_reason,
};
use hyper::ext::ReasonPhrase;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue,
    PROXY_AUTHORIZATION, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};

use crate::job::Job;
use crate::target::Target;
use crate::target::url::TargetUrl;

pub(crate) use body::{Encoding, Inflater};
pub use content_type::ContentTypeError;
pub(crate) use content_type::page_format;

/// Why no page came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The target could not be asked, or what came back was not HTTP.
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
    /// The page did not end in time.
    #[error("context deadline exceeded")]
    SlowBody,
    /// The page broke off.
    #[error("{0}")]
    Body(String),
    /// The target answered with something else than a page.
    #[error("server returned HTTP status {0}")]
    Status(String),
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
    #[error("{0}")]
    Compression(String),
}

/// A page as it came.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) content_type: Option<String>,
    pub(crate) encoding: Encoding,
}

/// Fetches the pages of one target.
#[derive(Debug, Default)]
pub(crate) struct Fetcher {
    kept: Option<Connection>,
}

/// An open connection, and under which settings it was opened.
#[derive(Debug)]
struct Connection {
    exchange: Exchange,
    via: Via,
    terms: Terms,
    outbound: Arc<Outbound>,
    /// The request that was sent last, and under which settings, if the next one is the same.
    request: Option<(Arc<Job>, Request<Bytes>)>,
}

impl Fetcher {
    /// Fetches a page into `body`, which is emptied first, within the target's timeout.
    ///
    /// # Errors
    /// No page came, not in time, or too large a one; the connection is closed then.
    pub(crate) async fn fetch(
        &mut self,
        target: &Target,
        job: &Arc<Job>,
        body: &mut Vec<u8>,
    ) -> Result<Fetched, FetchError> {
        // Out of its place while in use: whatever goes wrong, a connection in an unknown state is
        // not used again.
        let kept = self.kept.take();
        let has_head = AtomicBool::new(false);
        let exchange = exchange(kept, target, job, body, &has_head);
        match tokio::time::timeout(target.timeout, exchange).await {
            Err(_) if has_head.load(Ordering::Relaxed) => Err(FetchError::SlowBody),
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
    job: &Arc<Job>,
    body: &mut Vec<u8>,
    has_head: &AtomicBool,
) -> Result<(Fetched, Option<Connection>), FetchError> {
    let mut redirected: Option<TargetUrl> = None;
    let mut trusted = true;
    let mut redirects = 0;
    loop {
        let place = redirected.as_ref().unwrap_or(&target.url);
        let asked = Asked {
            place,
            target,
            job,
            trusted,
        };
        let (mut connection, response) = asked.ask(kept.take(), body).await?;
        if job.outbound.config().follow_redirects
            && let Some(location) = redirect::location(&response)
        {
            redirects += 1;
            if redirects >= net::client::MAX_REDIRECTS {
                let reason = format!("stopped after {redirects} redirects");
                let url = location.to_owned();
                return Err(FetchError::Transport { url, reason });
            }
            let next = place.resolve(location)?;
            trusted = trusted && next.is_within_domain_of(&target.url);
            redirected = Some(next);
            continue;
        }
        let fetched = head(&response, job)?;
        has_head.store(true, Ordering::Relaxed);
        let read = connection.exchange.read_body(body, job.limits.body_size);
        read.await.map_err(|error| match error {
            ExchangeError::TooLarge => FetchError::BodySizeLimit,
            error => FetchError::Body(body_reason(&error)),
        })?;
        // Only the target's own connection is of use for the next scrape.
        let keep = redirected.is_none() && connection.exchange.is_open();
        return Ok((fetched, keep.then_some(connection)));
    }
}

/// One request on the way to the page.
struct Asked<'a> {
    place: &'a TargetUrl,
    target: &'a Target,
    job: &'a Arc<Job>,
    /// The place may know the target's credentials.
    trusted: bool,
}

impl Asked<'_> {
    /// Sends the request, over the kept connection if it still works.
    async fn ask(
        &self,
        kept: Option<Connection>,
        body: &mut Vec<u8>,
    ) -> Result<(Connection, Response<()>), FetchError> {
        if let Some(mut connection) = kept
            && self.is_still_good(&connection)?
        {
            // A target may have closed the connection since the last scrape. Asking again is safe.
            if let Ok(response) = self.send(&mut connection, body).await? {
                return Ok((connection, response));
            }
        }
        let failed = |reason: String| self.place.failed(reason);
        let mut connection = self.open().await?;
        let sent = self.send(&mut connection, body).await?;
        let response = sent.map_err(|error| failed(head_reason(&error)))?;
        Ok((connection, response))
    }

    /// Sends the request, the last one again if nothing has changed.
    async fn send(
        &self,
        connection: &mut Connection,
        body: &mut Vec<u8>,
    ) -> Result<Result<Response<()>, ExchangeError>, FetchError> {
        let kept = connection.request.take();
        let request = match kept.filter(|(job, _)| Arc::ptr_eq(job, self.job)) {
            Some((_, request)) => request,
            None => self.request(connection).await?,
        };
        let sent = connection.exchange.send(&request, body).await;
        // What is redirected has another place the next time.
        if std::ptr::eq(self.place, &raw const self.target.url) && self.job.outbound.adds_the_same()
        {
            connection.request = Some((Arc::clone(self.job), request));
        }
        Ok(sent)
    }

    /// Neither the configuration nor a certificate has changed.
    fn is_still_good(&self, connection: &Connection) -> Result<bool, FetchError> {
        let outbound = &self.job.outbound;
        let is_same = Arc::ptr_eq(outbound, &connection.outbound)
            || outbound.config() == connection.outbound.config();
        let kept = connection.outbound.would_keep(&connection.terms);
        Ok(is_same && kept.map_err(|reason| self.place.failed(reason))?)
    }

    async fn open(&self) -> Result<Connection, FetchError> {
        let outbound = Arc::clone(&self.job.outbound);
        let failed = |reason: String| self.place.failed(reason);
        let (host, port) = self.place.host_and_port()?;
        let place = net::Place {
            scheme: &self.place.scheme,
            host,
            port,
            unix_socket: self.target.unix_socket().filter(|_| self.trusted),
        };
        let dialled: Dialled = outbound.dial(place).await.map_err(failed)?;
        let (via, terms) = (dialled.via.clone(), dialled.terms());
        let opened = Exchange::open(dialled.stream, dialled.http2).await;
        Ok(Connection {
            exchange: opened.map_err(|error| failed(head_reason(&error)))?,
            via,
            terms,
            outbound,
            request: None,
        })
    }

    async fn request(&self, connection: &Connection) -> Result<Request<Bytes>, FetchError> {
        let failed = |reason: String| self.place.failed(reason);
        let encoding = match self.job.config.enable_compression {
            true => "gzip",
            false => "identity",
        };
        let is_http2 = connection.exchange.is_http2();
        let builder = match (&connection.via, is_http2) {
            (Via::Origin, false) => Request::get(&self.place.path_and_query),
            _ => Request::get(self.place.to_string()),
        };
        let builder = builder
            .header(USER_AGENT, net::USER_AGENT)
            .header(ACCEPT, &self.job.accept)
            .header(ACCEPT_ENCODING, encoding)
            .header(TIMEOUT_HEADER, timeout_seconds(self.target.timeout));
        let builder = match is_http2 {
            true => builder,
            false => builder.header(HOST, &self.place.address),
        };
        let builder = match &connection.via {
            Via::Proxy {
                authorization: Some(value),
            } => builder.header(PROXY_AUTHORIZATION, value),
            _ => builder,
        };
        let request = builder.body(Bytes::new());
        let mut request = request.map_err(|error| failed(error.to_string()))?;
        let outbound = &self.job.outbound;
        let authorized = outbound
            .authorize(request.headers_mut(), self.trusted)
            .await;
        authorized.map_err(failed)?;
        Ok(request)
    }
}

/// What the head of the response says about the page.
fn head(response: &Response<()>, job: &Job) -> Result<Fetched, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(status_text(response)));
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
        encoding: Encoding::named(encoding.unwrap_or_default()),
    })
}

/// Code and words as the target sent them.
fn status_text(response: &Response<()>) -> String {
    let status = response.status();
    let own = response.extensions().get::<ReasonPhrase>();
    let words = match own {
        Some(words) => String::from_utf8_lossy(words.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    format!("{} {words}", status.as_str()).trim_end().to_owned()
}

/// Seconds as upstream sends them: no more digits than needed.
fn timeout_seconds(timeout: Duration) -> String {
    timeout.as_secs_f64().to_string()
}

/// Tells the target how long we wait. Source: Prometheus.
const TIMEOUT_HEADER: &str = "X-Prometheus-Scrape-Timeout-Seconds";
