//! One HTTP/1 connection whose driver runs only while somebody waits for it: an idle connection
//! costs no task.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use host::net::Stream;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

pub(super) use hyper::body::Incoming;

/// The body of our requests.
pub(super) type Empty = http_body_util::Empty<Bytes>;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Empty>,
    driver: Driver,
}

#[derive(Debug)]
struct Driver {
    connection: http1::Connection<TokioIo<Stream>, Empty>,
    ended: bool,
}

impl Connection {
    pub(super) async fn open(stream: Stream) -> hyper::Result<Self> {
        let handshake = http1::Builder::new()
            .read_buf_exact_size(Some(READ_BYTES))
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await?;
        Ok(Self {
            sender,
            driver: Driver {
                connection,
                ended: false,
            },
        })
    }

    /// Sends a request and waits for the head of its response.
    pub(super) async fn send(
        &mut self,
        request: Request<Empty>,
    ) -> hyper::Result<Response<Incoming>> {
        let response = self.sender.send_request(request);
        self.driver.drive(response).await
    }

    /// The next bytes of a body; None at its end.
    pub(super) async fn next_data(
        &mut self,
        incoming: &mut Incoming,
    ) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = self.driver.drive(incoming.frame()).await?;
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
    pub(super) fn is_open(&self) -> bool {
        !self.driver.ended && !self.sender.is_closed()
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
