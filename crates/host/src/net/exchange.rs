//! One open HTTP connection, of either version. Over HTTP/1 it has no task: an idle connection costs
//! a socket and nothing else.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinHandle;

use super::http1::{Http1, Http1Error};
use super::stream::Stream;

/// An open connection, for one request at a time: [`send`](Self::send), then
/// [`read_body`](Self::read_body) with the same buffer.
#[derive(Debug)]
pub struct Exchange(Kind);

#[derive(Debug)]
enum Kind {
    Http1(Box<Http1>),
    Http2 {
        sender: http2::SendRequest<Full<Bytes>>,
        driver: Task,
        /// The body of the response whose head has come.
        body: Option<Incoming>,
    },
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why there is no response, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Over HTTP/1.
    #[error(transparent)]
    Http1(#[from] Http1Error),
    /// Over HTTP/2.
    #[error(transparent)]
    Http2(#[from] hyper::Error),
    /// The body has more bytes than are wanted.
    #[error("the body has more bytes than wanted")]
    TooLarge,
}

impl ExchangeError {
    /// True if the server cannot have seen the request.
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self, Self::Http2(error) if error.is_canceled())
    }
}

impl Exchange {
    /// Begins on an open stream.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn open(stream: Stream, http2: bool) -> Result<Self, ExchangeError> {
        match http2 {
            true => Ok(Self::open_http2(stream).await?),
            false => Ok(Self(Kind::Http1(Box::new(Http1::new(stream))))),
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the task belongs to the connection and ends with it"
    )]
    async fn open_http2(stream: Stream) -> hyper::Result<Self> {
        let handshake = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(MAX_HTTP2_HEAD)
            .initial_stream_window_size(HTTP2_WINDOW)
            .initial_connection_window_size(HTTP2_WINDOW)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await?;
        let driver = Task(tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP/2 connection ended");
            }
        }));
        Ok(Self(Kind::Http2 {
            sender,
            driver,
            body: None,
        }))
    }

    /// Sends a request and waits for the head of its response. `buffer` is emptied first; of the
    /// body it has what came with the head.
    ///
    /// # Errors
    /// No response came.
    pub async fn send(
        &mut self,
        request: &Request<Bytes>,
        buffer: &mut Vec<u8>,
    ) -> Result<Response<()>, ExchangeError> {
        match &mut self.0 {
            Kind::Http1(connection) => Ok(connection.send(request, buffer).await?),
            Kind::Http2 { sender, body, .. } => {
                buffer.clear();
                sender.ready().await?;
                let response = sender.send_request(request.clone().map(Full::new)).await?;
                let (head, incoming) = response.into_parts();
                *body = Some(incoming);
                Ok(Response::from_parts(head, ()))
            }
        }
    }

    /// Reads the rest of the body, behind what `buffer` has of it.
    ///
    /// # Errors
    /// The body broke off, or has more than `limit` bytes.
    pub async fn read_body(
        &mut self,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), ExchangeError> {
        match &mut self.0 {
            Kind::Http1(connection) => match connection.read_body(buffer, limit).await {
                Err(Http1Error::TooLarge) => Err(ExchangeError::TooLarge),
                read => Ok(read?),
            },
            Kind::Http2 { body, .. } => {
                let Some(mut body) = body.take() else {
                    return Ok(());
                };
                while let Some(frame) = body.frame().await {
                    // Frames without data are trailers.
                    let Ok(data) = frame?.into_data() else {
                        continue;
                    };
                    if data.len() > limit.saturating_sub(buffer.len()) {
                        return Err(ExchangeError::TooLarge);
                    }
                    buffer.extend_from_slice(&data);
                }
                Ok(())
            }
        }
    }

    /// True if another request may be sent.
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Kind::Http1(connection) => connection.is_open(),
            Kind::Http2 { sender, driver, .. } => !sender.is_closed() && !driver.0.is_finished(),
        }
    }

    /// True if the connection speaks HTTP/2, where requests carry their whole URL.
    pub fn is_http2(&self) -> bool {
        matches!(self.0, Kind::Http2 { .. })
    }
}

/// Longest head of a response over HTTP/2.
const MAX_HTTP2_HEAD: u32 = 64 << 10;
/// Bytes that a server may send over HTTP/2 before we took them.
const HTTP2_WINDOW: u32 = 256 << 10;
