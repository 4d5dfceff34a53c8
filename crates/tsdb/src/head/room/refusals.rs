//! New series that were refused, by job: counted, told as long as it goes on, logged now and then.

use std::sync::{Mutex, MutexGuard, PoisonError};

use exposition::{Counter, CounterFamily, Gauge, GaugeFamily, Registry};
use hashbrown::HashMap;
use rapidhash::fast::RandomState;
use storage::RoomError;

/// What is told about refused series.
#[derive(Clone)]
pub(crate) struct RoomMetrics {
    pub(crate) limit: Gauge,
    refused: CounterFamily,
    limited: GaugeFamily,
}

impl RoomMetrics {
    pub(crate) fn new(r: &Registry) -> Self {
        Self {
            limit: r.gauge(
                "narthex_tsdb_head_series_limit",
                "Number of series that the head may hold, 0 if there is no limit.",
            ),
            refused: r.counter_family(
                "narthex_tsdb_head_series_refused_total",
                "Total number of samples that were refused because they would have begun a series.",
                &["scrape_job", "reason"],
            ),
            limited: r.gauge_family(
                "narthex_tsdb_head_series_limited",
                "Set to 1 while new series of the job are refused, and for five minutes after.",
                &["scrape_job"],
            ),
        }
    }
}

/// Jobs that were refused new series lately.
pub(crate) struct Refusals {
    jobs: Mutex<HashMap<String, Refused, RandomState>>,
    metrics: RoomMetrics,
}

/// What a job was refused.
struct Refused {
    /// Samples since the last look, by reason.
    fresh: [u64; REASONS.len()],
    /// Samples since this began.
    samples: u64,
    /// Samples since the last log line.
    unlogged: u64,
    reason: RoomError,
    counters: [Counter; REASONS.len()],
    /// When this was looked at first, and when something new was found last. None before a look.
    seen: Option<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    since: i64,
    last: i64,
    logged: i64,
}

/// A job of which new series are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedJob {
    pub(crate) job: String,
    pub(crate) samples: u64,
    pub(crate) reason: RoomError,
    /// Since when, and when last, in milliseconds since the Unix epoch.
    pub(crate) since: i64,
    pub(crate) last: i64,
}

impl Refusals {
    pub(super) fn new(metrics: RoomMetrics) -> Self {
        Self {
            jobs: Mutex::default(),
            metrics,
        }
    }

    /// A sample of a new series was refused.
    pub(super) fn note(&self, job: &str, reason: RoomError) {
        let mut jobs = self.lock();
        let name = match jobs.contains_key(job) || jobs.len() < MOST_JOBS {
            true => job,
            false => OTHERS,
        };
        let refused = match jobs.get_mut(name) {
            Some(refused) => refused,
            None => jobs
                .entry(name.to_owned())
                .or_insert_with(|| self.begin(name, reason)),
        };
        refused.reason = reason;
        if let Some(fresh) = refused.fresh.get_mut(number(reason)) {
            *fresh += 1;
        }
    }

    fn begin(&self, job: &str, reason: RoomError) -> Refused {
        Refused {
            fresh: [0; REASONS.len()],
            samples: 0,
            unlogged: 0,
            reason,
            counters: REASONS.map(|reason| self.metrics.refused.with(&[job, reason])),
            seen: None,
        }
    }

    /// Brings metrics and log up to date; called every second or so.
    pub(crate) fn look(&self, now: i64) {
        self.lock().retain(|job, refused| {
            let stays = refused.look(job, now);
            match stays {
                true => self.metrics.limited.with(&[job]).set(1.0),
                false => self.metrics.limited.remove(&[job]),
            }
            stays
        });
    }

