//! Putting finished chunks into files, so that the head's memory does not grow with time.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use host::fs::Fs;

use super::Head;
use super::catalog::SLAB_ROWS;
use super::chunk_files::ChunkFiles;
use super::chunk_files::layout::put_chunk;
use super::filed::{FiledChunk, FiledChunks};
use super::slab::Slab;

/// Memory of a pass.
#[derive(Default)]
struct Pass {
    bytes: Vec<u8>,
    chunks: Vec<FiledChunk>,
    /// Rows with the number of chunks that are taken from each.
    taken: Vec<(u32, usize)>,
}

impl Head {
    /// Files the finished chunks of every slab that has enough of them, or old ones. Nothing but
    /// appends and reads may go on meanwhile.
    pub(crate) fn file_chunks(&self, fs: &dyn Fs) -> io::Result<()> {
        let old = self.max_time.load(Ordering::Relaxed);
        let old = old.saturating_sub(self.chunk_range() / 2);
        self.file_slabs(fs, |slab| slab.read().is_worth_filing(old))
    }

    /// Files all finished chunks that may be.
    pub(super) fn file_all_chunks(&self, fs: &dyn Fs) -> io::Result<()> {
        self.file_slabs(fs, |slab| slab.read().has_finished_chunks())
    }

    /// True if finished chunks are in memory.
    pub(super) fn has_finished_chunks(&self) -> bool {
        let mut slabs = self.slabs_in_order().into_iter();
        slabs.any(|(_, slab)| slab.read().has_finished_chunks())
    }

    fn file_slabs(&self, fs: &dyn Fs, is_due: impl Fn(&Slab) -> bool) -> io::Result<()> {
        let mut files = self.chunk_files();
        let mut pass = Pass::default();
        for (number, slab) in self.slabs_in_order() {
            if is_due(&slab) {
                self.file_slab(fs, (number, &slab), &mut files, &mut pass)?;
            }
        }
        Ok(())
    }

    /// Deletes files of which nothing is needed any more: everything before `time` is in blocks.
    pub(crate) fn remove_chunk_files(&self, fs: &dyn Fs, time: i64) -> io::Result<()> {
        self.chunk_files().remove_before(fs, time)
    }

    fn file_slab(
        &self,
        fs: &dyn Fs,
        (number, slab): (u32, &Slab),
        files: &mut ChunkFiles,
        pass: &mut Pass,
    ) -> io::Result<()> {
        let Pass {
            bytes,
            chunks,
            taken,
        } = pass;
        bytes.clear();
        taken.clear();
        let mut max_time = i64::MIN;
        for (slot, row) in slab.read().rows_to_file() {
            let number = number * SLAB_ROWS + slot;
            let reference = self.reference(number).get();
            let mut count = 0;
            for chunk in row.finished_chunks() {
                let start = bytes.len();
                let encoding = chunk.encoding;
                put_chunk(
                    bytes,
                    reference,
                    chunk.range,
                    encoding.number(),
                    chunk.bytes,
                );
                let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(bytes.len()))
                else {
                    bytes.truncate(start);
                    break;
                };
                let place = start..end;
                chunks.push(FiledChunk::new(number, chunk.range, encoding, &place));
                max_time = max_time.max(chunk.range.max_time);
                count += 1;
            }
            if count > 0 {
                taken.push((number, count));
            }
        }
        if taken.is_empty() {
            return Ok(());
        }
        let appended = files.append(fs, bytes, max_time);
        let chunks = std::mem::take(chunks);
        let (file, start) = appended?;
        self.metrics.upkeep.chunks_filed.add(chunks.len() as u64);
        let placed = chunks.into_iter().map(|chunk| chunk.moved_by(start));
        let filed = FiledChunks::new(file, placed.collect());
        let mut rows = slab.write();
        for &(row, count) in taken.iter() {
            if let Some(row) = rows.get_mut(row) {
                row.forget_finished(count);
            }
        }
        rows.filed_mut().add(filed);
        Ok(())
    }

    pub(super) fn slabs_in_order(&self) -> Vec<(u32, Arc<Slab>)> {
        let slabs = self.slabs.read().unwrap_or_else(PoisonError::into_inner);
        let mut slabs: Vec<_> = slabs
            .iter()
            .map(|(&number, slab)| (number, Arc::clone(slab)))
            .collect();
        slabs.sort_unstable_by_key(|&(number, _)| number);
        slabs
    }
}
