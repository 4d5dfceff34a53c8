//! The head: everything younger than the newest block, in memory, with the log behind it.
//!
//! Cold and hot data live apart. The [`Catalog`] knows which series there are and is needed to
//! create and to select them; slabs of rows hold what appending and reading samples needs. Rows
//! are numbered by the low half of a series' reference. A commit logs first and then applies.

mod append;
mod beside;
pub(crate) mod catalog;
pub(crate) mod chunk_files;
mod delete;
pub(crate) mod filed;
mod filing;
pub(crate) mod out_of_order;
mod replay;
pub(crate) mod room;
mod select;
pub(crate) mod series;
mod slab;
pub(crate) mod snapshot;
mod symbols;
mod truncate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

use hashbrown::HashMap;
use model::{Labels, SeriesRef, TimeRange};
use rapidhash::fast::RandomState;
use storage::{AppendError, NewSeries, RoomError};

pub(crate) use append::HeadAppender;
use append::Scratch;
use beside::SeriesMetadata;
use catalog::{Catalog, SLAB_ROWS};
use chunk_files::ChunkFiles;
use filed::{FiledReader, HeadReadError};
use out_of_order::OutOfOrder;
pub(crate) use replay::{Share, Ways};
use room::Room;
pub(crate) use select::Selected;
use series::ChunkView;
use slab::Slab;

use crate::exemplars::Exemplars;
use crate::metrics::HeadMetrics;

/// Samples in memory.
pub(crate) struct Head {
    /// Replaced as a whole when series are removed; whoever holds the old one still reads it.
    catalog: RwLock<Arc<RwLock<Catalog>>>,
    slabs: RwLock<HashMap<u32, Arc<Slab>, RandomState>>,
    /// High half of every reference.
    epoch: AtomicU64,
    next_row: AtomicU32,
    /// Rows below existed at the last truncation already.
    settled_row: AtomicU32,
    /// Series that no log record has yet, in order of creation.
    unlogged: Mutex<Vec<u32>>,
    /// References in the log that stand for a series which has another one now.
    aliases: Mutex<HashMap<u64, u32, RandomState>>,
    min_time: AtomicI64,
    max_time: AtomicI64,
    /// Older samples are in blocks already.
    min_valid_time: AtomicI64,
    /// Older samples are in blocks, and nowhere here any more.
    dropped_before: AtomicI64,
    /// What was deleted from rows, as far as it is not in blocks yet.
    deletions: Mutex<BTreeMap<u32, Vec<TimeRange>>>,
    /// Held for reading from before a batch is logged until it is in its rows.
    committing: RwLock<()>,
    chunk_range: i64,
    pub(crate) room: Room,
    scratch: Mutex<Vec<Scratch>>,
    pub(crate) exemplars: Exemplars,
    metadata: SeriesMetadata,
    chunk_files: Mutex<ChunkFiles>,
    pub(crate) out_of_order: OutOfOrder,
    pub(crate) metrics: HeadMetrics,
}

impl Head {
    /// An empty head whose chunks never cross multiples of `chunk_range` milliseconds. At most
    /// `series_limit` series; 0: as many as come.
    pub(crate) fn new(chunk_range: i64, series_limit: usize, metrics: HeadMetrics) -> Self {
        Self {
            catalog: RwLock::default(),
            slabs: RwLock::default(),
            epoch: AtomicU64::new(0),
            next_row: AtomicU32::new(FIRST_ROW),
            settled_row: AtomicU32::new(FIRST_ROW),
            unlogged: Mutex::default(),
            aliases: Mutex::default(),
            min_time: AtomicI64::new(i64::MAX),
            max_time: AtomicI64::new(i64::MIN),
            min_valid_time: AtomicI64::new(i64::MIN),
            dropped_before: AtomicI64::new(i64::MIN),
            deletions: Mutex::default(),
            committing: RwLock::default(),
            chunk_range,
            room: Room::new(series_limit, metrics.room.clone()),
            scratch: Mutex::default(),
            exemplars: Exemplars::new(metrics.exemplars.clone()),
            metadata: SeriesMetadata::default(),
            chunk_files: Mutex::default(),
            out_of_order: OutOfOrder::new(metrics.late.clone()),
            metrics,
        }
    }

