//! The loop of one target: wait, fetch, store, report; until it is told to end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::lanes::Lanes;
use host::pool::{self, Pool};
use tokio::sync::watch;

use crate::error::ScrapeError;
use crate::fetch::{Encoding, Fetcher};
use crate::ingest::{Arrival, Ingest, Stored, TargetMemory};
use crate::job::Job;
use crate::limits::DefaultLimits;
use crate::target::Target;
use crate::target::health::{Health, LastScrape, ScrapeSize};
use crate::target::offset::{Offset, Rhythm};
use crate::workspace::Workspaces;

/// What all loops share.
pub(crate) struct Shared {
    pub(crate) ingest: Ingest,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) workspaces: Workspaces,
    pub(crate) limits: DefaultLimits,
    /// Tells servers that scrape the same targets apart.
    pub(crate) offset_seed: u64,
}

impl Shared {
    /// When the target is scraped.
    pub(crate) fn offset(&self, target: &Target) -> Offset {
        let hash = target.identity.fingerprint().get();
        Offset::new(target.interval, hash, self.offset_seed)
    }
}

/// What a loop is to do.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Scrape on, under these settings.
    Scrape(Arc<Job>),
    /// End. The target is gone, so its series end too.
    EndSeries(Arc<Job>),
    /// End. The process ends; the series may go on when it is back.
    End,
}

/// The loop of one target.
pub(crate) struct ScrapeLoop {
    pub(crate) shared: Arc<Shared>,
    pub(crate) target: Arc<Target>,
    pub(crate) memory: Arc<Mutex<TargetMemory>>,
    pub(crate) orders: watch::Receiver<Order>,
}

/// What a loop does next.
enum Next {
    /// The time for a scrape has come.
    Scrape(Arc<Job>),
    End,
    /// As `End`, after stale markers.
    EndSeries(Arc<Job>),
}

impl ScrapeLoop {
    /// Runs until the orders say otherwise.
    pub(crate) async fn run(mut self) {
        let Ingest {
            clock, instruments, ..
        } = self.shared.ingest.clone();
        let interval = self.target.interval;
        let offset = self.shared.offset(&self.target);
        let mut tick = offset.first_tick(clock.now_millis(), clock.monotonic());
        let mut fetcher = Fetcher::default();
        let mut rhythm = None;
        let mut last_start = None;
        let mut lengths = None;
        loop {
            let wait = tick.saturating_sub(clock.monotonic());
            let job = match self.next(wait).await {
                Next::Scrape(job) => job,
                Next::End => return,
                Next::EndSeries(job) => return self.end_series(job).await,
            };
            let started = clock.monotonic();
            if let Some(last) = last_start.replace(started) {
                lengths
                    .get_or_insert_with(|| instruments.interval_lengths(interval))
                    .observe(started.saturating_sub(last));
            }
            let now = clock.now_millis();
            let timestamp = rhythm
                .get_or_insert_with(|| Rhythm::starting(now, interval))
                .timestamp(now);
            let mut ending = self.orders.clone();
            tokio::select! {
                biased;
                () = self.scrape(&mut fetcher, job, timestamp, started) => {}
                () = ended(&mut ending) => {}
            }
            tick = next_tick(tick, interval, clock.monotonic());
        }
    }

    /// Waits for the next scrape, or for the order to end.
    async fn next(&mut self, wait: Duration) -> Next {
        let mut tick = std::pin::pin!(tokio::time::sleep(wait));
        loop {
            let order = self.orders.borrow_and_update().clone();
            let job = match order {
                Order::Scrape(job) => job,
                Order::EndSeries(job) => return Next::EndSeries(job),
                Order::End => return Next::End,
            };
            tokio::select! {
                () = &mut tick => return Next::Scrape(job),
                changed = self.orders.changed() => if changed.is_err() {
                    return Next::End;
                },
            }
        }
    }

