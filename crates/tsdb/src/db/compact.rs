//! Merging blocks: the next group is chosen, written as one, and put in the place of its parts.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::maintain::{MaintainError, Maintenance};
use super::{Db, View};
use crate::block::{Block, BlockError, BlockMeta};
use crate::compaction::merge::merge;
use crate::compaction::plan::plan;
use crate::compaction::{merged_meta, ranges};

/// How long to leave merging alone after it failed: twice as long each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    failures: u32,
    until: Duration,
}

impl Backoff {
    fn is_over(&self, now: Duration) -> bool {
        now >= self.until
    }

    fn note_failure(&mut self, now: Duration) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.until = now + wait.min(LONGEST_WAIT);
    }
}

impl Db {
    /// Merges the next group of blocks. False if there is none, or if it is too early to try again.
    pub(super) fn compact_next(&self, state: &mut Maintenance) -> Result<bool, MaintainError> {
        let now = self.clock.monotonic();
        if !state.backoff.is_over(now) {
            return Ok(false);
        }
        let group = self.next_group(&self.view());
        if group.is_empty() {
            return Ok(false);
        }
        self.metrics.compactions_triggered.inc();
        match self.compact_group(&group) {
            Ok(()) => {
                state.backoff = Backoff::default();
                Ok(true)
            }
            Err(MaintainError::Merge(error)) if is_interruption(&error) => Ok(false),
            Err(error) => {
                state.backoff.note_failure(now);
                self.metrics.compactions_failed.inc();
                Err(error)
            }
        }
    }

    fn next_group(&self, view: &View) -> Vec<Arc<Block>> {
        let mut blocks: Vec<&Arc<Block>> = view.blocks.iter().collect();
        if let Some(uploaded) = self.uploaded() {
            // As upstream: nothing behind the first block that waits, in order of creation.
            blocks.sort_by(|a, b| a.meta().ulid.cmp(&b.meta().ulid));
            let waits = |block: &&Arc<Block>| {
                let meta = block.meta();
                meta.compaction.level <= 1 && !uploaded.contains(&meta.ulid)
            };
            let ready = blocks.iter().position(waits).unwrap_or(blocks.len());
            blocks.truncate(ready);
        }
        // Where the head still has samples that came in order, a merged block would say that it has
        // all of them. Only others write such blocks.
        let settled = self.head.min_valid_time();
        blocks.retain(|block| {
            let meta = block.meta();
            !meta.is_from_out_of_order() || meta.max_time <= settled
        });
        let metas: Vec<&BlockMeta> = blocks.iter().map(|block| block.meta()).collect();
        let places = plan(&metas, &self.ranges());
        let group = places.iter().filter_map(|&place| blocks.get(place));
        group.map(|&block| Arc::clone(block)).collect()
    }

    /// Spans that blocks grow to.
    fn ranges(&self) -> Vec<i64> {
        let smallest = self.options.block_range;
        let longest = match (self.options.max_block_range, self.options.retention.time) {
            (longest @ 1.., _) => longest,
            (_, time @ 1..) => (time / 10).min(LONGEST_RANGE),
            _ => LONGEST_RANGE,
        };
        ranges(smallest, longest)
    }

    /// Blocks that may be merged because they are in safety; `None` if none has to wait.
    fn uploaded(&self) -> Option<Vec<String>> {
        #[derive(Deserialize)]
        struct Uploads {
            #[serde(default)]
            uploaded: Vec<String>,
        }
        let path = self.options.delay_compact_file.as_ref()?;
        let text = self.fs.read(path);
        let list =
            text.and_then(|text| serde_json::from_slice::<Uploads>(&text).map_err(io::Error::from));
        match list {
            Ok(list) => Some(list.uploaded),
            Err(error) => {
                tracing::warn!(path = %path.display(), error = %error, "list of uploaded blocks not readable");
                Some(Vec::new())
            }
        }
    }

