//! Forgetting what a block has taken over, and series that ended.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use super::Head;
use super::catalog::SLAB_ROWS;

impl Head {
    /// Drops chunks that end before `time`, and series that have none left. Batches may go on
    /// meanwhile.
    pub(crate) fn truncate(&self, time: i64) {
        self.begin_at(time);
        self.metrics.truncations.inc();
        let settled = self.settled_row.load(Ordering::Relaxed);
        let removed = self.truncate_rows(time, settled);
        if !removed.is_empty() {
            self.forget(&removed);
            self.metadata.forget(&removed);
        }
        self.forget_deletions(time, &removed);
        self.settled_row
            .store(self.next_row.load(Ordering::Relaxed), Ordering::Relaxed);
        // First the store, then the look: a commit between them lowers the bound by itself.
        self.min_time.store(i64::MAX, Ordering::SeqCst);
        if let Some(oldest) = self.oldest_sample() {
            self.min_time.fetch_min(oldest, Ordering::SeqCst);
        }
        if let Some(range) = self.time_range() {
            self.metrics.min_time.set(range.min_time as f64);
        }
    }

    /// Returns rows that ended, sorted. A series that is younger than the last truncation may have
    /// its first sample on the way and stays.
    fn truncate_rows(&self, time: i64, settled: u32) -> Vec<u32> {
        let rows = self.with_catalog(|catalog| catalog.rows().to_vec());
        let mut ended = Vec::new();
        let mut dropped = 0;
        for run in rows.chunk_by(|a, b| a / SLAB_ROWS == b / SLAB_ROWS) {
            let Some(slab) = run.first().and_then(|&row| self.slab(row)) else {
                continue;
            };
            let mut guard = slab.write();
            // Under the slab's lock: what comes out of order looks for its series there, too.
            let late = self.out_of_order.layers();
            dropped += guard.truncate_filed(time);
            for &row in run {
                let Some(found) = guard.get_mut(row) else {
                    continue;
                };
                dropped += found.truncate(time);
                if found.is_empty() && row < settled && !late.contain(row) {
                    guard.remove(row);
                    ended.push(row);
                }
            }
        }
        self.metrics.chunks_removed.add(dropped as u64);
        self.metrics.chunks.add(-(dropped as f64));
        ended
    }

    /// Replaces the catalog by one without these rows, and drops slabs without series.
    fn forget(&self, removed: &[u32]) {
        let mut current = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        let rebuilt = {
            let catalog = current.read().unwrap_or_else(PoisonError::into_inner);
            catalog.rebuilt(|row| removed.binary_search(&row).is_err())
        };
        match rebuilt {
            Ok(fresh) => *current = Arc::new(RwLock::new(fresh)),
            Err(_) => tracing::error!("the catalog of series could not be rebuilt"),
        }
        let mut slabs = self.slabs.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.next_row.load(Ordering::Relaxed) / SLAB_ROWS;
        slabs.retain(|&number, slab| number >= next || !slab.read().is_empty());
        self.metrics.series.add(-(removed.len() as f64));
        self.metrics.series_removed.add(removed.len() as u64);
    }

    fn oldest_sample(&self) -> Option<i64> {
        let slabs: Vec<_> = self
            .slabs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        slabs.iter().filter_map(|slab| slab.read().min_time()).min()
    }

    /// True if the log must still name the series with this reference.
    pub(crate) fn needs_reference(&self, reference: u64) -> bool {
        let alive = self.row(reference).is_some_and(|row| {
            self.slab(row)
                .is_some_and(|slab| slab.read().get(row).is_some())
        });
        alive
            || self
                .aliases
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains_key(&reference)
    }
}
