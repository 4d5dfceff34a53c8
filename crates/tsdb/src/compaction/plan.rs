//! The next group of blocks to be merged: a pure function with upstream's rules.

use crate::block::BlockMeta;

/// Places of the blocks in `blocks` that are to become one now; empty if there is nothing to do.
/// One block alone is to be rewritten because much of it was deleted.
pub(crate) fn plan(blocks: &[&BlockMeta], ranges: &[i64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&place| blocks.get(place).map(|meta| meta.min_time));
    let sorted: Vec<(usize, &BlockMeta)> = order
        .into_iter()
        .filter_map(|place| Some((place, *blocks.get(place)?)))
        .collect();
    let group = overlapping(&sorted);
    if !group.is_empty() {
        return group;
    }
    // The newest block stays alone for one block's time, so that it can be copied as it was cut.
    let Some((_, older)) = sorted.split_last() else {
        return Vec::new();
    };
    let group = of_one_range(older, ranges);
    if !group.is_empty() {
        return group;
    }
    mostly_deleted(older, ranges)
}

/// The first blocks that overlap each other, directly or in a chain.
fn overlapping(sorted: &[(usize, &BlockMeta)]) -> Vec<usize> {
    let mut start = 0;
    while let Some((_, first)) = sorted.get(start) {
        let mut end = start + 1;
        let mut max_time = first.max_time;
        while let Some((_, next)) = sorted.get(end).filter(|(_, next)| next.min_time < max_time) {
            max_time = max_time.max(next.max_time);
            end += 1;
        }
        let group = sorted.get(start..end).unwrap_or_default();
        // Upstream tries again for ever what failed; here the rest goes on.
        if group.len() > 1 && !any_failed(group) {
            return places(group);
        }
        start = end;
    }
    Vec::new()
}

/// Blocks that fill one of the longer ranges, or lie in one that can get no more.
fn of_one_range(sorted: &[(usize, &BlockMeta)], ranges: &[i64]) -> Vec<usize> {
    let Some(&(_, newest)) = sorted.last() else {
        return Vec::new();
    };
    for &range in ranges.iter().skip(1) {
        for group in split_by_range(sorted, range) {
            let (Some((_, first)), Some((_, last))) = (group.first(), group.last()) else {
                continue;
            };
            let is_whole = last.max_time - first.min_time == range;
            let is_past = last.max_time <= newest.min_time;
            if group.len() > 1 && (is_whole || is_past) && !any_failed(group) {
                return places(group);
            }
        }
    }
    Vec::new()
}

/// Runs of blocks that lie inside the same multiple of `range`. Blocks that cross a border belong
/// to no run.
fn split_by_range<'a, 'm>(
    sorted: &'a [(usize, &'m BlockMeta)],
    range: i64,
) -> Vec<&'a [(usize, &'m BlockMeta)]> {
    let mut groups = Vec::new();
    let mut next = 0;
    while let Some((_, first)) = sorted.get(next) {
        let end = first
            .min_time
            .div_euclid(range)
            .saturating_add(1)
            .saturating_mul(range);
        if first.max_time > end {
            next += 1;
            continue;
        }
        let rest = sorted.get(next..).unwrap_or_default();
        let inside = rest.iter().take_while(|(_, meta)| meta.max_time <= end);
        let count = inside.count().max(1);
        groups.extend(rest.get(..count));
        next += count;
    }
    groups
}

/// The newest block that is worth rewriting without what was deleted from it.
fn mostly_deleted(sorted: &[(usize, &BlockMeta)], ranges: &[i64]) -> Vec<usize> {
    let long = ranges.get(ranges.len() / 2).copied().unwrap_or_default();
    for &(place, meta) in sorted.iter().rev() {
        let (deleted, series) = (meta.stats.num_tombstones, meta.stats.num_series);
        if meta.compaction.failed {
            continue;
        }
        if meta.max_time - meta.min_time < long {
            let all = deleted > 0 && deleted >= series;
            return if all { vec![place] } else { Vec::new() };
        }
        if deleted as f64 / (series + 1) as f64 > DELETED_SHARE {
            return vec![place];
        }
    }
    Vec::new()
}

