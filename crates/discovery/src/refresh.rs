//! Mechanisms that are asked from time to time: the loop that they share.

use std::time::Duration;

use host::Clock;
use host::net::ClientError;
use host::net::xml::XmlError;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::metrics::RefreshMetrics;
use crate::provider::{Found, Refresher};

/// Why a refresh found nothing new; the last groups stay.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// No answer came.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// The answer has a bad status.
    #[error("server returned HTTP status {0}")]
    Status(String),
    /// The answer is not the JSON that it should be.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The answer is not the XML that it should be.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// Something else is wrong with the answer, or with what is needed to ask.
    #[error("{0}")]
    Answer(String),
    /// An error of one step of several.
    #[error("{step}: {error}")]
    During {
        /// The step.
        step: &'static str,
        /// What went wrong.
        error: Box<RefreshError>,
    },
}

impl RefreshError {
    /// Something is wrong with an answer.
    pub(crate) fn answer(message: impl Into<String>) -> Self {
        Self::Answer(message.into())
    }

    /// Says in which step it happened.
    pub(crate) fn during(self, step: &'static str) -> Self {
        Self::During {
            step,
            error: Box::new(self),
        }
    }
}

/// Asks now, and then every `interval`, until nobody wants to know any more.
pub(crate) async fn run(
    mut refresher: Box<Refresher>,
    api: Api,
    interval: Duration,
    metrics: RefreshMetrics,
    clock: std::sync::Arc<dyn Clock>,
    found: Found,
) {
    loop {
        let next = Instant::now() + interval;
        let started = clock.monotonic();
        let refreshed = tokio::select! {
            refreshed = Box::pin(refresher.refresh(&api)) => refreshed,
            () = found.unwanted() => return,
        };
        metrics.observe(clock.monotonic().saturating_sub(started));
        match refreshed {
            Ok(refreshed) => found.tell(refreshed),
            Err(error) => {
                metrics.failures.inc();
                found.fail(&error);
            }
        }
        tokio::select! {
            () = sleep_until(next) => {}
            () = found.unwanted() => return,
        }
    }
}
