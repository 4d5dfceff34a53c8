//! One open HTTP connection. Over HTTP/1 its driver runs only while somebody waits for it: an idle
//! connection costs no task.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinHandle;

use super::stream::Stream;

pub use hyper::body::Incoming;

/// The body of requests.
pub type RequestBody = Full<Bytes>;

/// An open connection, for one request at a time.
#[derive(Debug)]
pub struct Exchange(Kind);

#[derive(Debug)]
enum Kind {
    Http1 {
        sender: http1::SendRequest<RequestBody>,
        driver: Box<Driver>,
    },
    Http2 {
        sender: http2::SendRequest<RequestBody>,
        driver: Task,
    },
}

#[derive(Debug)]
struct Driver {
    connection: http1::Connection<TokioIo<Stream>, RequestBody>,
    ended: bool,
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Exchange {
    /// Begins on an open stream.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn open(stream: Stream, http2: bool) -> hyper::Result<Self> {
        if http2 {
            return Self::open_http2(stream).await;
        }
        let handshake = http1::Builder::new()
            .read_buf_exact_size(Some(READ_BYTES))
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await?;
        let driver = Box::new(Driver {
            connection,
            ended: false,
        });
        Ok(Self(Kind::Http1 { sender, driver }))
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
        Ok(Self(Kind::Http2 { sender, driver }))
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// # Errors
    /// No response came.
    pub async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> hyper::Result<Response<Incoming>> {
        match &mut self.0 {
            Kind::Http1 { sender, driver } => driver.drive(sender.send_request(request)).await,
            Kind::Http2 { sender, .. } => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// The next bytes of a body; None at its end.
    pub async fn next_data(&mut self, incoming: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = match &mut self.0 {
                Kind::Http1 { driver, .. } => driver.drive(incoming.frame()).await?,
                Kind::Http2 { .. } => incoming.frame().await?,
            };
            match frame {
                Err(error) => return Some(Err(error)),
                // Frames without data are trailers.
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    Err(_) => continue,
                },
            }
        }
    }

    /// True if another request may be sent.
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Kind::Http1 { sender, driver } => !driver.ended && !sender.is_closed(),
            Kind::Http2 { sender, driver } => !sender.is_closed() && !driver.0.is_finished(),
        }
    }

    /// True if the connection speaks HTTP/2, where requests carry their whole URL.
    pub fn is_http2(&self) -> bool {
        matches!(self.0, Kind::Http2 { .. })
    }
}

impl Driver {
    /// Waits for `wanted`, which the connection brings about.
    async fn drive<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|context| {
            if !self.ended {
                // Its error reaches `wanted`, too.
                self.ended = Pin::new(&mut self.connection).poll(context).is_ready();
            }
            match wanted.as_mut().poll(context) {
                // The request may have been handed over just now: it is on its way at once.
                Poll::Pending if !self.ended => {
                    self.ended = Pin::new(&mut self.connection).poll(context).is_ready();
                    wanted.as_mut().poll(context)
                }
                outcome => outcome,
            }
        })
        .await
    }
}

/// Bytes that a connection keeps room for, and so the longest head of a response. One that grew with
/// the page, as is usual, held 0.4 MiB for each idle target.
const READ_BYTES: usize = 16 << 10;
/// Longest head of a response over HTTP/2.
const MAX_HTTP2_HEAD: u32 = 64 << 10;
/// Bytes that a server may send over HTTP/2 before we took them.
const HTTP2_WINDOW: u32 = 256 << 10;
