//! Finished chunks of a slab that are in a file: where they are, and reading them.
//!
//! One pass of filing puts the chunks of a slab into its file one behind the other, so that whoever
//! reads neighbours gets them with few calls.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use model::TimeRange;
use storage::{SampleBuffer, SelectError};

use super::catalog::SLAB_ROWS;
use super::chunk_files::ChunkFile;
use super::chunk_files::layout::StoredChunk;
use super::series::{ChunkView, Row};
use crate::block::BlockError;
use crate::chunk::{ChunkEncoding, ChunkError, xor};

/// Chunks of one slab in one file.
#[derive(Debug)]
pub(crate) struct FiledChunks {
    file: Arc<ChunkFile>,
    range: TimeRange,
    /// By slot, those of one slot by time.
    chunks: Vec<FiledChunk>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FiledChunk {
    min_time: i64,
    /// Milliseconds to the last sample.
    span: u32,
    /// Where it begins in the file, and how many bytes it takes there.
    offset: u32,
    len: u32,
    /// Place in the slab.
    slot: u16,
    encoding: ChunkEncoding,
}

impl FiledChunk {
    pub(crate) fn new(
        row: u32,
        range: TimeRange,
        encoding: ChunkEncoding,
        place: &Range<u32>,
    ) -> Self {
        Self {
            min_time: range.min_time,
            span: u32::try_from(range.max_time.saturating_sub(range.min_time)).unwrap_or(u32::MAX),
            offset: place.start,
            len: place.end - place.start,
            slot: slot(row),
            encoding,
        }
    }

    /// The same chunk so many bytes further on.
    pub(crate) const fn moved_by(self, bytes: u32) -> Self {
        Self {
            offset: self.offset + bytes,
            ..self
        }
    }

    pub(crate) const fn range(&self) -> TimeRange {
        TimeRange::new(
            self.min_time,
            self.min_time.saturating_add(self.span as i64),
        )
    }
}

impl FiledChunks {
    /// `chunks` must not be empty.
    pub(crate) fn new(file: Arc<ChunkFile>, mut chunks: Vec<FiledChunk>) -> Self {
        chunks.sort_by_key(|chunk| (chunk.slot, chunk.min_time));
        chunks.shrink_to_fit();
        let ranges = chunks.iter().map(FiledChunk::range);
        let range = ranges
            .reduce(|a, b| TimeRange::new(a.min_time.min(b.min_time), a.max_time.max(b.max_time)));
        Self {
            file,
            range: range.unwrap_or(TimeRange::new(i64::MAX, i64::MIN)),
            chunks,
        }
    }

    fn of_row(&self, row: u32) -> &[FiledChunk] {
        let slot = slot(row);
        let start = self.chunks.partition_point(|chunk| chunk.slot < slot);
        let rest = self.chunks.get(start..).unwrap_or_default();
        let len = rest.iter().take_while(|chunk| chunk.slot == slot).count();
        rest.get(..len).unwrap_or_default()
    }
}

/// What a slab has in files, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filed {
    passes: Arc<Vec<Arc<FiledChunks>>>,
}

impl Filed {
    pub(crate) fn add(&mut self, chunks: FiledChunks) {
        if !chunks.chunks.is_empty() {
            Arc::make_mut(&mut self.passes).push(Arc::new(chunks));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.passes.is_empty()
    }

    /// Time of the oldest sample.
    pub(crate) fn min_time(&self) -> Option<i64> {
        self.passes.iter().map(|pass| pass.range.min_time).min()
    }

    /// Chunks of a row that touch `range`, oldest first.
    fn of_row(
        &self,
        row: u32,
        range: TimeRange,
    ) -> impl Iterator<Item = (&Arc<ChunkFile>, &FiledChunk)> {
        let passes = self.passes.iter();
        let touching = passes.filter(move |pass| pass.range.overlaps(&range));
        touching.flat_map(move |pass| {
            let chunks = pass.of_row(row).iter();
            let touching = chunks.filter(move |chunk| chunk.range().overlaps(&range));
            touching.map(|chunk| (&pass.file, chunk))
        })
    }

    /// True if a chunk of the row touches `range`.
    #[inline]
    pub(crate) fn overlaps(&self, row: u32, range: TimeRange) -> bool {
        !self.is_empty() && self.of_row(row, range).next().is_some()
    }

    /// Time of the row's first sample in files.
    pub(crate) fn min_time_of(&self, row: u32) -> Option<i64> {
        let mut chunks = self.of_row(row, TimeRange::ALL);
        chunks.next().map(|(_, chunk)| chunk.min_time)
    }

    /// Drops the chunks that `keep` refuses, called with their row's slot; returns how many.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32, &FiledChunk) -> bool) -> usize {
        let keeps = |chunk: &FiledChunk| keep(u32::from(chunk.slot), chunk);
        let mut dropped = 0;
        let kept = self.passes.iter().filter_map(|pass| {
            let lost = pass.chunks.iter().filter(|chunk| !keeps(chunk)).count();
            dropped += lost;
            match lost {
                0 => Some(Arc::clone(pass)),
                _ => {
                    let kept: Vec<_> = pass.chunks.iter().filter(|c| keeps(c)).copied().collect();
                    let file = Arc::clone(&pass.file);
                    (!kept.is_empty()).then(|| Arc::new(FiledChunks::new(file, kept)))
                }
            }
        });
        let kept: Vec<_> = kept.collect();
        if dropped > 0 {
            self.passes = Arc::new(kept);
        }
        dropped
    }

