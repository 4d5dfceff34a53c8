//! When a target is scraped: spread over the interval by the target's hash, and the same after a
//! restart; timestamps that are a little late are put where they belong.

use std::time::Duration;

/// Time from now until the next scrape. `hash` tells targets apart, `seed` servers.
pub(crate) fn first_delay(now_millis: i64, interval: Duration, hash: u64, seed: u64) -> Duration {
    let interval = nanos(interval).max(1);
    let now = u64::try_from(now_millis).unwrap_or_default();
    let into = now.wrapping_mul(NANOS_PER_MILLI) % interval;
    let offset = (hash ^ seed) % interval;
    let next = interval - into + offset;
    let delay = if next > interval {
        next - interval
    } else {
        next
    };
    Duration::from_nanos(delay)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The rhythm of a target: evenly spaced timestamps compress better than true ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rhythm {
    aligned: i64,
    interval: i64,
}

impl Rhythm {
    /// A rhythm that starts with a scrape at `now`.
    pub(crate) fn starting(now: i64, interval: Duration) -> Self {
        Self {
            aligned: now,
            interval: i64::try_from(interval.as_millis())
                .unwrap_or(i64::MAX)
                .max(1),
        }
    }

    /// The timestamp of a scrape that starts `now`: where the rhythm has it if that is close,
    /// otherwise the true time.
    pub(crate) fn timestamp(&mut self, now: i64) -> i64 {
        let late = now.saturating_sub(self.aligned);
        if late >= self.interval {
            self.aligned += late - late % self.interval;
        }
        let late = now.saturating_sub(self.aligned);
        let tolerance = MAX_TOLERANCE.min(self.interval / TOLERANCE_SHARE);
        if late <= tolerance { self.aligned } else { now }
    }
}

/// Milliseconds that a timestamp is moved at most. Source: Prometheus `scrape`.
const MAX_TOLERANCE: i64 = 2;
/// A timestamp is moved by at most this part of the interval.
const TOLERANCE_SHARE: i64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_scrape_is_where_the_hash_says() {
        let second = Duration::from_secs(1);
        let cases = [
            (10_000, 0, 1_000),
            (10_000, 250_000_000, 250),
            (10_300, 250_000_000, 950),
            (10_250, 250_000_000, 1_000),
            (10_100, 1_250_000_000, 150),
        ];
        for (now, hash, want) in cases {
            let delay = first_delay(now, second, hash, 0);
            assert_eq!(delay, Duration::from_millis(want), "{now} {hash}");
        }
        assert_eq!(first_delay(0, second, 5, 5), second);
    }

    #[test]
    fn small_delays_are_taken_out_of_timestamps() {
        let mut rhythm = Rhythm::starting(1_000, Duration::from_secs(5));
        let cases = [
            (1_000, 1_000),
            (6_002, 6_000),
            (11_003, 11_003),
            (16_001, 16_000),
            (26_000, 26_000),
            (30_999, 30_999),
        ];
        for (now, want) in cases {
            assert_eq!(rhythm.timestamp(now), want);
        }
    }
}
