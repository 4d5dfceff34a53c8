//! Deleting samples: noted beside blocks at once, taken out of them later.

use std::sync::{Arc, PoisonError};

use model::{Matcher, TimeRange};

use super::Db;
use super::maintain::MaintainError;
use crate::block::tombstones;
use crate::block::{Block, BlockError};
use crate::compaction::rewritten_meta;

impl Db {
    /// Deletes the samples in `range` of all series on which the matchers hold. Queries that begin
    /// afterwards do not see them; their bytes go when blocks are merged or rewritten.
    ///
    /// # Errors
    /// The disk refused, or a block cannot be read: the samples of some blocks may be deleted
    /// already. Trying again does no harm.
    pub fn delete(&self, matchers: &[Matcher], range: TimeRange) -> Result<(), MaintainError> {
        let _maintenance = self
            .maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let outcome = self.delete_from_blocks(matchers, range);
        // Also after a failure: what was noted for the blocks before it holds.
        self.replace_view()?;
        outcome.map_err(MaintainError::Delete)?;
        self.head.delete(&self.wal, matchers, range)?;
        self.sync_logs().map_err(MaintainError::Wal)
    }

    fn delete_from_blocks(&self, matchers: &[Matcher], range: TimeRange) -> Result<(), BlockError> {
        let view = self.view();
        let concerned = view
            .blocks
            .iter()
            .filter(|block| block.range().overlaps(&range));
        for block in concerned {
            self.delete_from_block(block, matchers, range)?;
        }
        Ok(())
    }

    fn delete_from_block(
        &self,
        block: &Block,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<(), BlockError> {
        let found = block.select(matchers, range)?;
        if found.is_empty() {
            return Ok(());
        }
        let mut deleted = block.tombstones().clone();
        for series in &found {
            let (Some(first), Some(last)) = (series.chunks.first(), series.chunks.last()) else {
                continue;
            };
            // No further than there are samples, as upstream.
            let range = TimeRange::new(
                range.min_time.max(first.min_time),
                range.max_time.min(last.max_time),
            );
            tombstones::add(deleted.entry(u64::from(series.id)).or_default(), range);
        }
        tombstones::write(&*self.fs, block.dir(), &deleted)?;
        block.note_change();
        let mut meta = block.meta().clone();
        meta.stats.num_tombstones = tombstones::count(&deleted);
        meta.write(&*self.fs, block.dir())
    }

    /// Rewrites every block of which something was deleted without it.
    ///
    /// # Errors
    /// The disk refused, or a block cannot be read. Blocks before it are rewritten.
    pub fn clean_tombstones(&self) -> Result<(), MaintainError> {
        let _maintenance = self
            .maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let begun = self.clock.monotonic();
        let blocks: Vec<Arc<Block>> = self.view().blocks.iter().map(Arc::clone).collect();
        for block in blocks.iter().filter(|block| !block.tombstones().is_empty()) {
            let group = [Arc::clone(block)];
            let meta = rewritten_meta(self.new_ulid(), block.meta());
            let written = self.write_merged(&group, meta)?;
            self.put_in_place_of(&group, written.as_ref())?;
        }
        let took = self.clock.monotonic().saturating_sub(begun);
        self.metrics
            .tombstone_cleanup_seconds
            .observe(took.as_secs_f64());
        Ok(())
    }
}
