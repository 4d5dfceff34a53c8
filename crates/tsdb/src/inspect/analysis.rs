//! What makes a block large: churn, cardinality, and how full its chunks are.

use std::collections::HashMap;
use std::hash::Hash;

use crate::block::chunks::ChunkStream;
use crate::block::{Block, BlockError, BlockMeta};
use crate::index::SeriesEntry;
use crate::index::matchers::PostingsSource as _;
use crate::read_only::ReadOnly;

/// Numbers with what they count, largest first.
pub type Ranking = Vec<(u64, String)>;

/// What is known of one block.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The block.
    pub meta: BlockMeta,
    /// Distinct label names.
    pub label_names: usize,
    /// Distinct label pairs.
    pub pairs: u64,
    /// Labels of all series together.
    pub entries: u64,
    /// Series that label pairs had to begin anew, weighed by the time that they did not cover.
    pub churning_pairs: Ranking,
    /// The same for label names.
    pub churning_names: Ranking,
    /// Label pairs with the most series.
    pub common_pairs: Ranking,
    /// Label names by the length of all their values.
    pub value_lengths: Ranking,
    /// Label names by the number of their values.
    pub cardinality: Ranking,
    /// Metric names by the number of their series.
    pub metric_names: Ranking,
}

impl Analysis {
    /// Looks at the block with this name, or at the newest; `None` if it is not there. Each list
    /// has up to `limit` rows.
    ///
    /// # Errors
    /// The block cannot be read.
    pub fn of(
        directory: &ReadOnly,
        ulid: Option<&str>,
        limit: usize,
    ) -> Result<Option<Self>, BlockError> {
        let block = directory.block(ulid);
        block.map(|block| analyze(block, limit)).transpose()
    }
}

/// Chunks by tenths of the samples that a full one has.
///
/// # Errors
/// The block cannot be read.
pub fn fullness(directory: &ReadOnly, ulid: &str) -> Result<[u64; 10], BlockError> {
    let mut tenths = [0; 10];
    let Some(block) = directory.block(Some(ulid)) else {
        return Ok(tenths);
    };
    let mut chunks = ChunkStream::new(block.chunks());
    each_series(block, |entry| {
        for chunk in &entry.chunks {
            let samples = usize::from(chunks.read(chunk.reference)?.samples());
            let tenth = (samples * tenths.len() / FULL_CHUNK).min(tenths.len() - 1);
            if let Some(count) = tenths.get_mut(tenth) {
                *count += 1;
            }
        }
        Ok(())
    })?;
    Ok(tenths)
}

fn each_series(
    block: &Block,
    mut each: impl FnMut(&SeriesEntry) -> Result<(), BlockError>,
) -> Result<(), BlockError> {
    let mut reader = block.index().series_reader();
    let mut entry = SeriesEntry::default();
    for id in block.index().all()? {
        reader.read(id, &mut entry)?;
        each(&entry)?;
    }
    Ok(())
}

fn analyze(block: &Block, limit: usize) -> Result<Analysis, BlockError> {
    let meta = block.meta();
    let span = u64::try_from(meta.max_time - meta.min_time)
        .unwrap_or_default()
        .max(1);
    let symbols = block.index().symbols()?;
    let text = |symbol: u64| symbols.text(symbol).unwrap_or_default();
    let mut entries = 0;
    let mut pairs: HashMap<(u64, u64), u64> = HashMap::new();
    let mut names: HashMap<u64, u64> = HashMap::new();
    let mut common: HashMap<(u64, u64), u64> = HashMap::new();
    each_series(block, |entry| {
        let covered = match (entry.chunks.first(), entry.chunks.last()) {
            (Some(first), Some(last)) => last.max_time - first.min_time,
            _ => 0,
        };
        let uncovered = span.saturating_sub(u64::try_from(covered).unwrap_or_default());
        entries += entry.labels.len() as u64;
        for &(name, value) in &entry.labels {
            *pairs.entry((name, value)).or_default() += uncovered;
            *names.entry(name).or_default() += uncovered;
            *common.entry((name, value)).or_default() += 1;
        }
        Ok(())
    })?;
    let mut lengths = HashMap::new();
    let mut cardinality = HashMap::new();
    let mut metric_names = HashMap::new();
    for (&(name, value), &series) in &common {
        *lengths.entry(name).or_default() += text(value).len() as u64;
        *cardinality.entry(name).or_default() += 1;
        if text(name) == model::label::METRIC_NAME {
            metric_names.insert(value, series);
        }
    }
    for uncovered in pairs.values_mut().chain(names.values_mut()) {
        *uncovered /= span;
    }
    let pair = |&(name, value): &(u64, u64)| format!("{}={}", text(name), text(value));
    let one = |&symbol: &u64| text(symbol).to_owned();
    Ok(Analysis {
        meta: meta.clone(),
        label_names: cardinality.len(),
        pairs: common.len() as u64,
        entries,
        churning_pairs: ranking(&pairs, limit, pair),
        churning_names: ranking(&names, limit, one),
        common_pairs: ranking(&common, limit, pair),
        value_lengths: ranking(&lengths, limit, one),
        cardinality: ranking(&cardinality, limit, one),
        metric_names: ranking(&metric_names, limit, one),
    })
}

fn ranking<K: Hash + Eq>(
    counts: &HashMap<K, u64>,
    limit: usize,
    name: impl Fn(&K) -> String,
) -> Ranking {
    let mut rows: Vec<(u64, &K)> = counts.iter().map(|(key, &count)| (count, key)).collect();
    rows.sort_by_cached_key(|&(count, key)| (std::cmp::Reverse(count), name(key)));
    rows.truncate(limit);
    rows.into_iter()
        .map(|(count, key)| (count, name(key)))
        .collect()
}

/// Samples of a full chunk.
const FULL_CHUNK: usize = 120;
