//! The database: head, log and blocks behind the storage seam.

mod attempts;
mod compact;
mod delay;
mod delete;
pub(crate) mod maintain;
mod open;
mod out_of_order;
mod room;
mod safe_mode;
mod snapshot;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use host::clock::Clock;
use host::fs::Fs;
use model::{Matcher, SeriesExemplars, TimeRange};
use storage::{Append, AppendError, Appendable, Appender, Commit, Querier, Queryable, SelectError};

pub use maintain::MaintainError;
pub use open::OpenError;
pub(crate) use open::in_order_end;
pub use safe_mode::SafeStart;

use crate::block::Block;
use crate::head::snapshot::Written;
use crate::head::{Head, HeadAppender};
use crate::lock::DirLock;
use crate::metrics::BlockMetrics;
use crate::querier::DbQuerier;
use crate::retention::Retention;
use crate::status::{Churn, HeadStats, ReplayProgress, Status, WalReplay};
use crate::wal::{Wal, WalError, WalOptions};

/// How a database is kept. The defaults are upstream's.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The data directory.
    pub path: PathBuf,
    /// How long samples are kept.
    pub retention: Retention,
    /// Milliseconds that a block cut from the head spans.
    pub block_range: i64,
    /// Milliseconds that a merged block spans at most; 0: 31 days or a tenth of the retention time,
    /// whichever is less.
    pub max_block_range: i64,
    /// A file that lists blocks which others have copied away (`{"uploaded": ["<ULID>", …]}`).
    /// Blocks cut from the head are not merged before they stand in it.
    pub delay_compact_file: Option<PathBuf>,
    /// How much later than it is due a block may be cut, in percent of its span; by how much is left
    /// to chance. 0: at once.
    pub compaction_delay_percent: u8,
    /// How the log is written.
    pub wal: WalOptions,
    /// When it is made durable.
    pub durability: Durability,
    /// True to open the directory without taking its lock.
    pub no_lockfile: bool,
    /// Series that the head may hold; 0: as many as come.
    pub series_limit: usize,
    /// Exemplars that are kept; 0: none.
    pub max_exemplars: usize,
    /// Milliseconds behind the newest sample that others may come out of order; 0: none may.
    pub out_of_order_window: i64,
    /// True to write a snapshot of the head at the end, and to go by one at the start.
    pub memory_snapshot: bool,
    /// Bytes of series and samples that are in memory at a time when a start goes without reading the
    /// log into it.
    pub safe_mode_bytes: u64,
}

impl Options {
    /// The defaults for a directory: 15 days, blocks of 2 hours.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            retention: Retention {
                time: 15 * 24 * 3_600_000,
                ..Retention::default()
            },
            block_range: 2 * 3_600_000,
            max_block_range: 0,
            delay_compact_file: None,
            compaction_delay_percent: 0,
            wal: WalOptions::default(),
            durability: Durability::default(),
            no_lockfile: false,
            series_limit: 0,
            max_exemplars: 0,
            out_of_order_window: 0,
            memory_snapshot: true,
            safe_mode_bytes: 64 << 20,
        }
    }
}

/// When samples are safe from a power failure. They are always safe from the end of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Each commit waits for the disk.
    Always,
    /// What is acknowledged to somebody waits for the disk; the rest is synced every second.
    #[default]
    Interval,
    /// Whenever the operating system writes them, and at the end of a segment, as upstream does.
    Os,
}

/// The open blocks at one moment, oldest first. Queriers hold on to the one they began with.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) blocks: Vec<Arc<Block>>,
    /// Damaged blocks that were moved aside.
    pub(crate) holes: Vec<Hole>,
}

/// What a damaged block that was moved aside leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The block's name.
    pub(crate) block: String,
    /// What is the matter with it.
    pub(crate) reason: String,
    /// Times inside, both ends inclusive.
    pub(crate) range: TimeRange,
}

/// An open database.
pub struct Db {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    options: Options,
    head: Head,
    wal: Wal,
    view: RwLock<Arc<View>>,
    retention: Mutex<Retention>,
    maintenance: Mutex<maintain::Maintenance>,
    metrics: BlockMetrics,
    replayed: ReplayProgress,
    safe_start: Option<SafeStart>,
    /// Raised when merging blocks, which may take long, is to end early.
    stopping: AtomicBool,
    closed: AtomicBool,
    lock: Mutex<Option<DirLock>>,
}

impl Db {
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes every commit before this call durable. The owner calls it every second; with
    /// [`Durability::Os`] it does nothing.
    ///
    /// # Errors
    /// The disk refused; what was not durable yet may be lost when the machine stops.
    pub fn sync(&self) -> Result<(), WalError> {
        if self.options.durability == Durability::Os {
            return Ok(());
        }
        self.head.metrics.wal_fsyncs.inc();
        self.sync_logs()
    }

    /// First the log that names the series.
    fn sync_logs(&self) -> Result<(), WalError> {
        let synced = self.wal.sync(|| self.head.log_series_again());
        synced.and(self.head.out_of_order.log.sync())
    }

    /// Takes over how many milliseconds behind the newest sample others may come out of order; it
    /// holds for batches that begin later.
    pub fn set_out_of_order_window(&self, millis: i64) {
        self.head.out_of_order.set_window(millis);
        self.head.exemplars.set_out_of_order_window(millis.max(0));
    }

