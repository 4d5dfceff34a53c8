//! The loop that sends to one Alertmanager.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::Url;
use host::Clock;
use host::net::client::{Client, ClientError, Request};
use host::tasks::Shutdown;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use model::Alert;

use super::instruments::OfAlertmanager;
use super::queue::Queue;
use super::wire;

/// Sends what a queue has, batch by batch.
pub(super) struct SendLoop {
    pub(super) queue: Arc<Queue>,
    pub(super) client: Client,
    pub(super) target: Url,
    /// How long one request may take.
    pub(super) timeout: Duration,
    /// Alerts in one request at most.
    pub(super) batch_size: usize,
    /// Whether what waits is still sent at the end.
    pub(super) drains: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) instruments: OfAlertmanager,
}

/// Why alerts were not taken.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("bad response status {0}")]
    Status(StatusCode),
}

impl SendError {
    /// True if the same may be taken a little later.
    fn is_transient(&self) -> bool {
        match self {
            Self::Client(_) => true,
            Self::Status(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }
}

impl SendLoop {
    /// Sends until it is time to end or the Alertmanager is gone.
    pub(super) async fn run(self, mut shutdown: Shutdown) {
        loop {
            let ends = shutdown.is_set() || self.queue.is_closed();
            if ends && !self.drains {
                self.queue.drop_all();
                break;
            }
            let batch = self.queue.take(self.batch_size);
            if !batch.is_empty() {
                self.send(&batch, &mut shutdown).await;
                continue;
            }
            if ends {
                break;
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.queue.changed() => {}
            }
        }
        self.instruments.forget();
    }

    /// Sends a batch; when that fails for a reason that may pass, again after a while.
    async fn send(&self, batch: &[Arc<Alert>], shutdown: &mut Shutdown) {
        let count = batch.len();
        let body = Bytes::from(wire::encode(batch));
        let began = self.clock.monotonic();
        let mut pauses = RETRY_PAUSES.iter();
        let error = loop {
            match self.send_once(body.clone()).await {
                Ok(()) => {
                    let took = self.clock.monotonic().saturating_sub(began);
                    self.instruments.observe(took);
                    self.instruments.sent.add(count as u64);
                    return;
                }
                Err(error) => match pauses.next() {
                    Some(pause) if error.is_transient() && !shutdown.is_set() => {
                        tokio::select! {
                            () = tokio::time::sleep(*pause) => {}
                            () = shutdown.wait() => {}
                        }
                    }
                    _ => break error,
                },
            }
        };
        let alertmanager = self.queue.url();
        tracing::error!(%alertmanager, count, %error, "error sending alerts");
        self.instruments.errors.add(count as u64);
        self.instruments.dropped.add(count as u64);
    }

    async fn send_once(&self, body: Bytes) -> Result<(), SendError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            method: Method::POST,
            headers,
            body,
            timeout: self.timeout,
            max_body: MAX_ANSWER,
            ..Request::get(self.target.clone())
        };
        let response = self.client.send(request).await?;
        match response.status.is_success() {
            true => Ok(()),
            false => Err(SendError::Status(response.status)),
        }
    }
}

/// How long to wait before each further attempt. Alerts that still fire come again after the resend
/// delay in any case, so there are few.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// Bytes of an answer that are read at most; nobody looks at them.
const MAX_ANSWER: usize = 1 << 20;
