//! Deleting samples from the head: logged, then taken out of the chunks.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use model::{Matcher, TimeRange};

use super::Head;
use super::out_of_order::{Layers, united};
use crate::block::tombstones::add;
use crate::wal::record::{self, Tombstone};
use crate::wal::{Wal, WalError};

impl Head {
    /// Deletes the samples in `range` of the series on which the matchers hold. What is appended
    /// later stays, whatever its time.
    pub(crate) fn delete(
        &self,
        wal: &Wal,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<(), WalError> {
        let mut tombstones = Vec::new();
        // From here on no sample comes out of order before the deletion is in both logs.
        let _halted = self.out_of_order.halt();
        let late = self.out_of_order.layers();
        for &row in &self.select(matchers, range).rows {
            let Some(slab) = self.slab(row) else { continue };
            let in_order = slab.read().range_of(row);
            let ranges = in_order.into_iter().chain(late.range_of(row));
            let Some(has) = ranges.reduce(united) else {
                continue;
            };
            // No further than there are samples: others who read the log hide what comes later.
            tombstones.push(Tombstone {
                series: self.reference(row).get(),
                range: TimeRange::new(
                    range.min_time.max(has.min_time),
                    range.max_time.min(has.max_time),
                ),
            });
        }
        if tombstones.is_empty() {
            return Ok(());
        }
        self.add_aliases(&mut tombstones);
        let mut bytes = Vec::new();
        record::encode_tombstones(&mut bytes, tombstones.iter().copied());
        if !late.is_empty() {
            // That log's order says which samples came before.
            self.out_of_order.log.begin()?.lock().log(&[&bytes])?;
        }
        self.log_record(wal, &bytes)?;
        self.apply_tombstones(&tombstones);
        self.delete_late(&late, &tombstones);
        Ok(())
    }

    /// Says the same under every reference that a series has had in the log: its newest one may be
    /// gone from there sooner than samples under the others.
    fn add_aliases(&self, tombstones: &mut Vec<Tombstone>) {
        let aliases = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        if aliases.is_empty() {
            return;
        }
        let ranges: BTreeMap<u64, TimeRange> = tombstones
            .iter()
            .map(|tombstone| (tombstone.series, tombstone.range))
            .collect();
        tombstones.extend(aliases.iter().filter_map(|(&series, &row)| {
            let range = *ranges.get(&self.reference(row).get())?;
            Some(Tombstone { series, range })
        }));
    }

    fn delete_late(&self, late: &Layers, tombstones: &[Tombstone]) {
        for tombstone in tombstones {
            let Some(row) = self.row(tombstone.series) else {
                continue;
            };
            if let Err(error) = late.delete(row, tombstone.range) {
                tracing::error!(row, error = %error, "samples out of order not deleted");
            }
        }
    }

    /// Notes in the log that nothing is left of what any series had in `range`.
    pub(crate) fn log_deletion_of_all(&self, wal: &Wal, range: TimeRange) -> Result<(), WalError> {
        let rows = self.with_catalog(|catalog| catalog.rows().to_vec());
        let mut bytes = Vec::new();
        for some in rows.chunks(TOMBSTONES_OF_A_RECORD) {
            let series = some.iter().map(|&row| self.reference(row).get());
            let mut tombstones: Vec<_> = series.map(|series| Tombstone { series, range }).collect();
            self.add_aliases(&mut tombstones);
            bytes.clear();
            record::encode_tombstones(&mut bytes, tombstones.iter().copied());
            self.log_record(wal, &bytes)?;
        }
        Ok(())
    }

    /// Remembers a deletion for a snapshot.
    pub(super) fn note_deletion(&self, row: u32, range: TimeRange) {
        let mut deletions = self
            .deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        add(deletions.entry(row).or_default(), range);
    }

    /// Forgets deletions of what blocks have now, and those of series that ended.
    pub(super) fn forget_deletions(&self, time: i64, ended: &[u32]) {
        let mut deletions = self
            .deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deletions.retain(|row, ranges| {
            ranges.retain(|range| range.max_time >= time);
            !ranges.is_empty() && ended.binary_search(row).is_err()
        });
    }

    /// Takes deleted samples out of their series.
    pub(super) fn apply_tombstones(&self, tombstones: &[Tombstone]) {
        let mut chunks = 0_i64;
        for tombstone in tombstones {
            let alias = {
                let aliases = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
                aliases.get(&tombstone.series).copied()
            };
            let Some(row) = alias.or_else(|| self.row(tombstone.series)) else {
                continue;
            };
            let Some(slab) = self.slab(row) else { continue };
            self.note_deletion(row, tombstone.range);
            let mut rows = slab.write();
            if let Err(error) = rows.unfile(row) {
                tracing::error!(row, error = %error, "samples not deleted from a chunk in a file");
                continue;
            }
            rows.note_deletion(row, tombstone.range.max_time);
            let Some(found) = rows.get_mut(row) else {
                continue;
            };
            let before = found.chunks().count() as i64;
            if let Err(error) = found.delete(tombstone.range) {
                tracing::error!(row, error = %error, "samples not deleted from a chunk in memory");
            }
            chunks += before - found.chunks().count() as i64;
        }
        self.metrics.chunks_removed.add(chunks.unsigned_abs());
        self.metrics.chunks.add(-(chunks as f64));
    }
}

/// Some hundred kilobytes.
const TOMBSTONES_OF_A_RECORD: usize = 10_000;
