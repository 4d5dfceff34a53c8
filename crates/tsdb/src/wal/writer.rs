//! Writes records: fragments into pages, pages into segments, one write for all records of a
//! commit that go into one segment.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::fs::{File, Fs};

use super::compression::Compressor;
use super::page::{FragmentKind, HEADER_BYTES, PAGE_BYTES};
use super::segment::{list_checkpoints, list_segments, segment_path, sync_last};
use super::{WalError, WalOptions};

/// The end of a log.
#[derive(Debug)]
pub(crate) struct Writer {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    options: WalOptions,
    next_segment: u32,
    segment: Option<Segment>,
    /// Bytes that belong behind the segment's good end, not written yet.
    buffer: Vec<u8>,
    compressor: Compressor,
    compressed: Vec<u8>,
    /// Batches that were written so far.
    logged: u64,
    /// A segment was ended and could not be made durable.
    lost: Option<WalError>,
}

/// The segment that is written to.
#[derive(Debug)]
struct Segment {
    number: u32,
    path: PathBuf,
    file: Box<dyn File>,
    /// A second handle, so that a sync does not hold up commits.
    sync_handle: Arc<dyn File>,
    /// Bytes written, whole records only.
    len: u64,
    unsynced: bool,
    /// A failed write may have left part of a record behind `len`.
    torn: bool,
}

impl Writer {
    /// Prepares a new segment behind all that `dir` has. The file appears with the first record.
    pub(crate) fn open(fs: Arc<dyn Fs>, dir: &Path, options: WalOptions) -> Result<Self, WalError> {
        fs.create_dir_durably(dir).map_err(WalError::at(dir))?;
        let segments = list_segments(&*fs, dir)?;
        let checkpoints = list_checkpoints(&*fs, dir)?;
        let last = segments.last().max(checkpoints.last()).copied();
        sync_last(&*fs, dir, &segments)?;
        let mut writer = Self {
            fs,
            dir: dir.to_owned(),
            options,
            next_segment: last.map_or(0, |last| last + 1),
            segment: None,
            buffer: Vec::new(),
            compressor: Compressor::new(options.compression),
            compressed: Vec::new(),
            logged: 0,
            lost: None,
        };
        writer.begin_segment()?;
        Ok(writer)
    }

    /// Number of the segment that the next record goes to, or a later one.
    pub(crate) fn segment_number(&self) -> u32 {
        self.segment
            .as_ref()
            .map_or(self.next_segment, |segment| segment.number)
    }

    /// Writes records. On an error none of those in the last segment touched is kept, and a later
    /// call tries again from a clean end.
    pub(crate) fn log(&mut self, records: &[&[u8]]) -> Result<(), WalError> {
        self.prepare()?;
        self.buffer.clear();
        for record in records.iter().filter(|record| !record.is_empty()) {
            self.log_one(record)?;
        }
        self.flush()?;
        self.logged += 1;
        Ok(())
    }

    /// Batches that were written so far: the place of the last one.
    pub(crate) fn logged(&self) -> u64 {
        self.logged
    }

    fn log_one(&mut self, record: &[u8]) -> Result<(), WalError> {
        let mut compressed = std::mem::take(&mut self.compressed);
        let mut flags = 0;
        let mut bytes = record;
        if let Some(bits) = self.compressor.compress(record, &mut compressed) {
            flags = bits;
            bytes = &compressed;
        }
        let outcome = match self.fits(bytes.len()) {
            true => Ok(()),
            false => self.end_segment().and_then(|()| self.begin_segment()),
        };
        if outcome.is_ok() {
            self.put_fragments(bytes, flags);
        }
        self.compressed = compressed;
        outcome
    }

    /// Position in the page where the next fragment begins.
    fn page_offset(&self) -> usize {
        let written = self.segment.as_ref().map_or(0, |segment| segment.len);
        let position = written + self.buffer.len() as u64;
        (position % PAGE_BYTES as u64) as usize
    }

    fn fits(&self, record_bytes: usize) -> bool {
        let written = self.segment.as_ref().map_or(0, |segment| segment.len);
        let position = written + self.buffer.len() as u64;
        let page_left = PAGE_BYTES - self.page_offset();
        let pages = (self.options.segment_bytes / PAGE_BYTES as u64).max(1);
        let pages_after = pages.saturating_sub(position / PAGE_BYTES as u64 + 1);
        let room = page_left.saturating_sub(HEADER_BYTES) as u64
            + pages_after * (PAGE_BYTES - HEADER_BYTES) as u64;
        position == 0 || record_bytes as u64 <= room
    }

