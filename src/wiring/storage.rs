//! Opens the store, keeps it in order, closes it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use config::server::StorageConfig;
use exposition::Registry;
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup, Trigger};
use host::{Clock, Fs};
use tsdb::{Db, ReplayProgress, Retention};

/// Threads of the store: one for syncs, one for blocks.
pub(super) const THREADS: usize = 2;
/// Bounds of what a safe start has in memory at a time.
const LEAST_SAFE_BYTES: u64 = 4 << 20;
const MOST_SAFE_BYTES: u64 = 1 << 30;
/// How often appended samples are made durable: what a power failure may take.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// How long samples are kept: as the configuration says, or, where it says nothing, as the flags do.
pub(super) fn effective_retention(flags: Retention, config: &StorageConfig) -> Retention {
    let Some(stated) = &config.retention else {
        return flags;
    };
    if stated.size > 0 && stated.percentage > 0.0 {
        tracing::warn!(
            "storage.tsdb.retention.size is ignored, because storage.tsdb.retention.percentage is specified"
        );
    }
    Retention {
        time: i64::try_from(stated.time.as_millis()).unwrap_or(i64::MAX),
        size: stated.size,
        percentage: stated.percentage,
    }
}

/// Milliseconds as a configuration has them.
pub(super) fn duration_of(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
}

/// Milliseconds that samples may be out of order.
pub(super) fn out_of_order_window(config: &StorageConfig) -> i64 {
    i64::try_from(config.out_of_order_time_window.as_millis()).unwrap_or(i64::MAX)
}

/// How many exemplars are kept: as many as the configuration says, if any are to be kept.
pub(super) fn max_exemplars(are_kept: bool, config: &StorageConfig) -> usize {
    match are_kept {
        true => {
            let exemplars = config.exemplars.clone().unwrap_or_default();
            usize::try_from(exemplars.max_exemplars).unwrap_or_default()
        }
        false => 0,
    }
}

/// Bytes of series and samples that a safe start has in memory at a time, in a process that may use
/// `memory` bytes: little enough that the start fits wherever a process can do anything at all, and
/// as much as that allows, because each share of the series takes a look at the whole log.
pub(super) fn safe_mode_bytes(memory: u64) -> u64 {
    (memory / 16).clamp(LEAST_SAFE_BYTES, MOST_SAFE_BYTES)
}

/// Opens the store; replays its log.
///
/// # Errors
/// The folder cannot be used; the error names it.
pub(super) async fn open(
    options: tsdb::Options,
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    registry: &Registry,
    progress: &ReplayProgress,
    pool: &Pool,
) -> anyhow::Result<Arc<Db>> {
    let (registry, progress) = (registry.clone(), progress.clone());
    let path = options.path.display().to_string();
    let db = pool
        .run(move || Db::open_watched(options, fs, clock, &registry, &progress))
        .await?
        .with_context(|| format!("opening storage in {path}"))?;
    Ok(Arc::new(db))
}

/// Makes samples durable every second, and keeps blocks in order every `interval`, until it is time
/// to end. The two have a thread each: blocks that take their time hold up no sync.
pub(super) fn maintain(
    db: &Arc<Db>,
    pool: &Arc<Pool>,
    interval: Duration,
    stop: &Trigger,
    tasks: &mut TaskGroup,
) {
    let every = |interval, work: fn(&Db)| {
        let (db, pool, shutdown) = (Arc::clone(db), Arc::clone(pool), stop.shutdown());
        repeat(interval, db, work, pool, shutdown)
    };
    tasks.spawn(every(SYNC_INTERVAL, |db| {
        db.tell_refusals();
        log_failure("sync", db.sync());
    }));
    tasks.spawn(every(interval, |db| {
        log_failure("maintenance", db.maintain());
    }));
}

async fn repeat(
    interval: Duration,
    db: Arc<Db>,
    work: fn(&Db),
    pool: Arc<Pool>,
    mut shutdown: Shutdown,
) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shutdown.wait() => return,
        }
        let db = Arc::clone(&db);
        if let Err(error) = pool.run(move || work(&db)).await {
            tracing::error!(%error, "storage maintenance");
        }
    }
}

fn log_failure<E: std::fmt::Display>(work: &str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::error!(%error, work, "storage maintenance failed, it will be tried again");
    }
}

#[cfg(test)]
mod tests {
    use config::server::RetentionConfig;

    use super::*;

    fn retention(config: &mut StorageConfig) -> &mut RetentionConfig {
        config.retention.get_or_insert_default()
    }

    #[test]
    fn what_the_configuration_says_goes_before_all_flags() {
        let flags = tsdb::Options::new("data").retention;
        let mut config = StorageConfig::default();
        let told = |config: &StorageConfig| effective_retention(flags, config).to_string();
        assert_eq!(told(&config), "15d");
        retention(&mut config).size = 512 << 20;
        assert_eq!(told(&config), "512MiB");
        retention(&mut config).percentage = 12.5;
        retention(&mut config).time = Duration::from_secs(86_400);
        assert_eq!(told(&config), "1d or 512MiB or 12.5%");
    }
}