fn any_failed(group: &[(usize, &BlockMeta)]) -> bool {
    group.iter().any(|(_, meta)| meta.compaction.failed)
}

fn places(group: &[(usize, &BlockMeta)]) -> Vec<usize> {
    group.iter().map(|&(place, _)| place).collect()
}

/// Deleted ranges per series from which on a block is rewritten. Upstream's figure.
const DELETED_SHARE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{BlockCompaction, BlockStats};

    /// `min..max`, with `!` behind it if merging failed, `~N` for N deleted ranges of 100 series.
    fn block(text: &str) -> BlockMeta {
        let (text, failed) = match text.strip_suffix('!') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (text, deleted) = text.split_once('~').unwrap_or((text, "0"));
        let (min, max) = text.split_once("..").unwrap();
        BlockMeta {
            ulid: text.to_owned(),
            min_time: min.parse().unwrap(),
            max_time: max.parse().unwrap(),
            stats: BlockStats {
                num_series: 100,
                num_tombstones: deleted.parse().unwrap(),
                ..BlockStats::default()
            },
            compaction: BlockCompaction {
                level: 1,
                failed,
                ..BlockCompaction::default()
            },
            version: 1,
            others: Default::default(),
        }
    }

    #[test]
    fn groups_are_upstreams() {
        // Ranges 20, 60, 180, 540, 1620.
        let cases: [(&str, &str); 24] = [
            ("", ""),
            ("0..20", ""),
            ("0..20 20..40 40..60", ""),
            ("0..20 20..40 40..60 60..80", "0..20 20..40 40..60"),
            // Not the newest, although it would fill the range.
            ("0..20 20..40 60..80", ""),
            ("0..20 20..40 60..80 80..100", "0..20 20..40"),
            ("0..20 40..60 60..80", "0..20 40..60"),
            // A longer range when the shorter ones are done.
            ("0..60 60..120 120..180 180..200", "0..60 60..120 120..180"),
            ("0..60 60..120 180..200 200..220", "0..60 60..120"),
            (
                "0..60 60..80 80..100 100..120 120..140",
                "60..80 80..100 100..120",
            ),
            (
                "0..180 180..360 360..540 540..560",
                "0..180 180..360 360..540",
            ),
            // Blocks across a border are left alone.
            ("10..30 30..50 50..70 70..90", "10..30 30..50"),
            ("0..20 10..30", "0..20 10..30"),
            ("0..20 20..40 30..50 50..70 60..80", "20..40 30..50"),
            ("0..100 20..40 50..60 110..120", "0..100 20..40 50..60"),
            ("0..20 10..30 25..45 60..80 70..90", "0..20 10..30 25..45"),
            // What failed is not tried again, the rest is.
            ("0..20! 20..40 40..60 60..80", ""),
            ("0..20 10..30! 60..80 70..90", "60..80 70..90"),
            (
                "0..20! 20..40 40..60 60..80 80..100 100..120 120..140",
                "60..80 80..100 100..120",
            ),
            ("-60..-40 -40..-20 -20..0 0..20", "-60..-40 -40..-20 -20..0"),
            ("0..540~6 540..560 560..580", ""),
            ("0..540~6 1080..1100", "0..540~6"),
            ("0..540~5 1080..1100", ""),
            ("0..20~100 20..40", "0..20~100"),
        ];
        let ranges = crate::compaction::ranges(20, 1_620);
        assert_eq!(ranges, [20, 60, 180, 540, 1_620]);
        for (blocks, want) in cases {
            let metas: Vec<BlockMeta> = blocks.split_whitespace().map(block).collect();
            let texts: Vec<&str> = blocks.split_whitespace().collect();
            let places = plan(&metas.iter().collect::<Vec<_>>(), &ranges);
            let found: Vec<&str> = places.iter().map(|&place| texts[place]).collect();
            assert_eq!(found.join(" "), want, "{blocks}");
        }
    }
}
