//! Cuts a block out of the head.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use host::fs::Fs;
use model::TimeRange;
use storage::SampleBuffer;

use super::BlockError;
use super::chunks::ChunkWriter;
use super::meta::{BlockCompaction, BlockMeta, BlockStats, FROM_OUT_OF_ORDER, VERSION};
use super::sink::Sink;
use super::tombstones::{self, Tombstones};
use crate::chunk::encode::encode;
use crate::head::catalog::{Catalog, Ranking};
use crate::head::filed::{FiledReader, HeadReadError};
use crate::head::out_of_order::Layer;
use crate::head::series::ChunkView;
use crate::head::{Head, Selected};
use crate::index::{ChunkMeta, IndexWriter};

/// Ending of a folder that is being written. What bears it at start is left over and deleted.
pub(crate) const CREATION_SUFFIX: &str = ".tmp-for-creation";

/// Writes everything that the head has from `min_time` until before `max_time` as block `ulid`
/// below `dir`. `None` if there is nothing. With the latest `max_time` that there can be, the block
/// ends with its last sample.
pub(crate) fn write_block(
    fs: &dyn Fs,
    dir: &Path,
    head: &Head,
    range: (i64, i64),
    ulid: String,
) -> Result<Option<BlockMeta>, BlockError> {
    build(fs, dir, &ulid, |folder| {
        let times = TimeRange::new(range.0, range.1 - 1);
        let Selected { catalog, rows, .. } = head.select(&[], times);
        let mut reader = FiledReader::default();
        let content = Content {
            head,
            catalog,
            rows,
            chunks: &mut |row, each| head.chunks(row, times, &mut reader, each),
            hints: Vec::new(),
        };
        write_into(fs, folder, content, range, &ulid)
    })
}

/// Writes what a layer of samples out of order has from `min_time` until before `max_time` as block
/// `ulid` below `dir`. `None` if there is nothing.
pub(crate) fn write_late_block(
    fs: &dyn Fs,
    dir: &Path,
    (head, layer): (&Head, &Layer),
    range: (i64, i64),
    ulid: String,
) -> Result<Option<BlockMeta>, BlockError> {
    build(fs, dir, &ulid, |folder| {
        let times = TimeRange::new(range.0, range.1 - 1);
        let Selected {
            catalog, mut rows, ..
        } = head.select(&[], times);
        rows.retain(|row| layer.read().contains_key(row));
        let content = Content {
            head,
            catalog,
            rows,
            chunks: &mut |row, each| {
                let mut samples = SampleBuffer::default();
                if let Some(series) = layer.read().get(&row) {
                    let read = series.read(times, &mut samples);
                    read.map_err(HeadReadError::from)?;
                }
                samples.retain(|time, _| times.contains(time));
                hand_over(&samples, each)
            },
            hints: vec![FROM_OUT_OF_ORDER.to_owned()],
        };
        write_into(fs, folder, content, range, &ulid)
    })
}

/// Writes everything that the head has from `min_time` until before `max_time`, in order or not, as
/// block `ulid` below `dir`. It never stands for all that came in order. `None` if there is nothing.
pub(crate) fn write_rescued_block(
    fs: &dyn Fs,
    dir: &Path,
    head: &Head,
    range: (i64, i64),
    ulid: String,
) -> Result<Option<BlockMeta>, BlockError> {
    build(fs, dir, &ulid, |folder| {
        let times = TimeRange::new(range.0, range.1 - 1);
        let selected = head.select(&[], times);
        let late = head.out_of_order.layers();
        let mut reader = FiledReader::default();
        let content = Content {
            head,
            catalog: Arc::clone(&selected.catalog),
            rows: selected.rows.clone(),
            chunks: &mut |row, each| {
                if !late.overlap(row, times) {
                    return head.chunks(row, times, &mut reader, each);
                }
                let mut samples = SampleBuffer::default();
                selected.read(row, times, &mut samples)?;
                samples.retain(|time, _| times.contains(time));
                hand_over(&samples, each)
            },
            hints: vec![FROM_OUT_OF_ORDER.to_owned()],
        };
        write_into(fs, folder, content, range, &ulid)
    })
}

/// Hands samples over as chunks.
fn hand_over(samples: &SampleBuffer, each: &mut EachChunk<'_>) -> Result<(), BlockError> {
    let chunks = encode(samples);
    chunks.iter().try_for_each(|chunk| {
        each(ChunkView {
            range: chunk.range,
            encoding: chunk.encoding,
            count: chunk.encoding.count(&chunk.bytes),
            bytes: &chunk.bytes,
        })
    })
}

/// What a block is made of.
struct Content<'a> {
    head: &'a Head,
    catalog: Arc<RwLock<Catalog>>,
    rows: Vec<u32>,
    chunks: &'a mut ChunksOf<'a>,
    hints: Vec<String>,
}

/// Takes the chunks of a row, oldest first.
type EachChunk<'a> = dyn FnMut(ChunkView<'_>) -> Result<(), BlockError> + 'a;
/// Hands them over.
type ChunksOf<'a> = dyn FnMut(u32, &mut EachChunk<'_>) -> Result<(), BlockError> + 'a;

