//! When a target is scraped: spread over the interval by the target's hash, and the same after a
//! restart; timestamps that are a little late are put where they belong.
//!
//! Scrapes begin at beats. Those of one beat are woken once for all, on one thread, and what each
//! needs of our code and the kernel's is still near from the one before: where they began one by one,
//! some milliseconds apart, a scrape of 1,000 samples took half as much CPU again.

use std::time::Duration;

/// Where in its interval a target is scraped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset {
    interval: u64,
    beat: u64,
    /// Which beat of the interval.
    number: u64,
}

impl Offset {
    /// `hash` tells targets apart, `seed` servers. Source of the spread: Prometheus `scrape`.
    pub(crate) fn new(interval: Duration, hash: u64, seed: u64) -> Self {
        let interval = nanos(interval).max(1);
        let beat = BEAT.min(interval / LEAST_BEATS).max(1);
        Self {
            interval,
            beat,
            number: (hash ^ seed) % interval / beat,
        }
    }

    /// When the first scrape is due, by the monotonic clock: at most an interval and a beat from
    /// now. `now_millis` is the time since the Unix epoch.
    pub(crate) fn first_tick(self, now_millis: i64, monotonic: Duration) -> Duration {
        let now = u64::try_from(now_millis).unwrap_or_default();
        let into = now.wrapping_mul(NANOS_PER_MILLI) % self.interval;
        let offset = self.number * self.beat;
        let wait = match offset > into {
            true => offset - into,
            false => self.interval - into + offset,
        };
        // All targets of a beat have one tick, though each has read the clock for itself.
        let tick = nanos(monotonic).saturating_add(wait);
        Duration::from_nanos(tick.checked_next_multiple_of(self.beat).unwrap_or(tick))
    }

    /// The same for all targets of a beat, and evenly spread otherwise.
    pub(crate) const fn beat_hash(self) -> u64 {
        self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

const NANOS_PER_MILLI: u64 = 1_000_000;
/// Nanoseconds from beat to beat: of 50 scrapes a second twelve begin together, and those of 400 a
/// second still begin within the tolerance of timestamps.
const BEAT: u64 = 250 * NANOS_PER_MILLI;
/// However short the interval is, it has so many beats.
const LEAST_BEATS: u64 = 40;

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
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_next_scrape_is_where_the_hash_says() {
        let second = Duration::from_secs(1);
        // Time, hash, and milliseconds until the scrape; a beat has 25.
        let cases = [
            (10_000, 0, 1_000),
            (10_000, 260_000_000, 250),
            (10_300, 250_000_000, 950),
            (10_250, 250_000_000, 1_000),
            (10_100, 1_274_000_000, 150),
        ];
        let started = Duration::from_secs(7);
        for (now, hash, want) in cases {
            let tick = Offset::new(second, hash, 0).first_tick(now, started);
            assert_eq!(tick, started + Duration::from_millis(want), "{now} {hash}");
        }
        let seeded = Offset::new(second, 5, 5).first_tick(0, started);
        assert_eq!(seeded, started + second);
    }

    #[test]
    fn targets_of_a_beat_have_one_tick() {
        let interval = Duration::from_secs(10);
        let [one, other, next] =
            [3_260, 3_490, 3_510].map(|millis| Offset::new(interval, millis * NANOS_PER_MILLI, 0));
        let tick = one.first_tick(1_000_000, Duration::from_micros(500_100));
        let later = other.first_tick(1_000_400, Duration::from_micros(900_700));
        assert_eq!((tick, one.beat_hash()), (later, other.beat_hash()));
        let behind = next.first_tick(1_000_400, Duration::from_micros(900_700));
        assert_eq!(behind - tick, Duration::from_millis(250));
    }

    #[test]
    fn beats_share_the_targets() {
        for interval in [Duration::from_millis(90), Duration::from_secs(15)] {
            let mut counts = BTreeMap::<u64, usize>::new();
            for hash in 0..15_000_u64 {
                let hash = hash.wrapping_mul(0xd134_2543_de82_ef95);
                *counts
                    .entry(Offset::new(interval, hash, 77).number)
                    .or_default() += 1;
            }
            let even = 15_000 / counts.len();
            assert!(counts.len() >= 40, "{counts:?}");
            assert!(counts.values().all(|count| count.abs_diff(even) < even / 2));
        }
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
