//! A block of what was collected.

use std::path::Path;

use hashbrown::{HashMap, HashSet};
use host::fs::Fs;
use rapidhash::fast::RandomState;

use super::row::Row;
use crate::block::chunks::ChunkWriter;
use crate::block::meta::VERSION;
use crate::block::sink::Sink;
use crate::block::tombstones::{self, Tombstones};
use crate::block::{BlockCompaction, BlockError, BlockMeta, BlockStats, writer};
use crate::chunk::encode::NewChunk;
use crate::db::maintain::ulid_at;
use crate::index::{ChunkMeta, IndexWriter};
use model::Labels;

/// Writes a block of these rows below `dir`, named after the time `now`. `None` if there is none.
pub(super) fn write(
    fs: &dyn Fs,
    dir: &Path,
    mut series: Vec<(&Labels, Row)>,
    now: i64,
) -> Result<Option<BlockMeta>, BlockError> {
    series.sort_unstable_by(|a, b| a.0.cmp(b.0));
    if series.is_empty() {
        return Ok(None);
    }
    let ulid = ulid_at(now);
    writer::build(fs, dir, &ulid, |folder| {
        let (stats, (min_time, max_time)) = write_files(fs, folder, series)?;
        tombstones::write(fs, folder, &Tombstones::default())?;
        let meta = BlockMeta {
            ulid: ulid.clone(),
            min_time,
            max_time: max_time.saturating_add(1),
            stats,
            compaction: BlockCompaction {
                level: 1,
                sources: vec![ulid.clone()],
                ..BlockCompaction::default()
            },
            version: VERSION,
            others: serde_json::Map::default(),
        };
        meta.write(fs, folder)?;
        Ok(Some(meta))
    })
}

/// Writes chunks and index of series that are sorted by labels. Returns also the first and the last
/// time.
fn write_files(
    fs: &dyn Fs,
    folder: &Path,
    series: Vec<(&Labels, Row)>,
) -> Result<(BlockStats, (i64, i64)), BlockError> {
    let (index_path, chunks_dir) = (folder.join("index"), folder.join("chunks"));
    fs.create_dir_all(&chunks_dir)
        .map_err(BlockError::io(&chunks_dir))?;
    let symbols = symbols(series.iter().map(|(labels, _)| *labels));
    let numbers: HashMap<&str, u32, RandomState> = symbols.iter().copied().zip(0..).collect();
    let number = |text: &str| numbers.get(text).copied().unwrap_or_default();
    let file = fs.create(&index_path);
    let sink = Sink::new(file.map_err(BlockError::io(&index_path))?);
    let mut index =
        IndexWriter::begin(sink, symbols.iter().copied()).map_err(BlockError::io(&index_path))?;
    let mut chunks = ChunkWriter::new(fs, chunks_dir.clone());
    let mut stats = BlockStats::default();
    let mut times = (i64::MAX, i64::MIN);
    let (mut metas, mut pairs) = (Vec::new(), Vec::new());
    for (labels, row) in series {
        metas.clear();
        for chunk in row.into_chunks() {
            let NewChunk {
                encoding,
                range,
                bytes,
            } = chunk;
            let reference = chunks
                .write(encoding, &bytes)
                .map_err(BlockError::io(&chunks_dir))?;
            stats.num_samples += u64::from(encoding.count(&bytes));
            times = (times.0.min(range.min_time), times.1.max(range.max_time));
            metas.push(ChunkMeta {
                min_time: range.min_time,
                max_time: range.max_time,
                reference,
            });
        }
        pairs.clear();
        pairs.extend(labels.iter().map(|(n, v)| (number(n), number(v))));
        index
            .add_series(&pairs, &metas)
            .map_err(BlockError::io(&index_path))?;
        stats.num_series += 1;
        stats.num_chunks += metas.len() as u64;
    }
    stats.num_float_samples = stats.num_samples;
    chunks.finish().map_err(BlockError::io(&chunks_dir))?;
    index
        .finish(&symbols)
        .map_err(BlockError::io(&index_path))?;
    Ok((stats, times))
}

/// Every text of the labels once, sorted.
fn symbols<'a>(series: impl Iterator<Item = &'a Labels>) -> Vec<&'a str> {
    let texts = series.flat_map(|labels| labels.iter().flat_map(|(name, value)| [name, value]));
    let distinct: HashSet<&str, RandomState> = texts.collect();
    let mut symbols: Vec<&str> = distinct.into_iter().collect();
    symbols.sort_unstable();
    symbols
}