    pub(crate) fn chunk_range(&self) -> i64 {
        self.chunk_range
    }

    /// First and last sample's time, unless there is none.
    pub(crate) fn time_range(&self) -> Option<TimeRange> {
        let range = TimeRange::new(
            self.min_time.load(Ordering::Relaxed),
            self.max_time.load(Ordering::Relaxed),
        );
        (range.min_time <= range.max_time).then_some(range)
    }

    /// Samples before `time` are refused from now on.
    pub(crate) fn raise_min_valid_time(&self, time: i64) {
        self.min_valid_time.fetch_max(time, Ordering::Relaxed);
    }

    /// Takes over at the start that blocks have everything before `time`.
    pub(crate) fn begin_at(&self, time: i64) {
        self.raise_min_valid_time(time);
        self.dropped_before.fetch_max(time, Ordering::Relaxed);
    }

    /// Waits until no batch is between log and rows, and keeps new ones out.
    pub(crate) fn halt_commits(&self) -> RwLockWriteGuard<'_, ()> {
        self.committing
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Samples before this time are in blocks.
    pub(crate) fn min_valid_time(&self) -> i64 {
        self.min_valid_time.load(Ordering::Relaxed)
    }

    /// Rows from here on belong to series that began since the last truncation.
    pub(crate) fn settled_row(&self) -> u32 {
        self.settled_row.load(Ordering::Relaxed)
    }

    /// The oldest time that an append may carry now. Upstream's rule: half a chunk range behind
    /// the newest sample, and never what blocks have.
    fn appendable_from(&self) -> i64 {
        let max_time = self.max_time.load(Ordering::Relaxed);
        let recent = max_time.saturating_sub(self.chunk_range / 2);
        self.min_valid_time.load(Ordering::Relaxed).max(recent)
    }

    fn note_times(&self, range: TimeRange) {
        let min = self
            .min_time
            .fetch_min(range.min_time, Ordering::Relaxed)
            .min(range.min_time);
        let max = self
            .max_time
            .fetch_max(range.max_time, Ordering::Relaxed)
            .max(range.max_time);
        self.metrics.min_time.set(min as f64);
        self.metrics.max_time.set(max as f64);
    }

    fn reference(&self, row: u32) -> SeriesRef {
        SeriesRef::new(self.epoch.load(Ordering::Relaxed) | u64::from(row))
    }

    fn row(&self, reference: u64) -> Option<u32> {
        let row = reference as u32;
        (reference - u64::from(row) == self.epoch.load(Ordering::Relaxed)).then_some(row)
    }

    /// True if the series is there.
    fn has_row(&self, row: u32) -> bool {
        self.slab(row)
            .is_some_and(|slab| slab.read().get(row).is_some())
    }

    fn slab(&self, row: u32) -> Option<Arc<Slab>> {
        let slabs = self.slabs.read().unwrap_or_else(PoisonError::into_inner);
        slabs.get(&(row / SLAB_ROWS)).cloned()
    }

