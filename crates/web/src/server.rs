//! Serves a router on a listening socket until it is time to end.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use host::net::Listener;
use host::tasks::{Shutdown, TaskGroup};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;

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

/// What answers requests; it may be replaced while connections are open. Clones are the same.
#[derive(Clone, Debug)]
pub struct Surface {
    router: Arc<RwLock<Router>>,
}

impl Surface {
    /// A surface that answers as this router does.
    pub fn new(router: Router) -> Self {
        Self {
            router: Arc::new(RwLock::new(router)),
        }
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
pub async fn serve(listener: Listener, surface: Surface, mut shutdown: Shutdown) {
    let mut connections = TaskGroup::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let place = tokio::select! {
            place = place => place,
            () = shutdown.wait() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => (stream, Peer(address.ip())),
                Err(error) => {
                    // Out of file descriptors, most likely: waiting lets connections end.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = shutdown.wait() => break,
        };
        let surface = surface.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            TowerToHyperService::new(surface.router()).call(request)
        });
        let mut stop = shutdown.clone();
        connections.spawn(async move {
            let _place = place;
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(READ_TIMEOUT);
            let connection = builder.serve_connection(TokioIo::new(Encoding::new(stream)), service);
            let mut connection = std::pin::pin!(connection);
            let outcome = tokio::select! {
                outcome = connection.as_mut() => outcome,
                () = stop.wait() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = outcome {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    connections.drain(PATIENCE).await;
}