    /// Ends the merging of blocks that runs now, and begins none any more. Called when the end is
    /// near, so that it need not be waited for; what was not finished leaves nothing behind.
    pub fn stop_maintenance(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Ends the database: no more appends, the log durable, the directory free for others.
    ///
    /// # Errors
    /// The end of the log could not be made durable.
    pub fn close(&self) -> Result<(), WalError> {
        if self.closed.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        self.stop_maintenance();
        // Nothing is written in the directory any more when it is given free.
        let _maintenance = self
            .maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // What a snapshot has the log has, too, in the order in which it came.
        let _halted = self.head.halt_commits();
        let named = self.head.log_series(&self.wal);
        let outcome = self.wal.lock().close();
        let outcome = named.and(outcome);
        let outcome = outcome.and(self.head.out_of_order.log.close());
        if outcome.is_ok() && self.options.memory_snapshot {
            self.write_memory_snapshot();
        }
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = lock.take() {
            lock.release(&*self.fs, &self.options.path);
        }
        outcome
    }

    /// Without one the next start reads the whole log: no failure is one of the database.
    fn write_memory_snapshot(&self) {
        let begun = self.clock.monotonic();
        let written = self.head.write_snapshot(&self.fs, &self.options.path);
        let took = self.clock.monotonic().saturating_sub(begun);
        match written {
            Ok(Written::Series(series)) => tracing::info!(
                series,
                milliseconds = took.as_millis(),
                "snapshot of the head written"
            ),
            Ok(Written::Empty) => {}
            Ok(Written::Deletions) => tracing::info!(
                "no snapshot of the head: samples were deleted lately, and the log says in which order"
            ),
            Err(error) => tracing::warn!(
                error = %error,
                "snapshot of the head not written; the next start reads the log"
            ),
        }
    }

    /// The exemplars in `range` of all series on which one of the sets of matchers holds, in order
    /// of labels and times.
    pub fn exemplars(&self, range: TimeRange, sets: &[Vec<Matcher>]) -> Vec<SeriesExemplars> {
        self.head.exemplars.select(range, sets)
    }

    /// Makes room for so many exemplars; of those that are there the newest stay.
    pub fn set_max_exemplars(&self, max: usize) {
        self.head.exemplars.resize(max);
    }

    /// What the head holds, with lists of up to `limit` entries.
    pub fn status(&self, limit: usize) -> Status {
        let range = self
            .head
            .time_range()
            .unwrap_or(TimeRange::new(i64::MAX, i64::MIN));
        let limits = self.series_limits();
        self.head.with_catalog(|catalog| {
            let stats = HeadStats {
                num_series: catalog.rows().len() as u64,
                num_label_pairs: catalog.pair_count() as u64,
                chunk_count: self.head.chunk_count() as i64,
                min_time: range.min_time,
                max_time: range.max_time,
            };
            let churn = Churn {
                series_created: self.head.metrics.series_created.get() as u64,
                series_removed: self.head.metrics.series_removed.get() as u64,
                ..Churn::default()
            };
            Status {
                limits,
                ..Status::of(catalog, stats, churn, self.head.settled_row(), limit)
            }
        })
    }

    /// What each block says about itself, oldest first.
    pub fn block_metas(&self) -> Vec<crate::block::BlockMeta> {
        let view = self.view();
        view.blocks
            .iter()
            .map(|block| block.meta().clone())
            .collect()
    }

    /// Which segments of the log were read when the database was opened.
    pub fn wal_replay(&self) -> WalReplay {
        self.replayed.now()
    }

    /// Damages of the log that were met since the database was opened.
    pub fn corruptions(&self) -> u64 {
        self.head.metrics.wal_corruptions.get() as u64
    }

    /// First and last sample's time over head and blocks, unless there is none.
    pub fn time_range(&self) -> Option<TimeRange> {
        let view = self.view();
        let blocks = view.blocks.iter().map(|block| block.range());
        blocks
            .chain(self.head.time_range())
            .chain(self.head.out_of_order.time_range())
            .reduce(|a, b| TimeRange::new(a.min_time.min(b.min_time), a.max_time.max(b.max_time)))
    }
}

impl Appendable for Db {
    fn appender(&self) -> Box<dyn Appender + '_> {
        if self.closed.load(Ordering::Relaxed) {
            return Box::new(ClosedAppender);
        }
        Box::new(HeadAppender::new(
            &self.head,
            &self.wal,
            self.options.durability,
        ))
    }
}

impl Queryable for Db {
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(SelectError::NotReady("the database is closed".to_owned()));
        }
        Ok(Box::new(DbQuerier::new(&self.head, self.view(), range)))
    }
}

/// What a closed database gives out.
struct ClosedAppender;

impl ClosedAppender {
    fn error() -> AppendError {
        AppendError::ReadOnly("the database is closed".to_owned())
    }
}

impl Appender for ClosedAppender {
    fn append(&mut self, _append: Append<'_>) -> Result<model::SeriesRef, AppendError> {
        Err(Self::error())
    }

    fn commit(self: Box<Self>) -> Result<Commit, AppendError> {
        Err(Self::error())
    }

    fn rollback(self: Box<Self>) {}
}