    fn compact_group(&self, group: &[Arc<Block>]) -> Result<(), MaintainError> {
        let metas: Vec<&BlockMeta> = group.iter().map(|block| block.meta()).collect();
        let meta = merged_meta(self.new_ulid(), &metas);
        let parents: Vec<&str> = metas.iter().map(|meta| meta.ulid.as_str()).collect();
        let begun = self.clock.monotonic();
        if overlaps(&metas) {
            self.metrics.vertical_compactions.inc();
        }
        let written = self.write_merged(group, meta)?;
        self.metrics.compactions.inc();
        let took = self.clock.monotonic().saturating_sub(begun);
        self.metrics.compaction_seconds.observe(took.as_secs_f64());
        match &written {
            Some(meta) => tracing::info!(
                block = meta.ulid,
                level = meta.compaction.level,
                parents = ?parents,
                series = meta.stats.num_series,
                samples = meta.stats.num_samples,
                milliseconds = took.as_millis(),
                "blocks merged"
            ),
            None => tracing::info!(parents = ?parents, "nothing was left of deleted blocks"),
        }
        self.put_in_place_of(group, written.as_ref())
    }

    /// Writes `meta` from these blocks; notes with those that cannot be read that it failed.
    pub(super) fn write_merged(
        &self,
        group: &[Arc<Block>],
        meta: BlockMeta,
    ) -> Result<Option<BlockMeta>, MaintainError> {
        self.metrics.populating_block.set(1.0);
        let written = merge(&*self.fs, &self.options.path, group, meta, &self.stopping);
        self.metrics.populating_block.set(0.0);
        written.map_err(|error| {
            self.mark_failed(group, &error);
            MaintainError::Merge(error)
        })
    }

    /// Lets a new block (or nothing) take the place of these.
    pub(super) fn put_in_place_of(
        &self,
        group: &[Arc<Block>],
        written: Option<&BlockMeta>,
    ) -> Result<(), MaintainError> {
        if let Some(meta) = written {
            self.replace_view()?;
            return self.check_opened(&meta.ulid);
        }
        let view = self.view();
        let is_gone = |block: &&Arc<Block>| group.iter().any(|gone| gone.dir() == block.dir());
        let kept: Vec<Arc<Block>> = view
            .blocks
            .iter()
            .filter(|b| !is_gone(b))
            .cloned()
            .collect();
        let end = |blocks: &[Arc<Block>]| blocks.iter().map(|b| b.meta().max_time).max();
        if end(group) > end(&kept) {
            self.forget_in_log(end(&kept).unwrap_or(i64::MIN))?;
        }
        self.publish(kept);
        group
            .iter()
            .try_for_each(|block| self.delete_block(block.dir()))
    }

    /// A block of which the bytes are to blame is not merged again, as upstream has it. What the
    /// disk refused may go well the next time.
    fn mark_failed(&self, group: &[Arc<Block>], error: &BlockError) {
        let (BlockError::Damaged { path, .. } | BlockError::Unsupported { path, .. }) = error
        else {
            return;
        };
        let named = group.iter().any(|block| path.starts_with(block.dir()));
        for block in group {
            if named && !path.starts_with(block.dir()) {
                continue;
            }
            let mut meta = block.meta().clone();
            meta.compaction.failed = true;
            match meta.write(&*self.fs, block.dir()) {
                Ok(()) => block.note_change(),
                Err(error) => {
                    tracing::warn!(block = meta.ulid, error = %error, "block not marked");
                }
            }
        }
    }
}

fn overlaps(metas: &[&BlockMeta]) -> bool {
    let mut ranges: Vec<(i64, i64)> = metas.iter().map(|m| (m.min_time, m.max_time)).collect();
    ranges.sort_unstable();
    !ranges.is_sorted_by(|a, b| a.1 <= b.0)
}

fn is_interruption(error: &BlockError) -> bool {
    matches!(error, BlockError::Io { source, .. } if source.kind() == io::ErrorKind::Interrupted)
}

const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// 31 days: upstream's longest block.
const LONGEST_RANGE: i64 = 31 * 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let mut backoff = Backoff::default();
        let now = Duration::from_secs(5);
        assert!(backoff.is_over(now));
        let waits = (0..8).map(|_| {
            backoff.note_failure(now);
            (backoff.until - now).as_secs() / 60
        });
        assert_eq!(waits.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(!backoff.is_over(now));
    }
}