    fn slab_or_new(&self, row: u32) -> Arc<Slab> {
        if let Some(slab) = self.slab(row) {
            return slab;
        }
        let mut slabs = self.slabs.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            slabs
                .entry(row / SLAB_ROWS)
                .or_insert_with(|| Arc::new(Slab::new())),
        )
    }

    fn unlogged(&self) -> MutexGuard<'_, Vec<u32>> {
        self.unlogged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk_files(&self) -> MutexGuard<'_, ChunkFiles> {
        self.chunk_files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn current_catalog(&self) -> Arc<RwLock<Catalog>> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the catalog.
    pub(crate) fn with_catalog<T>(&self, read: impl FnOnce(&Catalog) -> T) -> T {
        let catalog = self.current_catalog();
        let guard = catalog.read().unwrap_or_else(PoisonError::into_inner);
        read(&guard)
    }

    /// The row of a series with these labels, which is begun if there is none and it may be; true if
    /// it was.
    fn find_or_create(
        &self,
        labels: &Labels,
        new_series: NewSeries,
    ) -> Result<(u32, bool), AppendError> {
        let fingerprint = labels.fingerprint();
        let found = self.with_catalog(|catalog| match catalog.find(labels, fingerprint) {
            Some(row) => Ok(Some(row)),
            None => check_labels(labels)
                .and_then(|()| Ok(self.room.ask(catalog, labels, new_series)?))
                .map(|()| None),
        })?;
        if let Some(row) = found {
            return Ok((row, false));
        }
        // The outer lock keeps truncation from replacing the catalog under the new series.
        let current = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = catalog.find(labels, fingerprint) {
            return Ok((row, false));
        }
        // Others may have taken the last room meanwhile.
        self.room.ask(&catalog, labels, new_series)?;
        let limit = u32::MAX as usize;
        let row = self.next_row.load(Ordering::Relaxed);
        if row == u32::MAX {
            return Err(RoomError::Limit { limit }.into());
        }
        self.slab_or_new(row).write().create(row);
        catalog
            .insert(row, labels, fingerprint)
            .map_err(|_| RoomError::Limit {
                limit: catalog.rows().len(),
            })?;
        self.next_row.store(row + 1, Ordering::Relaxed);
        self.unlogged().push(row);
        self.metrics.series.inc();
        self.metrics.series_created.inc();
        Ok((row, true))
    }

    /// Hands the chunks of a row that touch `range` to `each`, oldest first.
    pub(crate) fn chunks<E: From<HeadReadError>>(
        &self,
        row: u32,
        range: TimeRange,
        reader: &mut FiledReader,
        each: impl FnMut(ChunkView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(slab) = self.slab(row) else {
            return Ok(());
        };
        let rows = slab.read();
        let Some(found) = rows.get(row) else {
            return Ok(());
        };
        reader.copy(found, range);
        let filed = rows.filed().clone();
        drop(rows);
        reader.each(&filed, row, range, false, each)
    }

    /// Where the ranges of `span` milliseconds begin in which there are samples, all of them in memory.
    pub(crate) fn starts(&self, span: i64) -> Result<BTreeSet<i64>, HeadReadError> {
        let start = |time| series::range_end(time, span).saturating_sub(span);
        let mut starts = BTreeSet::new();
        for (_, slab) in self.slabs_in_order() {
            // Chunks do not cross borders.
            starts.extend(slab.read().ranges().map(|range| start(range.min_time)));
        }
        for layer in self.out_of_order.layers().iter() {
            starts.extend(layer.starts(span)?);
        }
        Ok(starts)
    }

    /// Chunks in memory, open ones included.
    pub(crate) fn chunk_count(&self) -> usize {
        self.metrics.chunks.get() as usize
    }
}

/// Upstream's references begin at 1.
const FIRST_ROW: u32 = 1;

/// Refuses label sets that name no series.
fn check_labels(labels: &Labels) -> Result<(), AppendError> {
    if labels.is_empty() {
        return Err(AppendError::InvalidLabels(
            "empty labelset: invalid sample".to_owned(),
        ));
    }
    let names = labels.iter().map(|(name, _)| name);
    let twice = names
        .clone()
        .zip(names.skip(1))
        .find(|(name, next)| name == next);
    match twice {
        Some((name, _)) => Err(AppendError::InvalidLabels(format!(
            "label name \"{name}\" is not unique: invalid sample"
        ))),
        None => Ok(()),
    }
}
