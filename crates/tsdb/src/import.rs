//! Blocks from samples that come from elsewhere.

use std::path::Path;

use host::fs::Fs;
use model::Labels;
use storage::SampleBuffer;

use crate::block::chunks::ChunkWriter;
use crate::block::meta::VERSION;
use crate::block::sink::Sink;
use crate::block::tombstones::{self, Tombstones};
use crate::block::{BlockCompaction, BlockError, BlockMeta, BlockStats, writer};
use crate::chunk::encode::{NewChunk, encode};
use crate::db::maintain::ulid_at;
use crate::index::{ChunkMeta, IndexWriter};

/// One series with its samples.
pub type ImportedSeries = (Labels, Vec<(i64, f64)>);

/// Writes a block of these series below `dir`, named after the time `now`. Of several samples at
/// one time the first stays. `None` if there is no sample.
///
/// # Errors
/// The disk refused; nothing is left behind.
pub fn write_block(
    fs: &dyn Fs,
    dir: &Path,
    mut series: Vec<ImportedSeries>,
    now: i64,
) -> Result<Option<BlockMeta>, BlockError> {
    series.retain(|(_, samples)| !samples.is_empty());
    series.sort_by(|a, b| a.0.cmp(&b.0));
    for (_, samples) in &mut series {
        samples.sort_by_key(|&(time, _)| time);
        samples.dedup_by_key(|&mut (time, _)| time);
    }
    let ulid = ulid_at(now);
    writer::build(fs, dir, &ulid, |folder| {
        write_into(fs, folder, &series, &ulid)
    })
}

fn write_into(
    fs: &dyn Fs,
    folder: &Path,
    series: &[ImportedSeries],
    ulid: &str,
) -> Result<Option<BlockMeta>, BlockError> {
    let first = series
        .iter()
        .filter_map(|(_, samples)| samples.first())
        .map(|&(time, _)| time);
    let last = series
        .iter()
        .filter_map(|(_, samples)| samples.last())
        .map(|&(time, _)| time);
    let (Some(min_time), Some(max_time)) = (first.min(), last.max()) else {
        return Ok(None);
    };
    let chunks_dir = folder.join("chunks");
    fs.create_dir_all(&chunks_dir)
        .map_err(BlockError::io(&chunks_dir))?;
    let stats = write_files(fs, folder, series)?;
    tombstones::write(fs, folder, &Tombstones::default())?;
    let meta = BlockMeta {
        ulid: ulid.to_owned(),
        min_time,
        max_time: max_time.saturating_add(1),
        stats,
        compaction: BlockCompaction {
            level: 1,
            sources: vec![ulid.to_owned()],
            ..BlockCompaction::default()
        },
        version: VERSION,
        others: serde_json::Map::default(),
    };
    meta.write(fs, folder)?;
    Ok(Some(meta))
}

fn write_files(
    fs: &dyn Fs,
    folder: &Path,
    series: &[ImportedSeries],
) -> Result<BlockStats, BlockError> {
    let (index_path, chunks_dir) = (folder.join("index"), folder.join("chunks"));
    let labels = series.iter().flat_map(|(labels, _)| labels.iter());
    let mut symbols: Vec<&str> = labels.flat_map(|(name, value)| [name, value]).collect();
    symbols.sort_unstable();
    symbols.dedup();
    let number = |text: &str| {
        let place = symbols.binary_search(&text).unwrap_or_default();
        u32::try_from(place).unwrap_or(u32::MAX)
    };
    let sink = Sink::new(
        fs.create(&index_path)
            .map_err(BlockError::io(&index_path))?,
    );
    let mut index =
        IndexWriter::begin(sink, symbols.iter().copied()).map_err(BlockError::io(&index_path))?;
    let mut chunks = ChunkWriter::new(fs, chunks_dir.clone());
    let mut stats = BlockStats::default();
    for (labels, samples) in series {
        let mut buffer = SampleBuffer::default();
        samples
            .iter()
            .for_each(|&(time, value)| buffer.push(time, value));
        let mut metas = Vec::new();
        for NewChunk {
            encoding,
            range,
            bytes,
        } in encode(&buffer)
        {
            let reference = chunks
                .write(encoding, &bytes)
                .map_err(BlockError::io(&chunks_dir))?;
            stats.num_samples += u64::from(encoding.count(&bytes));
            metas.push(ChunkMeta {
                min_time: range.min_time,
                max_time: range.max_time,
                reference,
            });
        }
        let pairs: Vec<_> = labels.iter().map(|(n, v)| (number(n), number(v))).collect();
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
    Ok(stats)
}
