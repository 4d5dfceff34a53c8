//! Cuts a block out of the head.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use host::fs::Fs;
use model::TimeRange;

use super::BlockError;
use super::chunks::ChunkWriter;
use super::meta::{BlockCompaction, BlockMeta, BlockStats, VERSION};
use super::sink::Sink;
use super::tombstones::{self, Tombstones};
use crate::head::Head;
use crate::head::catalog::{Catalog, Ranking};
use crate::head::filed::FiledReader;
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
        write_into(fs, folder, head, range, &ulid)
    })
}

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
    head: &Head,
    (min_time, max_time): (i64, i64),
    ulid: &str,
) -> Result<Option<BlockMeta>, BlockError> {
    let selected = head.select(&[], TimeRange::new(min_time, max_time - 1));
    if selected.rows.is_empty() {
        return Ok(None);
    }
    let chunks_dir = dir.join("chunks");
    fs.create_dir_all(&chunks_dir)
        .map_err(BlockError::io(&chunks_dir))?;
    let catalog = selected
        .catalog
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let ranking = catalog.rank(&selected.rows);
    let mut rows = selected.rows.clone();
    catalog.sort_by_labels(&mut rows, &ranking);
    let files = BlockFiles {
        fs,
        index: dir.join("index"),
        chunks: chunks_dir,
    };
    let written = files.write(head, &catalog, &ranking, &rows, (min_time, max_time))?;
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
        head: &Head,
        catalog: &Catalog,
        ranking: &Ranking,
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
        let mut reader = FiledReader::default();
        let range = TimeRange::new(min_time, max_time - 1);
        for &row in rows {
            metas.clear();
            head.chunks(row, range, &mut reader, |chunk| {
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
