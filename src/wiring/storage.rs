//! Opens the store, keeps it in order, closes it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use config::server::StorageConfig;
use exposition::Registry;
use host::pool::Pool;
use host::tasks::{Shutdown, TaskGroup, Trigger};
use host::{Clock, Fs};
use tsdb::Db;

/// Threads of the store: one for syncs, one for blocks.
pub(super) const THREADS: usize = 2;
/// How often appended samples are made durable: what a power failure may take.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Settings of the configuration win over flags.
pub(super) fn override_retention(options: &mut tsdb::Options, config: &StorageConfig) {
    let retention = &config.retention;
    if !retention.time.is_zero() {
        options.retention_time = i64::try_from(retention.time.as_millis()).unwrap_or(i64::MAX);
    }
    if retention.size > 0 {
        options.retention_size = retention.size;
    }
}

/// How long samples are kept, as `/api/v1/status/runtimeinfo` says it: `15d or 10GiB`.
pub(super) fn retention_text(options: &tsdb::Options) -> String {
    let mut parts = Vec::new();
    if let Ok(millis @ 1..) = u64::try_from(options.retention_time) {
        parts.push(model::duration::format(Duration::from_millis(millis)));
    }
    if options.retention_size > 0 {
        parts.push(size_text(options.retention_size));
    }
    parts.join(" or ")
}

fn size_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let exact = |power: &usize| bytes.is_multiple_of(1 << (10 * power));
    let power = (0..units.len()).rev().find(exact).unwrap_or_default();
    format!("{}{}", bytes >> (10 * power), units[power])
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
    pool: &Pool,
) -> anyhow::Result<Arc<Db>> {
    let registry = registry.clone();
    let path = options.path.display().to_string();
    let db = pool
        .run(move || Db::open(options, fs, clock, &registry))
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
    tasks.spawn(every(SYNC_INTERVAL, |db| log_failure("sync", db.sync())));
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
    use super::*;

    #[test]
    fn retention_is_told_as_people_write_it() {
        let mut options = tsdb::Options::new("data");
        assert_eq!(retention_text(&options), "15d");
        let mut config = StorageConfig::default();
        config.retention.size = 512 << 20;
        override_retention(&mut options, &config);
        assert_eq!(retention_text(&options), "15d or 512MiB");
    }
}
