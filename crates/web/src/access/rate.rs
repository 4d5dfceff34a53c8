//! `rate_limit` of the listener file: a bucket that fills again with time.

use std::time::Duration;

use config::web::RateLimit;

/// How many requests may pass now.
#[derive(Debug, Default)]
pub(super) struct Rate {
    tokens: f64,
    /// When the bucket was last filled, by the monotonic clock; `None` before the first request.
    filled: Option<Duration>,
}

impl Rate {
    /// Takes a request, if it may pass.
    pub(super) fn allows(&mut self, limit: RateLimit, now: Duration) -> bool {
        let most = limit.burst as f64;
        let elapsed = self.filled.map(|filled| now.saturating_sub(filled));
        let gained = elapsed.map_or(most, |elapsed| {
            elapsed.as_secs_f64() / limit.interval.as_secs_f64()
        });
        self.filled = Some(now);
        self.tokens = (self.tokens + gained).min(most);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}
