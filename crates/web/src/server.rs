//! Serves a router on a listening socket until it is time to end.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use host::net::{Accepted, Listener, PrivateSocket};
use host::tasks::{Shutdown, TaskGroup};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::access::{Access, Encryption};
use crate::client::Peer;
use crate::request_target::Encoding;

/// How long requests in flight may still take once it is time to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may take to send the head of a request, idle time included; as
/// `--web.read-timeout`.
const READ_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// Connections of one listener that are open at once, as `--web.max-connections`; more wait in the
/// socket's backlog.
const MAX_CONNECTIONS: usize = 512;
/// Requests of one HTTP/2 connection that are answered at once. Source: Go's server has 250.
const MAX_STREAMS: u32 = 100;

/// What answers requests; it may be replaced while connections are open. Clones are the same.
#[derive(Clone, Debug)]
pub struct Surface {
    router: Arc<RwLock<Router>>,
    access: Arc<Access>,
}

impl Surface {
    /// A surface that answers as this router does.
    pub fn new(router: Router) -> Self {
        Self {
            router: Arc::new(RwLock::new(router)),
            access: Arc::default(),
        }
    }

    /// The same, for those only who have access.
    #[must_use]
    pub fn with_access(self, access: Arc<Access>) -> Self {
        Self { access, ..self }
    }

    /// Requests from now on are answered by this one.
    pub fn replace(&self, router: Router) {
        *self.router.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    fn router(&self) -> Router {
        let router = self.router.read().unwrap_or_else(PoisonError::into_inner);
        router.clone()
    }
}

/// Accepts connections and answers them.
pub async fn serve(listener: Listener, surface: Surface, shutdown: Shutdown) {
    let listener = Arc::new(listener);
    let accept = || {
        let listener = Arc::clone(&listener);
        async move {
            let (stream, address) = listener.accept().await?;
            Ok((stream, Peer(address.ip())))
        }
    };
    let converse = |stream, peer, stop| surface.clone().converse(stream, peer, stop);
    take_in(accept, converse, shutdown).await;
}

/// The same for this user's processes, which need no access.
pub async fn serve_privately(socket: PrivateSocket, surface: Surface, shutdown: Shutdown) {
    let surface = surface.with_access(Arc::default());
    let socket = Arc::new(socket);
    let accept = || {
        let socket = Arc::clone(&socket);
        async move { Ok((socket.accept().await?, Peer(Ipv4Addr::LOCALHOST.into()))) }
    };
    let converse = |stream, peer, stop| surface.clone().converse_http1(stream, peer, stop);
    take_in(accept, converse, shutdown).await;
}

/// Accepts connections, and has a conversation over each, until it is time to end.
async fn take_in<S, A, C>(
    accept: impl Fn() -> A,
    converse: impl Fn(S, Peer, Shutdown) -> C,
    mut shutdown: Shutdown,
) where
    A: Future<Output = io::Result<(S, Peer)>>,
    C: Future<Output = Result<(), Ended>> + Send + 'static,
{
    let mut connections = TaskGroup::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let place = tokio::select! {
            place = place => place,
            () = shutdown.wait() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: waiting lets connections end.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = shutdown.wait() => break,
        };
        let conversation = converse(stream, peer, shutdown.clone());
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = conversation.await {
                tracing::debug!(%error, peer = %peer.0, "a connection ended early");
            }
        });
    }
    connections.drain(PATIENCE).await;
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("TLS handshake: {0}")]
    Handshake(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

impl Surface {
    /// Answers what comes over one connection.
    async fn converse(self, stream: Accepted, peer: Peer, stop: Shutdown) -> Result<(), Ended> {
        let encryption = self.access.encryption();
        let Some(tls) = encryption.as_ref().and_then(Encryption::server) else {
            return self.converse_http1(stream, peer, stop).await;
        };
        let stream = tls.accept(stream).await?;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.converse_http2(stream, peer, stop).await,
            _ => self.converse_http1(stream, peer, stop).await,
        }
    }

    async fn converse_http1(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        stop: Shutdown,
    ) -> Result<(), Ended> {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(READ_TIMEOUT);
        let service = service_fn(move |request| self.clone().answer(request, peer));
        let connection = builder.serve_connection(TokioIo::new(Encoding::new(stream)), service);
        until_the_end(connection, http1::Connection::graceful_shutdown, stop).await
    }

    async fn converse_http2(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        stop: Shutdown,
    ) -> Result<(), Ended> {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(READ_TIMEOUT)
            .max_concurrent_streams(MAX_STREAMS);
        let service = service_fn(move |request| self.clone().answer(request, peer));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        until_the_end(connection, http2::Connection::graceful_shutdown, stop).await
    }

    /// Answers a request of somebody who may ask, and refuses the others.
    async fn answer(
        self,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response<Body>, Infallible> {
        let admission = self.access.admit(request.headers()).await;
        let mut response = match admission.refusal {
            Some(refusal) => refusal,
            None => {
                request.extensions_mut().insert(peer);
                TowerToHyperService::new(self.router())
                    .call(request)
                    .await?
            }
        };
        for (name, value) in &admission.headers {
            response.headers_mut().insert(name, value.clone());
        }
        Ok(response)
    }
}

/// Answers what comes over a connection; once it is time to end, what has come already.
async fn until_the_end<C>(
    connection: C,
    begin_to_end: impl FnOnce(Pin<&mut C>),
    mut stop: Shutdown,
) -> Result<(), Ended>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        outcome = connection.as_mut() => Ok(outcome?),
        () = stop.wait() => {
            begin_to_end(connection.as_mut());
            Ok(connection.await?)
        }
    }
}
