//! When a group is evaluated: at its own place in the interval, which is the same after a restart.

use std::sync::Arc;
use std::time::Duration;

use host::pool::Panicked;
use host::tasks::Shutdown;
use model::Labels;
use promql::Interrupt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::order::batches;
use super::restore::restore;
use super::{Group, SharedGroup};
use crate::spec::GroupSpec;
use crate::world::World;

/// The moments of a group, in nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    offset: i64,
    interval: i64,
}

impl Slots {
    /// As upstream: the hash of file and name says where in the interval.
    pub(crate) fn new(spec: &GroupSpec) -> Self {
        let key = &spec.key;
        let labels = Labels::from_pairs([("name", &key.name), ("file", &key.file)]);
        let interval = i64::try_from(spec.interval.as_nanos()).unwrap_or(i64::MAX);
        let interval = interval.max(1);
        let offset = labels.stable_hash() % interval.unsigned_abs();
        Self {
            offset: i64::try_from(offset).unwrap_or_default(),
            interval,
        }
    }

    /// The last moment that is not after `now`.
    fn last(self, now: i64) -> i64 {
        let aligned = now.saturating_sub(self.offset);
        aligned - aligned % self.interval + self.offset
    }

    /// The first moment that is not before `now`.
    pub(crate) fn first_from(self, now: i64) -> i64 {
        let last = self.last(now);
        match last < now {
            true => last.saturating_add(self.interval),
            false => last,
        }
    }

    /// The moment that comes after `slot` when it is `now`, and how many are missed.
    fn next(self, slot: i64, now: i64) -> (i64, u64) {
        let missed = (now - slot) / self.interval - 1;
        let missed = missed.max(0);
        (slot + (missed + 1) * self.interval, missed.unsigned_abs())
    }
}

/// A group's loop.
pub(crate) struct GroupLoop {
    pub(crate) group: SharedGroup,
    pub(crate) world: Arc<World>,
    pub(crate) stop: Shutdown,
    /// True if the state of alerts before the start is to be looked for in the store.
    pub(crate) restores: bool,
}

impl GroupLoop {
    /// Evaluates the group at its moments until it is told to stop.
    pub(crate) async fn run(mut self) {
        let slots = Slots::new(&self.group.spec);
        let mut slot = slots.last(self.now_nanos()) + slots.interval;
        let mut evaluations = 0_u64;
        while self.wait_until(slot).await {
            self.iterate(slot / NANOS_PER_MILLI).await;
            evaluations += 1;
            if self.restores && evaluations == 2 {
                self.restore().await;
            }
            let (next, missed) = slots.next(slot, self.now_nanos());
            if missed > 0 {
                let key = self.group.spec.key.text();
                self.world.instruments.missed.with(&[&key]).add(missed);
                self.world.instruments.scheduled.with(&[&key]).add(missed);
            }
            slot = next;
        }
    }

    /// Waits; false if it is time to stop.
    async fn wait_until(&mut self, slot: i64) -> bool {
        let left = u64::try_from(slot - self.now_nanos()).unwrap_or_default();
        tokio::select! {
            biased;
            () = self.stop.wait() => false,
            () = tokio::time::sleep(Duration::from_nanos(left)) => true,
        }
    }

    /// One evaluation of all rules.
    async fn iterate(&mut self, time: i64) {
        let key = self.group.spec.key.text();
        let instruments = &self.world.instruments;
        instruments.scheduled.with(&[&key]).inc();
        let clock = &self.world.clock;
        let (began, began_at) = (clock.monotonic(), clock.now_millis());
        let samples = self.evaluate_all(time).await;
        let Some(samples) = samples else { return };
        let (group, world) = (Arc::clone(&self.group), Arc::clone(&self.world));
        let mark = move || group.mark_leftover_stale(&world, time);
        log_panic(&self.group, self.world.pool.run(mark).await);
        let duration = self.world.clock.monotonic().saturating_sub(began);
        let instruments = &self.world.instruments;
        instruments.last_samples.with(&[&key]).set(samples as f64);
        instruments
            .iteration_duration
            .observe(duration.as_secs_f64());
        instruments
            .last_duration
            .with(&[&key])
            .set(duration.as_secs_f64());
        instruments
            .last_evaluation
            .with(&[&key])
            .set(began_at as f64 / 1e3);
        let mut progress = self.group.progress();
        progress.duration = duration;
        progress.at = Some(began_at);
    }