    /// Jobs that were refused something in the last minutes, as of the last look.
    pub(crate) fn jobs(&self) -> Vec<RefusedJob> {
        let jobs = self.lock();
        let seen = jobs.iter().filter_map(|(job, refused)| {
            let seen = refused.seen?;
            Some(RefusedJob {
                job: job.clone(),
                samples: refused.samples,
                reason: refused.reason,
                since: seen.since,
                last: seen.last,
            })
        });
        let mut seen: Vec<_> = seen.collect();
        seen.sort_unstable_by(|a, b| a.job.cmp(&b.job));
        seen
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Refused, RandomState>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    /// False once it was long ago.
    fn look(&mut self, job: &str, now: i64) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        for (counter, fresh) in self.counters.iter().zip(fresh) {
            counter.add(fresh);
        }
        let fresh: u64 = fresh.iter().sum();
        let seen = self.seen.get_or_insert(Seen {
            since: now,
            last: now,
            logged: i64::MIN,
        });
        if fresh == 0 {
            return now.saturating_sub(seen.last) < MEMORY;
        }
        self.samples += fresh;
        self.unlogged += fresh;
        seen.last = now;
        if now.saturating_sub(seen.logged) >= LOG_INTERVAL {
            seen.logged = now;
            let samples = std::mem::take(&mut self.unlogged);
            tracing::warn!(job, samples, reason = %self.reason, "new series are refused");
        }
        true
    }
}

/// Reasons as the metric names them.
const REASONS: [&str; 3] = ["limit", "job_share", "at_once"];

const fn number(reason: RoomError) -> usize {
    match reason {
        RoomError::Limit { .. } => 0,
        RoomError::Share { .. } => 1,
        RoomError::AtOnce => 2,
    }
}

/// Milliseconds for which a job is told of after the last refusal.
const MEMORY: i64 = 5 * 60 * 1_000;
/// Milliseconds between log lines about one job.
const LOG_INTERVAL: i64 = 5 * 60 * 1_000;
/// Jobs that are told of by name.
const MOST_JOBS: usize = 100;
/// The name of those beyond.
const OTHERS: &str = "_others";

#[cfg(test)]
mod tests {
    use exposition::Collector as _;

    use super::*;

    fn shown(registry: &Registry) -> Vec<String> {
        let mut families = Vec::new();
        registry.collect(&mut families);
        let lines = families.iter().flat_map(|family| {
            let metrics = family.metrics.iter();
            metrics.map(|metric| format!("{}{:?} {:?}", family.name, metric.labels, metric.value))
        });
        lines
            .filter(|line| line.contains("bomb") && !line.contains("Number(0.0)"))
            .collect()
    }

    #[test]
    fn refusals_are_told_while_they_go_on() {
        let registry = Registry::new();
        let refusals = Refusals::new(RoomMetrics::new(&registry));
        let limit = RoomError::Limit { limit: 1 };
        refusals.note("bomb", limit);
        refusals.note("bomb", RoomError::AtOnce);
        assert_eq!(refusals.jobs(), []);
        refusals.look(1_000);
        refusals.note("bomb", limit);
        refusals.look(2_000);
        let want = RefusedJob {
            job: "bomb".to_owned(),
            samples: 3,
            reason: limit,
            since: 1_000,
            last: 2_000,
        };
        assert_eq!(refusals.jobs(), [want]);
        assert_eq!(shown(&registry).len(), 3, "{:?}", shown(&registry));
        refusals.look(2_000 + MEMORY - 1);
        assert_eq!(refusals.jobs().len(), 1);
        refusals.look(2_000 + MEMORY);
        assert_eq!(refusals.jobs(), []);
        assert_eq!(shown(&registry).len(), 2, "the counters stay");
    }

    #[test]
    fn names_of_jobs_are_few() {
        let refusals = Refusals::new(RoomMetrics::new(&Registry::new()));
        for job in 0..1_000 {
            refusals.note(&job.to_string(), RoomError::AtOnce);
        }
        refusals.look(0);
        let jobs = refusals.jobs();
        assert_eq!(jobs.len(), MOST_JOBS + 1);
        let others = jobs.iter().find(|job| job.job == OTHERS);
        assert_eq!(others.map(|job| job.samples), Some(900));
    }
}