    /// Drops what ends before `time`; returns how many chunks.
    pub(crate) fn truncate(&mut self, time: i64) -> usize {
        match self.min_time().is_some_and(|min| min < time) {
            true => self.retain(|_, chunk| chunk.range().max_time >= time),
            false => 0,
        }
    }

    /// Drops the chunks of a row.
    pub(crate) fn remove(&mut self, row: u32) {
        self.retain(|slot, _| slot != row % SLAB_ROWS);
    }
}

/// Reads chunks from files, and what a row has beside them. Keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct FiledReader {
    windows: Vec<Window>,
    /// The window that is given up next.
    oldest: usize,
    copied: Vec<CopiedChunk>,
    copied_bytes: Vec<u8>,
}

/// A part of a file in memory.
#[derive(Debug)]
struct Window {
    file: Arc<ChunkFile>,
    start: u64,
    bytes: Vec<u8>,
}

/// A chunk out of memory, whose bytes follow those of the one before.
#[derive(Debug)]
struct CopiedChunk {
    range: TimeRange,
    encoding: ChunkEncoding,
    end: usize,
}

impl FiledReader {
    /// Takes over chunks of a row that are in memory, so that nobody waits for files with the slab
    /// locked.
    pub(crate) fn copy(&mut self, row: &Row, range: TimeRange) {
        self.copied.clear();
        self.copied_bytes.clear();
        for chunk in row.chunks().filter(|chunk| chunk.range.overlaps(&range)) {
            let start = self.copied_bytes.len();
            self.copied_bytes.extend_from_slice(chunk.bytes);
            if chunk.encoding == ChunkEncoding::Xor {
                let bytes = self.copied_bytes.get_mut(start..).unwrap_or_default();
                xor::set_count(bytes, chunk.count);
            }
            self.copied.push(CopiedChunk {
                range: chunk.range,
                encoding: chunk.encoding,
                end: self.copied_bytes.len(),
            });
        }
    }

