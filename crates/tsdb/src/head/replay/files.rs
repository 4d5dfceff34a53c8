//! Chunks that were in files before the start go back to their rows, most of them without being
//! brought into memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::TimeRange;

use crate::chunk::encode::NewChunk;
use crate::head::Head;
use crate::head::catalog::SLAB_ROWS;
use crate::head::chunk_files::{ChunkFile, FoundChunk, FoundChunks};
use crate::head::filed::{FiledChunk, FiledChunks, FiledReader, HeadReadError};
use crate::head::series::range_end;

/// The chunks of files that have no place yet.
pub(in crate::head) struct FiledAgain<'a> {
    head: &'a Head,
    found: FoundChunks,
    /// Those that have a row and wait to be known to its slab: by slab, file after file.
    waiting: BTreeMap<u32, Vec<InFile>>,
    reader: FiledReader,
    /// Chunks that could not be read.
    failures: usize,
}

/// Chunks of one slab in one file.
type InFile = (Arc<ChunkFile>, Vec<FiledChunk>);

impl<'a> FiledAgain<'a> {
    pub(in crate::head) fn new(head: &'a Head, found: FoundChunks) -> Self {
        Self {
            head,
            found,
            waiting: BTreeMap::new(),
            reader: FiledReader::default(),
            failures: 0,
        }
    }

    /// True if there are chunks of the series with this reference.
    pub(super) fn has(&self, reference: u64) -> bool {
        self.found.has(reference)
    }

    /// Gives a row that is empty its chunks. Samples of the log that are in them are refused later.
    pub(in crate::head) fn begin(&mut self, reference: u64, row: u32) {
        let mut chunks = self.found.take(reference).into_iter().peekable();
        let mut last: Option<i64> = None;
        let mut range: Option<TimeRange> = None;
        // What crosses a border of blocks must be cut in two, in memory, and so what follows it.
        let span = self.head.chunk_range();
        let fits =
            |chunk: &FoundChunk| range_end(chunk.range.min_time, span) > chunk.range.max_time;
        while let Some(chunk) = chunks.next_if(fits) {
            if last.is_some_and(|last| chunk.range.min_time <= last) {
                continue;
            }
            last = Some(chunk.range.max_time);
            let min_time = range.map_or(chunk.range.min_time, |range| range.min_time);
            range = Some(TimeRange::new(min_time, chunk.range.max_time));
            self.wait(row, &chunk);
        }
        if let Some(range) = range {
            self.head.note_times(range);
            if let Some(slab) = self.head.slab(row)
                && let Some(found) = slab.write().get_mut(row)
            {
                found.resume_after(range.max_time);
            }
        }
        let rest: Vec<_> = chunks.collect();
        if !rest.is_empty() {
            self.attach();
            self.adopt(row, &rest);
        }
    }

    /// Gives a row that has samples already the chunks of another reference.
    pub(super) fn follow(&mut self, reference: u64, row: u32) {
        let chunks = self.found.take(reference);
        self.adopt(row, &chunks);
    }

    fn wait(&mut self, row: u32, chunk: &FoundChunk) {
        let passes = self.waiting.entry(row / SLAB_ROWS).or_default();
        let filed = FiledChunk::new(row, chunk.range, chunk.encoding, &chunk.place);
        let same = |(file, _): &&mut InFile| Arc::ptr_eq(file, &chunk.file);
        match passes.iter_mut().find(same) {
            Some((_, chunks)) => chunks.push(filed),
            None => passes.push((Arc::clone(&chunk.file), vec![filed])),
        }
    }

    /// Tells the slabs about chunks that wait.
    pub(in crate::head) fn attach(&mut self) {
        for (number, mut passes) in std::mem::take(&mut self.waiting) {
            let Some(slab) = self.head.slab(number * SLAB_ROWS) else {
                continue;
            };
            passes.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
            let mut rows = slab.write();
            for (file, chunks) in passes {
                self.head.metrics.chunks_created.add(chunks.len() as u64);
                self.head.metrics.chunks.add(chunks.len() as f64);
                rows.filed_mut().add(FiledChunks::new(file, chunks));
            }
        }
    }

    /// Brings chunks into the memory of a row, as far as they begin behind what it has.
    fn adopt(&mut self, row: u32, chunks: &[FoundChunk]) {
        let head = self.head;
        let Some(slab) = head.slab(row) else { return };
        let mut read = Vec::new();
        for chunk in chunks {
            match self.read(row, chunk) {
                Ok(chunk) => read.push(chunk),
                Err(error) => return self.failed(&error),
            }
        }
        let mut rows = slab.write();
        let unfiled = rows.unfile(row);
        let Some(found) = rows.get_mut(row) else {
            return;
        };
        let (count, outcome) = found.adopt(read, head.chunk_range());
        drop(rows);
        head.metrics.chunks_created.add(count as u64);
        head.metrics.chunks.add(count as f64);
        match unfiled.and(outcome.map_err(HeadReadError::from)) {
            Ok(Some(range)) => head.note_times(range),
            Ok(None) => {}
            Err(error) => self.failed(&error),
        }
    }

    fn read(&mut self, row: u32, chunk: &FoundChunk) -> Result<NewChunk, HeadReadError> {
        let place = FiledChunk::new(row, chunk.range, chunk.encoding, &chunk.place);
        let data = self.reader.read(&chunk.file, &place, false)?;
        Ok(NewChunk {
            encoding: chunk.encoding,
            range: chunk.range,
            bytes: data.into(),
        })
    }

    fn failed(&mut self, error: &HeadReadError) {
        self.failures += 1;
        tracing::warn!(error = %error, "a chunk of the head cannot be read");
    }

    /// Everything has its place, and the log is read. A row that has nothing but chunks in files
    /// gets its last one back into memory, to know its last sample. Returns how many chunks could
    /// not be read.
    pub(super) fn finish(mut self) -> usize {
        self.attach();
        let rows = self.head.with_catalog(|catalog| catalog.rows().to_vec());
        for run in rows.chunk_by(|a, b| a / SLAB_ROWS == b / SLAB_ROWS) {
            let Some(slab) = run.first().and_then(|&row| self.head.slab(row)) else {
                continue;
            };
            if slab.read().filed().is_empty() {
                continue;
            }
            let mut rows = slab.write();
            for &row in run {
                let is_empty = rows.get(row).is_some_and(|found| found.is_empty());
                if !is_empty || !rows.filed().overlaps(row, TimeRange::ALL) {
                    continue;
                }
                let outcome = rows.unfile(row).and_then(|()| {
                    let reopened = rows
                        .get_mut(row)
                        .map_or(Ok(()), |found| found.ensure_open());
                    Ok(reopened?)
                });
                if let Err(error) = outcome {
                    self.failed(&error);
                }
            }
        }
        self.failures
    }
}
