//! A clock that a test holds in its hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Clock;

/// Time that only moves when told to. Clones share it.
#[derive(Clone, Debug)]
pub struct SimulatedClock {
    start: i64,
    now: Arc<AtomicI64>,
}

impl SimulatedClock {
    /// A clock that stands at `millis` since the Unix epoch.
    pub fn at(millis: i64) -> Self {
        Self {
            start: millis,
            now: Arc::new(AtomicI64::new(millis)),
        }
    }

    /// Moves time on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.now.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now_millis(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_millis() - self.start).unwrap_or_default())
    }
}