    /// Hands over a row's chunks in files that touch `range`, then those that were copied.
    /// With `ahead`, more is read than that: the rows behind are wanted next.
    pub(crate) fn each<E: From<HeadReadError>>(
        &mut self,
        filed: &Filed,
        row: u32,
        range: TimeRange,
        ahead: bool,
        mut each: impl FnMut(ChunkView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (file, chunk) in filed.of_row(row, range) {
            let data = self.read(file, chunk, ahead)?;
            each(ChunkView {
                range: chunk.range(),
                encoding: chunk.encoding,
                count: chunk.encoding.count(data),
                bytes: data,
            })?;
        }
        let mut start = 0;
        for chunk in &self.copied {
            let bytes = self.copied_bytes.get(start..chunk.end).unwrap_or_default();
            start = chunk.end;
            each(ChunkView {
                range: chunk.range,
                encoding: chunk.encoding,
                count: chunk.encoding.count(bytes),
                bytes,
            })?;
        }
        Ok(())
    }

    /// Decodes what [`each`](Self::each) hands over.
    pub(crate) fn decode(
        &mut self,
        filed: &Filed,
        row: u32,
        range: TimeRange,
        ahead: bool,
        buffer: &mut SampleBuffer,
    ) -> Result<(), HeadReadError> {
        self.each(filed, row, range, ahead, |chunk| {
            Ok(chunk.encoding.decode(chunk.bytes, buffer)?)
        })
    }

    /// The bytes of a chunk in a file.
    pub(crate) fn read(
        &mut self,
        file: &Arc<ChunkFile>,
        chunk: &FiledChunk,
        ahead: bool,
    ) -> Result<&[u8], HeadReadError> {
        let start = u64::from(chunk.offset);
        let needed = u64::from(chunk.len);
        let covers = |window: &Window| {
            Arc::ptr_eq(&window.file, file)
                && window.start <= start
                && start + needed <= window.start + window.bytes.len() as u64
        };
        let place = match self.windows.iter().position(covers) {
            Some(place) => place,
            None => {
                let len = if ahead {
                    needed.max(AHEAD_BYTES)
                } else {
                    needed
                };
                self.fill(file, start, len)?
            }
        };
        let damaged = |reason: &str| HeadReadError::Damaged {
            path: file.path.clone(),
            offset: start,
            reason: reason.to_owned(),
        };
        let window = self.windows.get(place);
        let from = window.map_or(0, |window| (start - window.start) as usize);
        let bytes = window.and_then(|window| window.bytes.get(from..));
        let (stored, _) = StoredChunk::read(bytes.unwrap_or_default())
            .map_err(|damage| damaged(damage.reason()))?;
        let is_it = stored.encoding == chunk.encoding.number() && stored.range == chunk.range();
        match is_it {
            true => Ok(stored.data),
            false => Err(damaged("another chunk is in the place of this one")),
        }
    }

    /// Reads a part of a file into a window; returns its place.
    fn fill(
        &mut self,
        file: &Arc<ChunkFile>,
        start: u64,
        len: u64,
    ) -> Result<usize, HeadReadError> {
        let place = match self.windows.len() < WINDOWS {
            true => {
                self.windows.push(Window {
                    file: Arc::clone(file),
                    start,
                    bytes: Vec::new(),
                });
                self.windows.len() - 1
            }
            false => {
                self.oldest = (self.oldest + 1) % WINDOWS;
                self.oldest
            }
        };
        if let Some(window) = self.windows.get_mut(place) {
            window.file = Arc::clone(file);
            window.start = start;
            window.bytes.resize(usize::try_from(len).unwrap_or(0), 0);
            let mut have = 0;
            while let Some(room) = window.bytes.get_mut(have..).filter(|room| !room.is_empty()) {
                let count =
                    file.read_at(room, start + have as u64)
                        .map_err(|source| HeadReadError::Io {
                            path: file.path.clone(),
                            source,
                        });
                match count {
                    Ok(0) => break,
                    Ok(count) => have += count,
                    Err(error) => {
                        window.bytes.clear();
                        return Err(error);
                    }
                }
            }
            window.bytes.truncate(have);
        }
        Ok(place)
    }
}

/// Why samples of the head cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadReadError {
    /// A chunk in memory, or one whose checksum is right, cannot be decoded.
    #[error("head: {0}")]
    Chunk(#[from] ChunkError),
    #[error("{path}: {source}", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A restart takes what is there from the log.
    #[error("{path} is damaged at offset {offset}: {reason}", path = path.display())]
    Damaged {
        path: PathBuf,
        offset: u64,
        reason: String,
    },
}

impl From<HeadReadError> for SelectError {
    fn from(error: HeadReadError) -> Self {
        match error {
            HeadReadError::Chunk(error) => Self::Damaged {
                path: "head".to_owned(),
                reason: error.to_string(),
            },
            HeadReadError::Io { path, source } => Self::Io {
                path: path.display().to_string(),
                source,
            },
            HeadReadError::Damaged {
                path,
                offset,
                reason,
            } => Self::Damaged {
                path: path.display().to_string(),
                reason: format!("{reason} at offset {offset}"),
            },
        }
    }
}

impl From<HeadReadError> for BlockError {
    fn from(error: HeadReadError) -> Self {
        match error {
            HeadReadError::Chunk(error) => Self::Damaged {
                path: PathBuf::from("head"),
                reason: error.to_string(),
            },
            HeadReadError::Io { path, source } => Self::Io { path, source },
            HeadReadError::Damaged {
                path,
                offset,
                reason,
            } => Self::Damaged {
                path,
                reason: format!("{reason} at offset {offset}"),
            },
        }
    }
}

const fn slot(row: u32) -> u16 {
    (row % SLAB_ROWS) as u16
}

/// Windows of one reader: a row of three hours rarely has chunks from more passes.
const WINDOWS: usize = 16;
/// Bytes that are read at once for neighbours: some hundred chunks.
const AHEAD_BYTES: u64 = 32 << 10;
