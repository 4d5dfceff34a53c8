//! Alerts that wait for one Alertmanager.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exposition::{Counter, Gauge};
use model::Alert;
use tokio::sync::Notify;

use super::instruments::Instruments;

/// A bounded queue: new alerts matter more than old ones, so those that do not fit push the oldest
/// out.
pub(super) struct Queue {
    url: String,
    capacity: usize,
    inner: Mutex<Inner>,
    bell: Notify,
    length: Gauge,
    dropped: Counter,
}

#[derive(Default)]
struct Inner {
    alerts: VecDeque<Arc<Alert>>,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new(url: &str, capacity: usize, instruments: &Instruments) -> Self {
        Self {
            url: url.to_owned(),
            capacity: capacity.max(1),
            inner: Mutex::default(),
            bell: Notify::new(),
            length: instruments.queue_length.with(&[url]),
            dropped: instruments.dropped.with(&[url]),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Adds alerts.
    pub(super) fn push(&self, alerts: &[Arc<Alert>]) {
        let mut inner = self.inner();
        if inner.is_closed || alerts.is_empty() {
            return;
        }
        inner.alerts.extend(alerts.iter().cloned());
        let surplus = inner.alerts.len().saturating_sub(self.capacity);
        inner.alerts.drain(..surplus);
        self.length.set(inner.alerts.len() as f64);
        drop(inner);
        if surplus > 0 {
            self.dropped.add(surplus as u64);
            let (alertmanager, count) = (&self.url, surplus);
            tracing::warn!(%alertmanager, count, "alert notification queue full, dropping alerts");
        }
        self.bell.notify_one();
    }

    /// Takes the oldest alerts out, at most so many.
    pub(super) fn take(&self, most: usize) -> Vec<Arc<Alert>> {
        let mut inner = self.inner();
        let count = most.min(inner.alerts.len());
        let taken = inner.alerts.drain(..count).collect();
        self.length.set(inner.alerts.len() as f64);
        taken
    }

    /// Forgets what waits, and says so.
    pub(super) fn drop_all(&self) {
        let count = self.take(usize::MAX).len();
        if count > 0 {
            self.dropped.add(count as u64);
            let alertmanager = &self.url;
            tracing::warn!(
                %alertmanager, count,
                "alert notification queue not drained on shutdown, dropping alerts"
            );
        }
    }

    /// Takes no more alerts from now on.
    pub(super) fn close(&self) {
        self.inner().is_closed = true;
        self.bell.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner().is_closed
    }

    /// Waits until there may be something to do.
    pub(super) async fn changed(&self) {
        self.bell.notified().await;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use exposition::Registry;

    use super::*;

    #[test]
    fn the_oldest_alerts_go_when_there_is_no_room() {
        let instruments = Instruments::new(&Registry::new());
        let queue = Queue::new("u", 3, &instruments);
        let alert = |time: i64| {
            Arc::new(Alert {
                starts_at: time,
                ..Alert::default()
            })
        };
        let alerts: Vec<Arc<Alert>> = (1..=5).map(alert).collect();
        queue.push(&alerts[..2]);
        queue.push(&alerts[2..]);
        assert_eq!(instruments.dropped.with(&["u"]).get(), 2.0);
        let times = |alerts: Vec<Arc<Alert>>| -> Vec<i64> {
            alerts.iter().map(|alert| alert.starts_at).collect()
        };
        assert_eq!(times(queue.take(2)), [3, 4]);
        assert_eq!(times(queue.take(2)), [5]);
        queue.close();
        queue.push(&alerts);
        assert_eq!(queue.take(9).len(), 0);
    }
}
