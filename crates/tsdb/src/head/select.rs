//! Finding series in the head, and reading them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use model::{Matcher, TimeRange};
use storage::SampleBuffer;

use super::Head;
use super::catalog::{Catalog, SLAB_ROWS};
use super::filed::{FiledReader, HeadReadError};
use super::out_of_order::Layers;
use super::slab::{Slab, SlabRows};

/// Series found in the head, with the catalog that knows their labels and the slabs that have their
/// samples, so that reading asks the head for nothing.
#[derive(Clone)]
pub(crate) struct Selected {
    pub(crate) catalog: Arc<RwLock<Catalog>>,
    pub(crate) rows: Vec<u32>,
    /// By rising number.
    slabs: Vec<(u32, Arc<Slab>)>,
    /// Readers of files that nobody uses now: no more than there are threads that read.
    readers: Arc<Mutex<Vec<FiledReader>>>,
    /// Samples out of order of any series.
    late: Layers,
}

impl Head {
    /// Series on which all matchers hold and that have samples in `range`, by rising row.
    pub(crate) fn select(&self, matchers: &[Matcher], range: TimeRange) -> Selected {
        let catalog = self.current_catalog();
        let rows = {
            let guard = catalog.read().unwrap_or_else(PoisonError::into_inner);
            guard.select(matchers)
        };
        let mut selected = Selected {
            catalog,
            rows,
            slabs: Vec::new(),
            readers: Arc::default(),
            late: self.out_of_order.layers(),
        };
        self.retain_overlapping(&mut selected, range);
        selected
    }

    /// Drops rows without samples in `range`, and takes hold of the slabs of the others. Each slab
    /// is locked once.
    fn retain_overlapping(&self, selected: &mut Selected, range: TimeRange) {
        let late = &selected.late;
        let rows = &mut selected.rows;
        let (mut kept, mut next) = (0, 0);
        while let Some(&first) = rows.get(next) {
            let number = first / SLAB_ROWS;
            let run = rows.get(next..).unwrap_or_default();
            let end = next + run.partition_point(|&row| row / SLAB_ROWS == number);
            if let Some(slab) = self.slab(first) {
                let (guard, before) = (slab.read(), kept);
                for index in next..end {
                    let Some(&row) = rows.get(index) else { break };
                    let is_late = || !late.is_empty() && late.overlap(row, range);
                    if guard.overlaps(row, range) || (guard.get(row).is_some() && is_late()) {
                        if let Some(place) = rows.get_mut(kept) {
                            *place = row;
                        }
                        kept += 1;
                    }
                }
                drop(guard);
                if kept > before {
                    selected.slabs.push((number, slab));
                }
            }
            next = end;
        }
        rows.truncate(kept);
    }
}

impl Selected {
    pub(crate) fn with_catalog<T>(&self, read: impl FnOnce(&Catalog) -> T) -> T {
        read(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds the samples of chunks of a row that touch `range`.
    pub(crate) fn read(
        &self,
        row: u32,
        range: TimeRange,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        match self.slab(row) {
            Some(slab) => self.read_row((row, false), range, slab.read(), buffer),
            None => Ok(()),
        }
    }

    /// The same for the row at a place of the list. Others, which the asker will want next, are
    /// brought near before: waiting for memory takes longer than decoding.
    #[inline]
    pub(crate) fn read_at(
        &self,
        index: usize,
        range: TimeRange,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        let Some((&row, slab)) = self
            .rows
            .get(index)
            .and_then(|row| Some((row, self.slab(*row)?)))
        else {
            return Ok(());
        };
        let guard = slab.read();
        if index.is_multiple_of(NEAR) {
            self.bring_near(index, &guard);
        }
        // A row that is wanted soon has its chunks soon behind these.
        let soon = self.rows.get(index + NEAR / 2);
        let ahead = soon.is_some_and(|&soon| soon.wrapping_sub(row) < 4 * NEAR as u32);
        self.read_row((row, ahead), range, guard, buffer)
    }

    #[inline]
    fn read_row(
        &self,
        place: (u32, bool),
        range: TimeRange,
        rows: RwLockReadGuard<'_, SlabRows>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        match self.late.is_empty() || !self.late.overlap(place.0, range) {
            true => self.read_in_order(place, range, rows, buffer),
            false => self.read_with_late(place, range, rows, buffer),
        }
    }

    /// Puts the samples out of order between the others.
    #[cold]
    fn read_with_late(
        &self,
        place: (u32, bool),
        range: TimeRange,
        rows: RwLockReadGuard<'_, SlabRows>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        let mut samples = SampleBuffer::default();
        self.read_in_order(place, range, rows, &mut samples)?;
        self.late.merge_into(place.0, range, &mut samples)?;
        buffer.extend(&samples);
        Ok(())
    }

    #[inline]
    fn read_in_order(
        &self,
        (row, ahead): (u32, bool),
        range: TimeRange,
        rows: RwLockReadGuard<'_, SlabRows>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        let Some(found) = rows.get(row) else {
            return Ok(());
        };
        if !rows.filed().overlaps(row, range) {
            return Ok(found.read(range, buffer)?);
        }
        let mut reader = self.readers().pop().unwrap_or_default();
        reader.copy(found, range);
        let filed = rows.filed().clone();
        drop(rows);
        let outcome = reader.decode(&filed, row, range, ahead, buffer);
        self.readers().push(reader);
        outcome
    }

    fn readers(&self) -> MutexGuard<'_, Vec<FiledReader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest sample of the row at a place of the list, if it is at hand and in `range`. None
    /// if the row must be read to know.
    #[inline]
    pub(crate) fn latest_at(&self, index: usize, range: TimeRange) -> Option<(i64, f64)> {
        let &row = self.rows.get(index)?;
        if !self.late.is_empty() && self.late.overlap(row, range) {
            return None;
        }
        self.slab(row)?.read().get(row)?.latest(range)
    }

    /// Touches the chunks of some rows, so that the processor fetches them all at once.
    fn bring_near(&self, index: usize, slab: &SlabRows) {
        let near = self.rows.get(index..).unwrap_or_default();
        let number = near.first().map(|row| row / SLAB_ROWS);
        let same_slab = near
            .iter()
            .take_while(|&&row| Some(row / SLAB_ROWS) == number);
        let touched = same_slab
            .take(NEAR)
            .filter_map(|&row| slab.get(row))
            .fold(0, |sum: u8, row| sum ^ row.touch());
        std::hint::black_box(touched);
    }

    #[inline]
    fn slab(&self, row: u32) -> Option<&Slab> {
        let number = row / SLAB_ROWS;
        let (first, _) = self.slabs.first()?;
        // Mostly there is no hole among the numbers.
        let guess = self.slabs.get((number.wrapping_sub(*first)) as usize);
        if let Some((found, slab)) = guess
            && *found == number
        {
            return Some(slab);
        }
        let place = self
            .slabs
            .binary_search_by_key(&number, |(found, _)| *found);
        place
            .ok()
            .and_then(|place| self.slabs.get(place))
            .map(|(_, slab)| &**slab)
    }
}

/// Rows whose chunks are fetched at once: about as many as a core can wait for.
const NEAR: usize = 8;