    /// Evaluates the rules, batch by batch. None if it is time to stop.
    async fn evaluate_all(&mut self, time: i64) -> Option<usize> {
        let batches = match self.world.concurrency {
            Some(_) => batches(&self.group.spec.rules),
            None => (0..self.group.rules.len())
                .map(|index| vec![index])
                .collect(),
        };
        let mut samples = 0;
        for batch in batches {
            let mut beside: JoinSet<usize> = JoinSet::new();
            let last = batch.len().saturating_sub(1);
            for (position, index) in batch.into_iter().enumerate() {
                if self.stop.is_set() {
                    return None;
                }
                let one = evaluate_one(
                    Arc::clone(&self.group),
                    Arc::clone(&self.world),
                    index,
                    time,
                );
                match self.place().filter(|_| position < last) {
                    Some(place) => drop(beside.spawn(async move {
                        let _place = place;
                        one.await
                    })),
                    None => samples += one.await,
                }
            }
            while let Some(ended) = beside.join_next().await {
                samples += ended.unwrap_or_default();
            }
        }
        Some(samples)
    }

    /// A place for a rule beside the one that has the group's turn.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        let places = self.world.concurrency.as_ref()?;
        Arc::clone(places).try_acquire_owned().ok()
    }

    async fn restore(&self) {
        let (group, world) = (Arc::clone(&self.group), Arc::clone(&self.world));
        let now = self.world.clock.now_millis();
        let work = move || restore(&group, &world, now);
        log_panic(&self.group, self.world.pool.run(work).await);
        self.group.set_restored();
    }

    fn now_nanos(&self) -> i64 {
        self.world
            .clock
            .now_millis()
            .saturating_mul(NANOS_PER_MILLI)
    }
}

/// Evaluates one rule on the pool; one that takes too long is ended.
async fn evaluate_one(group: SharedGroup, world: Arc<World>, index: usize, time: i64) -> usize {
    let interrupt = Interrupt::new();
    let (timeout, flag) = (world.timeout, interrupt.clone());
    let pool = Arc::clone(&world.pool);
    let shared = Arc::clone(&group);
    let work = pool.run(move || group.evaluate_rule(&world, index, time, &interrupt));
    tokio::pin!(work);
    let outcome = tokio::select! {
        outcome = &mut work => outcome,
        () = tokio::time::sleep(timeout) => {
            flag.time_out();
            work.await
        }
    };
    log_panic(&shared, outcome).unwrap_or_default()
}

fn log_panic<T>(group: &Group, outcome: Result<T, Panicked>) -> Option<T> {
    let key = &group.spec.key;
    outcome
        .inspect_err(|error| {
            tracing::error!(file = %key.file, group = %key.name, %error, "evaluating rule panicked");
        })
        .ok()
}

const NANOS_PER_MILLI: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_evenly_spaced_and_missed_ones_are_counted() {
        let slots = Slots {
            offset: 3,
            interval: 10,
        };
        assert_eq!([3, 12, 13].map(|now| slots.last(now)), [3, 3, 13]);
        assert_eq!([3, 4, 13].map(|now| slots.first_from(now)), [3, 13, 13]);
        assert_eq!(slots.next(3, 4), (13, 0));
        assert_eq!(slots.next(3, 13), (13, 0));
        assert_eq!(slots.next(3, 23), (23, 1));
        assert_eq!(slots.next(3, 49), (43, 3));
    }
}
