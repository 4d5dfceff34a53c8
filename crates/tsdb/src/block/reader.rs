//! An open block.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use host::fs::Fs;
use model::{Labels, Matcher, TimeRange};
use storage::SampleBuffer;

use super::BlockError;
use super::chunks::ChunkReader;
use super::meta::BlockMeta;
use super::tombstones::{self, Tombstones};
use crate::index::matchers::{PostingsSource as _, resolve};
use crate::index::{ChunkMeta, IndexReader, SeriesEntry};

/// A block whose files are open.
#[derive(Debug)]
pub(crate) struct Block {
    dir: PathBuf,
    meta: BlockMeta,
    index: IndexReader,
    chunks: ChunkReader,
    tombstones: Tombstones,
    bytes: u64,
    has_changed: AtomicBool,
}

/// A series that was found in a block.
#[derive(Clone, Debug)]
pub(crate) struct BlockSeries {
    pub(crate) labels: Labels,
    pub(crate) id: u32,
    pub(crate) chunks: Box<[ChunkMeta]>,
}

impl Block {
    /// Opens the block in `dir`.
    pub(crate) fn open(fs: &dyn Fs, dir: &Path) -> Result<Self, BlockError> {
        let meta = BlockMeta::read(fs, dir)?;
        let path = dir.join("index");
        let file = fs.open(&path).map_err(BlockError::io(&path))?;
        let index = IndexReader::open(file, path)?;
        let chunks = ChunkReader::open(fs, &dir.join("chunks"))?;
        if meta.stats.num_chunks > 0 && chunks.len() == 0 {
            let reason = "there is no chunk file".to_owned();
            return Err(BlockError::Damaged {
                path: dir.join("chunks"),
                reason,
            });
        }
        let (tombstones, tombstone_bytes) = tombstones::read(fs, dir)?;
        let path = dir.join("meta.json");
        let meta_bytes = fs.metadata(&path).map_err(BlockError::io(&path))?.len;
        let bytes = meta_bytes + index.len() + chunks.len() + tombstone_bytes;
        Ok(Self {
            dir: dir.to_owned(),
            meta,
            index,
            chunks,
            tombstones,
            bytes,
            has_changed: AtomicBool::new(false),
        })
    }

    /// Times inside a block that cannot be opened: from its description, or, if that is lost, from
    /// its index.
    pub(crate) fn range_of_damaged(fs: &dyn Fs, dir: &Path) -> Option<TimeRange> {
        if let Ok(meta) = BlockMeta::read(fs, dir) {
            return Some(TimeRange::new(meta.min_time, meta.max_time - 1));
        }
        let path = dir.join("index");
        let index = IndexReader::open(fs.open(&path).ok()?, path).ok()?;
        let mut reader = index.series_reader();
        let mut entry = SeriesEntry::default();
        let mut whole: Option<TimeRange> = None;
        for id in index.all().ok()? {
            if reader.read(id, &mut entry).is_err() {
                continue;
            }
            if let (Some(first), Some(last)) = (entry.chunks.first(), entry.chunks.last()) {
                let known = whole.unwrap_or(TimeRange::new(first.min_time, last.max_time));
                whole = Some(TimeRange::new(
                    known.min_time.min(first.min_time),
                    known.max_time.max(last.max_time),
                ));
            }
        }
        whole
    }

    /// Notes that files of the block were replaced: the next look at the folder opens it anew.
    pub(crate) fn note_change(&self) {
        self.has_changed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.has_changed.load(Ordering::Relaxed)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Times inside, both ends inclusive.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange::new(self.meta.min_time, self.meta.max_time - 1)
    }

    /// Length of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn index(&self) -> &IndexReader {
        &self.index
    }

    pub(crate) fn chunks(&self) -> &ChunkReader {
        &self.chunks
    }

    pub(crate) fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    /// Lets go of what was loaded and not used since the last call.
    pub(crate) fn release_idle(&self) {
        self.index.release_idle();
    }

    /// Series on which all matchers hold and that have chunks in `range`, sorted by labels.
    pub(crate) fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<BlockSeries>, BlockError> {
        let ids = resolve(&self.index, matchers)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let symbols = self.index.symbols()?;
        let mut reader = self.index.series_reader();
        let mut entry = SeriesEntry::default();
        let mut found = Vec::with_capacity(ids.len());
        let mut pairs = Vec::new();
        for id in ids {
            reader.read(id, &mut entry)?;
            entry
                .chunks
                .retain(|c| TimeRange::new(c.min_time, c.max_time).overlaps(&range));
            if entry.chunks.is_empty() {
                continue;
            }
            pairs.clear();
            for &(name, value) in &entry.labels {
                match (symbols.text(name), symbols.text(value)) {
                    (Some(name), Some(value)) => pairs.push((name, value)),
                    _ => return Err(self.index.damaged("a series names an unknown symbol")),
                }
            }
            let labels = Labels::from_sorted(pairs.iter().copied());
            found.push(BlockSeries {
                labels,
                id,
                chunks: entry.chunks.as_slice().into(),
            });
        }
        Ok(found)
    }

    /// Adds the samples of these chunks of a series, deleted ones left out.
    pub(crate) fn read(
        &self,
        series: u32,
        chunks: &[ChunkMeta],
        scratch: &mut Vec<u8>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), BlockError> {
        let before = buffer.len();
        let histograms_before = buffer.histograms().len();
        self.chunks.decode(chunks, scratch, buffer)?;
        if let Some(deleted) = self.tombstones.get(&u64::from(series)) {
            remove_deleted(deleted, before, buffer);
            let is_kept = |time| !deleted.iter().any(|range| range.contains(time));
            let histograms = buffer.histograms_mut();
            histograms.retain_from(histograms_before, is_kept);
        }
        Ok(())
    }

    /// All label names, sorted.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.index.label_names()
    }

    /// All values of a label, sorted.
    pub(crate) fn label_values(&self, name: &str) -> Result<Vec<String>, BlockError> {
        self.index.label_values(name)
    }
}

fn remove_deleted(deleted: &[TimeRange], from: usize, buffer: &mut SampleBuffer) {
    let (times, values) = buffer.columns_mut();
    let mut kept = from;
    for index in from..times.len() {
        let (Some(&time), Some(&value)) = (times.get(index), values.get(index)) else {
            break;
        };
        if deleted.iter().any(|range| range.contains(time)) {
            continue;
        }
        if let (Some(t), Some(v)) = (times.get_mut(kept), values.get_mut(kept)) {
            (*t, *v) = (time, value);
        }
        kept += 1;
    }
    times.truncate(kept);
    values.truncate(kept);
}