    async fn scrape(
        &self,
        fetcher: &mut Fetcher,
        job: Arc<Job>,
        timestamp: i64,
        started: Duration,
    ) {
        let mut workspace = self.shared.workspaces.take();
        let fetched = match &job.forced_error {
            Some(error) => Err(ScrapeError::Forced(error.clone())),
            None => fetcher
                .fetch(&self.target, &job, &mut workspace.body)
                .await
                .map_err(ScrapeError::from),
        };
        let is_large = match &fetched {
            Ok(fetched) if fetched.encoding != Encoding::Identity => {
                workspace.body.len() > LARGE_COMPRESSED_BYTES
            }
            Ok(_) => workspace.body.len() > LARGE_BYTES,
            Err(_) => false,
        };
        let arrival = Arrival {
            target: Arc::clone(&self.target),
            job,
            fetched,
            timestamp,
            started,
        };
        let outcome = if is_large {
            let ingest = self.shared.ingest.clone();
            let memory = Arc::clone(&self.memory);
            let work = move || {
                let stored = ingest.store(arrival, &mut workspace, &mut lock(&memory));
                (stored, workspace)
            };
            self.shared.pool.run(work).await
        } else {
            let ingest = &self.shared.ingest;
            pool::run_here(|| {
                let stored = ingest.store(arrival, &mut workspace, &mut lock(&self.memory));
                (stored, workspace)
            })
        };
        let stored = match outcome {
            Ok((stored, workspace)) => {
                self.shared.workspaces.give_back(workspace);
                stored
            }
            Err(panicked) => {
                // What is remembered after a panic cannot be relied on.
                *lock(&self.memory) = TargetMemory::default();
                Stored {
                    duration: Duration::ZERO,
                    outcome: Err(ScrapeError::from(panicked)),
                    warning: String::new(),
                    size: ScrapeSize::default(),
                }
            }
        };
        self.report(timestamp, stored);
    }

    fn report(&self, timestamp: i64, stored: Stored) {
        let Stored {
            duration,
            outcome,
            warning,
            size,
        } = stored;
        let instruments = &self.shared.ingest.instruments;
        instruments.scrape_duration.observe(duration.as_secs_f64());
        let (health, error) = match outcome {
            Ok(()) => (Health::Up, String::new()),
            Err(error) => {
                tracing::debug!(target = %self.target.url, %error, "scrape failed");
                (Health::Down, error.to_string())
            }
        };
        self.target.report(LastScrape {
            health,
            error,
            warning,
            started: Some(timestamp),
            duration,
            size,
        });
    }

    async fn end_series(&self, job: Arc<Job>) {
        let ingest = self.shared.ingest.clone();
        let memory = Arc::clone(&self.memory);
        let target = Arc::clone(&self.target);
        let work = move || ingest.end(&target, &job, &mut lock(&memory));
        if self.shared.pool.run(work).await.is_err() {
            tracing::error!(target = %self.target.url, "series could not be ended");
        }
    }
}

/// Waits until the orders say to end.
async fn ended(orders: &mut watch::Receiver<Order>) {
    // A pool that is gone without an order is an end, too.
    drop(
        orders
            .wait_for(|order| !matches!(order, Order::Scrape(_)))
            .await,
    );
}

/// The first tick that is not in the past; ticks that a long scrape has missed are left out.
fn next_tick(tick: Duration, interval: Duration, now: Duration) -> Duration {
    let next = tick + interval;
    if next >= now {
        return next;
    }
    let missed = (now - next).as_nanos() / interval.as_nanos().max(1);
    let missed = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
    next.saturating_add(interval.saturating_mul(missed))
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pages beyond these sizes hold the CPU for more than a millisecond or two, in which other targets
/// of the same event loop would have to wait: they are stored by threads of their own.
const LARGE_BYTES: usize = 512 << 10;
const LARGE_COMPRESSED_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_ticks_are_left_out() {
        let seconds = Duration::from_secs;
        assert_eq!(next_tick(seconds(10), seconds(5), seconds(11)), seconds(15));
        assert_eq!(next_tick(seconds(10), seconds(5), seconds(15)), seconds(15));
        assert_eq!(next_tick(seconds(10), seconds(5), seconds(16)), seconds(20));
        assert_eq!(next_tick(seconds(10), seconds(5), seconds(31)), seconds(35));
    }
}