/// Builds block `ulid` below `dir`: `fill` writes into a folder with a temporary name, which is
/// renamed at the end. If there is nothing to keep or something fails, nothing stays.
pub(crate) fn build(
    fs: &dyn Fs,
    dir: &Path,
    ulid: &str,
    fill: impl FnOnce(&Path) -> Result<Option<BlockMeta>, BlockError>,
) -> Result<Option<BlockMeta>, BlockError> {
    let temporary = dir.join(format!("{ulid}{CREATION_SUFFIX}"));
    let outcome = fill(&temporary);
    let discard = || match fs.remove_dir_all(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %temporary.display(), error = %error, "left-over block not deleted");
        }
        _ => {}
    };
    let Ok(Some(_)) = &outcome else {
        discard();
        return outcome;
    };
    let target = dir.join(ulid);
    if let Err(error) = fs.rename(&temporary, &target) {
        discard();
        return Err(BlockError::io(&target)(error));
    }
    fs.sync_dir(dir).map_err(BlockError::io(dir))?;
    outcome
}

fn write_into(
    fs: &dyn Fs,
    dir: &Path,
    content: Content<'_>,
    (min_time, max_time): (i64, i64),
    ulid: &str,
) -> Result<Option<BlockMeta>, BlockError> {
    let Content {
        head,
        catalog,
        mut rows,
        chunks,
        hints,
    } = content;
    if rows.is_empty() {
        return Ok(None);
    }
    let chunks_dir = dir.join("chunks");
    fs.create_dir_all(&chunks_dir)
        .map_err(BlockError::io(&chunks_dir))?;
    let catalog = catalog.read().unwrap_or_else(PoisonError::into_inner);
    let ranking = catalog.rank(&rows);
    catalog.sort_by_labels(&mut rows, &ranking);
    let files = BlockFiles {
        fs,
        index: dir.join("index"),
        chunks: chunks_dir,
    };
    let range = (min_time, max_time);
    let written = files.write((head, chunks), (&catalog, &ranking), &rows, range)?;
    drop(catalog);
    let (stats, last_time) = written;
    if stats.num_series == 0 {
        return Ok(None);
    }
    let max_time = match max_time {
        i64::MAX => last_time.saturating_add(1),
        max_time => max_time,
    };
    tombstones::write(fs, dir, &Tombstones::default())?;
    let compaction = BlockCompaction {
        level: 1,
        sources: vec![ulid.to_owned()],
        hints,
        ..BlockCompaction::default()
    };
    let meta = BlockMeta {
        ulid: ulid.to_owned(),
        min_time,
        max_time,
        stats,
        compaction,
        version: VERSION,
        others: serde_json::Map::default(),
    };
    meta.write(fs, dir)?;
    fs.sync_dir(dir).map_err(BlockError::io(dir))?;
    Ok(Some(meta))
}

struct BlockFiles<'a> {
    fs: &'a dyn Fs,
    index: PathBuf,
    chunks: PathBuf,
}

impl BlockFiles<'_> {
    /// Writes chunks and index of these rows, which are sorted by labels. Returns also the last
    /// sample's time.
    fn write(
        &self,
        (head, chunks_of): (&Head, &mut ChunksOf<'_>),
        (catalog, ranking): (&Catalog, &Ranking),
        rows: &[u32],
        (min_time, max_time): (i64, i64),
    ) -> Result<(BlockStats, i64), BlockError> {
        let symbols: Vec<&str> = catalog.texts(ranking).collect();
        let sink = Sink::new(
            self.fs
                .create(&self.index)
                .map_err(BlockError::io(&self.index))?,
        );
        let mut index = IndexWriter::begin(sink, symbols.iter().copied())
            .map_err(BlockError::io(&self.index))?;
        let mut chunks = ChunkWriter::new(self.fs, self.chunks.clone());
        let mut stats = BlockStats::default();
        let mut last_time = i64::MIN;
        let mut metas = Vec::new();
        let mut labels = Vec::new();
        for &row in rows {
            metas.clear();
            chunks_of(row, &mut |chunk| {
                let inside = chunk.range.min_time >= min_time && chunk.range.max_time < max_time;
                if !inside {
                    return Ok(());
                }
                let samples = u64::from(chunk.count);
                stats.num_samples += samples;
                match chunk.encoding.has_floats() {
                    true => stats.num_float_samples += samples,
                    false => stats.num_histogram_samples += samples,
                }
                let upkeep = &head.metrics.upkeep;
                upkeep.chunk_written(chunk.bytes.len(), samples, chunk.range);
                let written = chunks.write(chunk.encoding, chunk.bytes);
                let TimeRange { min_time, max_time } = chunk.range;
                last_time = last_time.max(max_time);
                metas.push(ChunkMeta {
                    min_time,
                    max_time,
                    reference: written.map_err(BlockError::io(&self.chunks))?,
                });
                Ok::<_, BlockError>(())
            })?;
            if metas.is_empty() {
                continue;
            }
            catalog.ranked_labels(row, ranking, &mut labels);
            index
                .add_series(&labels, &metas)
                .map_err(BlockError::io(&self.index))?;
            stats.num_series += 1;
            stats.num_chunks += metas.len() as u64;
        }
        chunks.finish().map_err(BlockError::io(&self.chunks))?;
        index
            .finish(&symbols)
            .map_err(BlockError::io(&self.index))?;
        Ok((stats, last_time))
    }
}