    fn put_fragments(&mut self, bytes: &[u8], flags: u8) {
        let mut rest = bytes;
        let mut first = true;
        loop {
            let mut left = PAGE_BYTES - self.page_offset();
            if left < HEADER_BYTES {
                self.buffer.resize(self.buffer.len() + left, 0);
                left = PAGE_BYTES;
            }
            let (part, after) = rest.split_at(rest.len().min(left - HEADER_BYTES));
            let kind = match (first, after.is_empty()) {
                (true, true) => FragmentKind::Full,
                (true, false) => FragmentKind::First,
                (false, false) => FragmentKind::Middle,
                (false, true) => FragmentKind::Last,
            };
            let len = u16::try_from(part.len()).expect("a fragment is shorter than a page");
            self.buffer.push(kind.number() | flags);
            self.buffer.extend_from_slice(&len.to_be_bytes());
            self.buffer
                .extend_from_slice(&crc32c::crc32c(part).to_be_bytes());
            self.buffer.extend_from_slice(part);
            rest = after;
            first = false;
            if rest.is_empty() {
                return;
            }
        }
    }

    /// Hands the buffer to the file.
    fn flush(&mut self) -> Result<(), WalError> {
        let Some(segment) = &mut self.segment else {
            return Ok(());
        };
        if self.buffer.is_empty() {
            return Ok(());
        }
        let outcome = segment.file.write_all(&self.buffer);
        if let Err(source) = outcome {
            segment.torn = true;
            self.buffer.clear();
            return Err(WalError {
                path: segment.path.clone(),
                source,
            });
        }
        segment.len += self.buffer.len() as u64;
        segment.unsynced = true;
        self.buffer.clear();
        Ok(())
    }

    /// Brings the segment to a state in which a record may follow.
    fn prepare(&mut self) -> Result<(), WalError> {
        let Some(segment) = &mut self.segment else {
            return self.begin_segment();
        };
        if segment.torn {
            segment
                .file
                .set_len(segment.len)
                .map_err(WalError::at(&segment.path))?;
            segment.torn = false;
        }
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), WalError> {
        let number = self.next_segment;
        let path = segment_path(&self.dir, number);
        let file = self.fs.create(&path).map_err(WalError::at(&path))?;
        let sync_handle: Arc<dyn File> =
            Arc::from(self.fs.open(&path).map_err(WalError::at(&path))?);
        self.fs
            .sync_dir(&self.dir)
            .map_err(WalError::at(&self.dir))?;
        self.next_segment += 1;
        let segment = Segment {
            number,
            path,
            file,
            sync_handle,
            len: 0,
            unsynced: false,
            torn: false,
        };
        self.segment = Some(segment);
        Ok(())
    }

    /// Fills the last page, makes the segment durable and lets go of it.
    fn end_segment(&mut self) -> Result<(), WalError> {
        let offset = self.page_offset();
        if offset > 0 {
            self.buffer
                .resize(self.buffer.len() + PAGE_BYTES - offset, 0);
        }
        self.flush()?;
        if let Some(segment) = self.segment.take()
            && let Err(source) = segment.file.sync()
        {
            let copy = io::Error::new(source.kind(), source.to_string());
            self.lost = Some(WalError {
                path: segment.path.clone(),
                source: copy,
            });
            return Err(WalError {
                path: segment.path,
                source,
            });
        }
        Ok(())
    }

    /// True if everything that was written and not synced must be taken as lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// Why, once.
    pub(crate) fn take_lost(&mut self) -> Option<WalError> {
        self.lost.take()
    }

    /// Ends the segment, so that everything until now lies before the next one; returns the next
    /// one's number.
    pub(crate) fn cut(&mut self) -> Result<u32, WalError> {
        self.prepare()?;
        self.end_segment()?;
        self.begin_segment()?;
        Ok(self.segment_number())
    }

    /// Ends the log for good.
    pub(crate) fn close(&mut self) -> Result<(), WalError> {
        self.prepare()?;
        self.end_segment()
    }

    /// What a sync has to cover, if anything was written since the last one.
    pub(crate) fn take_unsynced(&mut self) -> Option<(PathBuf, Arc<dyn File>)> {
        let segment = self.segment.as_mut().filter(|segment| segment.unsynced)?;
        segment.unsynced = false;
        Some((segment.path.clone(), Arc::clone(&segment.sync_handle)))
    }

    /// Leaves a segment that could not be made durable; the next record begins another.
    pub(crate) fn abandon_segment(&mut self, path: &Path) {
        self.segment.take_if(|segment| segment.path == path);
    }
}
