//! Rows of neighbours behind one lock, with what they have in files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use model::TimeRange;

use super::catalog::SLAB_ROWS;
use super::filed::{Filed, FiledReader, HeadReadError};
use super::series::Row;
use crate::chunk::encode::NewChunk;

/// Rows of neighbours behind one lock.
#[derive(Debug)]
pub(crate) struct Slab {
    rows: RwLock<SlabRows>,
}

/// The rows of a slab; a row that is not live has no series, or no longer.
#[derive(Debug, Default)]
pub(crate) struct SlabRows {
    rows: Vec<Option<Row>>,
    filed: Filed,
    /// Rows from which something was deleted, with the end of that. The log says so at its place
    /// among their samples, and a file cannot: until the log forgets it, all stays in memory.
    deleted: Vec<(u32, i64)>,
    /// False if no row has a finished chunk in memory.
    may_have_finished: AtomicBool,
}

impl Slab {
    pub(crate) fn new() -> Self {
        let rows = SlabRows {
            rows: Vec::with_capacity(SLAB_ROWS as usize),
            ..SlabRows::default()
        };
        Self {
            rows: RwLock::new(rows),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, SlabRows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, SlabRows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlabRows {
    #[inline]
    pub(crate) fn get(&self, row: u32) -> Option<&Row> {
        self.rows.get((row % SLAB_ROWS) as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, row: u32) -> Option<&mut Row> {
        self.note_finished();
        self.row_to_append(row)
    }

    /// A row to which samples are appended; [`note_finished`](Self::note_finished) is for the caller.
    #[inline]
    pub(crate) fn row_to_append(&mut self, row: u32) -> Option<&mut Row> {
        self.rows.get_mut((row % SLAB_ROWS) as usize)?.as_mut()
    }

    /// Notes that a row may have finished a chunk.
    #[inline]
    pub(crate) fn note_finished(&mut self) {
        *self.may_have_finished.get_mut() = true;
    }

    /// Has the processor fetch a row that is about to be looked at.
    #[inline]
    pub(crate) fn bring_near(&self, row: u32) {
        if let Some(place) = self.rows.get((row % SLAB_ROWS) as usize) {
            host::memory::bring_near(place);
        }
    }

    /// Begins a series.
    pub(crate) fn create(&mut self, row: u32) {
        let slot = (row % SLAB_ROWS) as usize;
        while self.rows.len() <= slot {
            self.rows.push(None);
        }
        if let Some(place) = self.rows.get_mut(slot) {
            *place = Some(Row::default());
        }
    }

    /// Ends a series.
    pub(crate) fn remove(&mut self, row: u32) {
        if let Some(place) = self.rows.get_mut((row % SLAB_ROWS) as usize) {
            *place = None;
        }
    }

    /// What the rows have in files.
    pub(crate) fn filed(&self) -> &Filed {
        &self.filed
    }

    pub(crate) fn filed_mut(&mut self) -> &mut Filed {
        &mut self.filed
    }

    /// True if the row has samples in `range`, in memory or in files.
    #[inline]
    pub(crate) fn overlaps(&self, row: u32, range: TimeRange) -> bool {
        let in_memory = self.get(row).is_some_and(|found| found.overlaps(range));
        in_memory || self.filed.overlaps(row, range)
    }

    /// Range of the row's samples.
    pub(crate) fn range_of(&self, row: u32) -> Option<TimeRange> {
        let has = self.get(row)?.range()?;
        let filed = self.filed.min_time_of(row).unwrap_or(i64::MAX);
        Some(TimeRange::new(has.min_time.min(filed), has.max_time))
    }

    /// Time of the oldest sample.
    pub(crate) fn min_time(&self) -> Option<i64> {
        let in_memory = self.rows.iter().flatten().filter_map(Row::min_time);
        in_memory.chain(self.filed.min_time()).min()
    }

    /// Ranges of all chunks in memory.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = TimeRange> {
        let chunks = self.rows.iter().flatten().flat_map(Row::chunks);
        chunks.map(|chunk| chunk.range)
    }

    /// True if no row is live.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(Option::is_none)
    }

    /// True if many finished chunks are in memory, or one that ended before `old`.
    pub(crate) fn is_worth_filing(&self, old: i64) -> bool {
        if !self.has_finished_chunks() {
            return false;
        }
        let mut count = 0;
        self.rows_to_file().any(|(_, row)| {
            let mut finished = row.finished_chunks();
            let oldest = finished.next();
            count += usize::from(oldest.is_some()) + finished.count();
            count >= WORTH_FILING || oldest.is_some_and(|chunk| chunk.range.max_time < old)
        })
    }

    /// True if a finished chunk is in memory.
    pub(crate) fn has_finished_chunks(&self) -> bool {
        // Whoever finishes one holds the lock alone.
        if !self.may_have_finished.load(Ordering::Relaxed) {
            return false;
        }
        let mut rows = self.rows.iter().flatten();
        let has = rows.any(|row| row.finished_chunks().next().is_some());
        self.may_have_finished.store(has, Ordering::Relaxed);
        has
    }

    /// Rows whose finished chunks may be filed, by their place in the slab.
    pub(crate) fn rows_to_file(&self) -> impl Iterator<Item = (u32, &Row)> {
        let live = (0..).zip(&self.rows);
        let live = live.filter_map(|(slot, row)| Some((slot, row.as_ref()?)));
        live.filter(|&(slot, _)| self.deleted.iter().all(|&(deleted, _)| deleted != slot))
    }

    /// Takes all chunks of a row, which has none in memory, back into it without the samples in these
    /// ranges.
    pub(crate) fn unfile_without(
        &mut self,
        row: u32,
        ranges: &[TimeRange],
    ) -> Result<(), HeadReadError> {
        self.unfile(row)?;
        let Some(found) = self.get_mut(row) else {
            return Ok(());
        };
        for &range in ranges {
            found.delete(range)?;
        }
        // Whatever an empty row says of a last time, that of a file may have been deleted.
        found.ensure_open().map_err(HeadReadError::from)
    }

    /// Takes all chunks of a row back into memory.
    pub(crate) fn unfile(&mut self, row: u32) -> Result<(), HeadReadError> {
        if !self.filed.overlaps(row, TimeRange::ALL) {
            return Ok(());
        }
        let mut chunks = Vec::new();
        let mut reader = FiledReader::default();
        reader.each(&self.filed, row, TimeRange::ALL, false, |chunk| {
            chunks.push(NewChunk {
                encoding: chunk.encoding,
                range: chunk.range,
                bytes: chunk.bytes.into(),
            });
            Ok::<_, HeadReadError>(())
        })?;
        if let Some(found) = self.get_mut(row) {
            found.put_in_front(chunks);
        }
        self.filed.remove(row);
        Ok(())
    }

    /// Notes that samples up to `end` were deleted from a row: it is not filed for now.
    pub(crate) fn note_deletion(&mut self, row: u32, end: i64) {
        let slot = row % SLAB_ROWS;
        match self.deleted.iter_mut().find(|(other, _)| *other == slot) {
            Some((_, known)) => *known = end.max(*known),
            None => self.deleted.push((slot, end)),
        }
    }

    /// Drops filed chunks and notes of what is before `time`; returns how many chunks.
    pub(crate) fn truncate_filed(&mut self, time: i64) -> usize {
        self.deleted.retain(|&(_, end)| end >= time);
        self.filed.truncate(time)
    }
}

/// Finished chunks in memory from which on a slab is filed: one for every fourth row.
const WORTH_FILING: usize = SLAB_ROWS as usize / 4;
