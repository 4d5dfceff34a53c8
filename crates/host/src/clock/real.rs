//! The machine's own clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Clock;

/// Wall clock and monotonic clock of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct RealClock {
    origin: Instant,
}

impl Default for RealClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for RealClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn now_millis(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
