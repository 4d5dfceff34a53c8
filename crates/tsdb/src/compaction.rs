//! Compaction: which blocks become one, and how.
//!
//! [`plan`] is a pure function from descriptions of blocks to the next group, with upstream's
//! rules; [`merge`] writes the group as one block, chunk by chunk. Chunks are copied as they are
//! where nothing overlaps and nothing was deleted.

pub(crate) mod merge;
pub(crate) mod plan;

use crate::block::{BlockCompaction, BlockMeta, BlockParent, BlockStats};

/// Spans of time that blocks grow to: from `smallest` on three times as much each, `longest` at
/// most. Upstream's ladder.
pub(crate) fn ranges(smallest: i64, longest: i64) -> Vec<i64> {
    let steps = (0..RANGES).map(|step| smallest.saturating_mul(3_i64.saturating_pow(step)));
    steps
        .enumerate()
        .take_while(|&(step, range)| step == 0 || range <= longest)
        .map(|(_, range)| range)
        .collect()
}

/// The description of the block that these are merged into; without what is known only afterwards.
pub(crate) fn merged_meta(ulid: String, blocks: &[&BlockMeta]) -> BlockMeta {
    let levels = blocks.iter().map(|meta| meta.compaction.level);
    let sources = blocks.iter().flat_map(|meta| &meta.compaction.sources);
    let mut sources: Vec<String> = sources.cloned().collect();
    sources.sort_unstable();
    sources.dedup();
    let hints = blocks.first().map(|meta| meta.compaction.hints.clone());
    let hints = hints.unwrap_or_default();
    let all_agree = blocks.iter().all(|meta| meta.compaction.hints == hints);
    BlockMeta {
        ulid,
        min_time: blocks
            .iter()
            .map(|meta| meta.min_time)
            .min()
            .unwrap_or_default(),
        max_time: blocks
            .iter()
            .map(|meta| meta.max_time)
            .max()
            .unwrap_or_default(),
        stats: BlockStats::default(),
        compaction: BlockCompaction {
            level: levels.max().unwrap_or_default() + 1,
            sources,
            parents: blocks.iter().map(|&meta| BlockParent::from(meta)).collect(),
            hints: if all_agree { hints } else { Vec::new() },
            ..BlockCompaction::default()
        },
        version: crate::block::meta::VERSION,
        others: serde_json::Map::default(),
    }
}

/// The description of a block that takes the place of another with less in it.
pub(crate) fn rewritten_meta(ulid: String, base: &BlockMeta) -> BlockMeta {
    let mut meta = merged_meta(ulid.clone(), &[base]);
    meta.compaction.level = 1;
    meta.compaction.sources = vec![ulid];
    meta
}

/// Steps of the ladder at most. Upstream's figure.
const RANGES: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_grow_threefold_up_to_the_longest() {
        assert_eq!(ranges(2, 36), [2, 6, 18]);
        assert_eq!(ranges(2, 1), [2]);
        assert_eq!(ranges(7_200_000, 31 * 86_400_000).len(), 6);
        assert_eq!(ranges(1, i64::MAX).len(), 10);
    }
}
