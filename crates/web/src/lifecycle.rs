//! What the surface may ask of the process: whether it is ready, to reload, to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use host::tasks::Trigger;
use tokio::sync::{mpsc, oneshot};

/// A request to read the configuration again; the outcome goes back through the channel.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// Handle to the life of the process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    ready: Arc<AtomicBool>,
    enabled: bool,
    reloads: mpsc::Sender<ReloadRequest>,
    stop: Arc<Trigger>,
}

impl Lifecycle {
    /// A process that is not ready yet. `enabled`: reload and end may be asked over HTTP;
    /// `reloads`: who carries a reload out; `stop`: pulled when the process is to end.
    pub fn new(enabled: bool, reloads: mpsc::Sender<ReloadRequest>, stop: Arc<Trigger>) -> Self {
        Self {
            ready: Arc::default(),
            enabled,
            reloads,
            stop,
        }
    }

    /// Says that queries are answered and targets are scraped, or no longer.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// True once queries are answered and targets are scraped.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// True if reload and end may be asked over HTTP.
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Reads the configuration again and waits for the outcome.
    ///
    /// # Errors
    /// Why the new configuration was not taken; the old one stays.
    pub async fn reload(&self) -> Result<(), String> {
        let (sender, receiver) = oneshot::channel();
        let ending = || "the process is ending".to_owned();
        self.reloads.send(sender).await.map_err(|_| ending())?;
        receiver.await.unwrap_or_else(|_| Err(ending()))
    }

    /// Asks the process to end.
    pub fn quit(&self) {
        self.stop.pull();
    }
}
