//! Chunk files of a block: a header, then chunks with length, encoding and checksum.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::{File, Fs};
use storage::SampleBuffer;

use super::BlockError;
use super::sink::Sink;
use crate::chunk::{ChunkEncoding, count_in};
use crate::index::ChunkMeta;
use crate::wire::{Cursor, MAX_VARINT_LEN, put_checksum, put_u32, put_uvarint};

/// Writes chunk files into a folder.
pub(crate) struct ChunkWriter<'a> {
    fs: &'a dyn Fs,
    dir: PathBuf,
    current: Option<Sink>,
    files: u32,
    bytes: Vec<u8>,
}

impl<'a> ChunkWriter<'a> {
    pub(crate) fn new(fs: &'a dyn Fs, dir: PathBuf) -> Self {
        Self {
            fs,
            dir,
            current: None,
            files: 0,
            bytes: Vec::new(),
        }
    }

    /// Writes a chunk; returns its reference.
    pub(crate) fn write(&mut self, encoding: ChunkEncoding, data: &[u8]) -> io::Result<u64> {
        self.write_encoded(encoding.number(), data)
    }

    /// Writes a chunk whose encoding need not be one that we know.
    pub(crate) fn write_encoded(&mut self, encoding: u8, data: &[u8]) -> io::Result<u64> {
        self.bytes.clear();
        put_uvarint(&mut self.bytes, data.len() as u64);
        let start = self.bytes.len();
        self.bytes.push(encoding);
        self.bytes.extend_from_slice(data);
        put_checksum(&mut self.bytes, start);
        let full = self
            .current
            .as_ref()
            .is_none_or(|sink| sink.position() + self.bytes.len() as u64 > FILE_BYTES);
        if full {
            self.next_file()?;
        }
        let sink = self.current.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let reference = u64::from(self.files - 1) << 32 | sink.position();
        sink.write(&self.bytes)?;
        Ok(reference)
    }

    fn next_file(&mut self) -> io::Result<()> {
        if let Some(sink) = self.current.take() {
            sink.finish()?;
        }
        self.files += 1;
        let mut sink = Sink::new(self.fs.create(&file_path(&self.dir, self.files))?);
        let mut header = Vec::new();
        put_u32(&mut header, MAGIC);
        header.extend_from_slice(&[VERSION, 0, 0, 0]);
        sink.write(&header)?;
        self.current = Some(sink);
        Ok(())
    }

    /// Makes everything durable.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if let Some(sink) = self.current.take() {
            sink.finish()?;
        }
        self.fs.sync_dir(&self.dir)
    }
}

/// The open chunk files of a block.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    files: Vec<ChunkFile>,
}

#[derive(Debug)]
struct ChunkFile {
    path: PathBuf,
    file: Box<dyn File>,
    len: u64,
}

impl ChunkReader {
    /// Opens the files `000001`, `000002`, … in `dir`.
    pub(crate) fn open(fs: &dyn Fs, dir: &Path) -> Result<Self, BlockError> {
        let entries = fs.read_dir(dir).map_err(BlockError::io(dir))?;
        let count = entries
            .iter()
            .filter(|e| e.name.parse::<u32>().is_ok())
            .count();
        let files = (1..=count).map(|number| {
            let path = file_path(dir, u32::try_from(number).unwrap_or(u32::MAX));
            let file = fs.open(&path).map_err(BlockError::io(&path))?;
            let len = file.len().map_err(BlockError::io(&path))?;
            let file = ChunkFile { path, file, len };
            file.check_header()?;
            Ok(file)
        });
        Ok(Self {
            files: files.collect::<Result<_, BlockError>>()?,
        })
    }

    /// Length of all files.
    pub(crate) fn len(&self) -> u64 {
        self.files.iter().map(|file| file.len).sum()
    }

    /// Decodes chunks of one series, which lie one after the other, with as few reads as can be.
    pub(crate) fn decode(
        &self,
        chunks: &[ChunkMeta],
        scratch: &mut Vec<u8>,
        buffer: &mut SampleBuffer,
    ) -> Result<(), BlockError> {
        for run in chunks.chunk_by(|a, b| {
            a.reference >> 32 == b.reference >> 32
                && b.reference.wrapping_sub(a.reference) < READ_AHEAD as u64
        }) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let number = (first.reference >> 32) as usize;
            let file = self.file(number)?;
            let start = first.reference & OFFSET_MASK;
            let span = last.reference - first.reference + READ_AHEAD as u64;
            file.fill(start, span, scratch)?;
            for chunk in run {
                let offset = (chunk.reference - first.reference) as usize;
                file.decode(start, offset, scratch, buffer)?;
            }
        }
        Ok(())
    }
}

/// Reads chunks as they are, mostly from front to back, through a window.
pub(crate) struct ChunkStream<'a> {
    reader: &'a ChunkReader,
    file: usize,
    start: u64,
    window: Vec<u8>,
}

/// A chunk as it lies in its file, its checksum looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawChunk<'a> {
    pub(crate) encoding: u8,
    pub(crate) data: &'a [u8],
}

impl RawChunk<'_> {
    /// Number of samples inside.
    pub(crate) fn samples(&self) -> u16 {
        count_in(self.encoding, self.data)
    }
}

impl<'a> ChunkStream<'a> {
    pub(crate) fn new(reader: &'a ChunkReader) -> Self {
        Self {
            reader,
            file: usize::MAX,
            start: 0,
            window: Vec::new(),
        }
    }

    /// The chunk with this reference.
    pub(crate) fn read(&mut self, reference: u64) -> Result<RawChunk<'_>, BlockError> {
        let number = (reference >> 32) as usize;
        let file = self.reader.file(number)?;
        let offset = reference & OFFSET_MASK;
        let window_end = self.start + self.window.len() as u64;
        if self.file != number || offset < self.start || offset >= window_end {
            self.fill(number, offset, STREAM_WINDOW)?;
        }
        let mut from = (offset - self.start) as usize;
        let header_ends =
            window_end.min(file.len) >= (offset + MAX_VARINT_LEN as u64).min(file.len);
        if !header_ends {
            self.fill(number, offset, STREAM_WINDOW)?;
            from = 0;
        }
        let needed = file.chunk_end(self.window.get(from..).unwrap_or_default())?;
        if from + needed > self.window.len() {
            self.fill(number, offset, STREAM_WINDOW.max(needed as u64))?;
            from = 0;
        }
        file.checked(self.window.get(from..).unwrap_or_default(), needed)
    }

    fn fill(&mut self, number: usize, offset: u64, len: u64) -> Result<(), BlockError> {
        self.reader
            .file(number)?
            .fill(offset, len, &mut self.window)?;
        (self.file, self.start) = (number, offset);
        Ok(())
    }
}

impl ChunkReader {
    fn file(&self, number: usize) -> Result<&ChunkFile, BlockError> {
        self.files.get(number).ok_or_else(|| BlockError::Damaged {
            path: PathBuf::from("chunks"),
            reason: format!("there is no chunk file {}", number + 1),
        })
    }
}

impl ChunkFile {
    fn damaged(&self, reason: impl Into<String>) -> BlockError {
        BlockError::Damaged {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    fn check_header(&self) -> Result<(), BlockError> {
        let mut header = Vec::new();
        self.fill(0, 8, &mut header)?;
        let mut cursor = Cursor::new(&header);
        match (cursor.u32(), cursor.u8()) {
            (Ok(MAGIC), Ok(VERSION)) => Ok(()),
            (Ok(MAGIC), Ok(version)) => Err(BlockError::Unsupported {
                path: self.path.clone(),
                reason: format!("chunk file version {version}"),
            }),
            _ => Err(self.damaged("not a chunk file")),
        }
    }

    fn fill(&self, offset: u64, len: u64, bytes: &mut Vec<u8>) -> Result<(), BlockError> {
        let len = len.min(self.len.saturating_sub(offset));
        bytes.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
        let read = self
            .file
            .read_at(bytes, offset)
            .map_err(BlockError::io(&self.path))?;
        bytes.truncate(read);
        Ok(())
    }

    /// Decodes the chunk at `offset` of `bytes`, which begin at `start` in the file.
    fn decode(
        &self,
        start: u64,
        offset: usize,
        bytes: &[u8],
        buffer: &mut SampleBuffer,
    ) -> Result<(), BlockError> {
        let needed = self.chunk_end(bytes.get(offset..).unwrap_or_default())?;
        if offset + needed > bytes.len() {
            let mut whole = Vec::new();
            self.fill(start + offset as u64, needed as u64, &mut whole)?;
            return self.decode_whole(&whole, needed, buffer);
        }
        self.decode_whole(bytes.get(offset..).unwrap_or_default(), needed, buffer)
    }

    /// Bytes from the start of the chunk to its end.
    fn chunk_end(&self, bytes: &[u8]) -> Result<usize, BlockError> {
        let mut cursor = Cursor::new(
            bytes
                .get(..MAX_VARINT_LEN.min(bytes.len()))
                .unwrap_or(bytes),
        );
        let before = cursor.rest().len();
        let len = cursor
            .size()
            .map_err(|_| self.damaged("chunk length is malformed"))?;
        let header = before - cursor.rest().len();
        len.checked_add(header + 5)
            .filter(|&end| end as u64 <= self.len)
            .ok_or_else(|| self.damaged("chunk is longer than its file"))
    }

    fn decode_whole(
        &self,
        bytes: &[u8],
        end: usize,
        buffer: &mut SampleBuffer,
    ) -> Result<(), BlockError> {
        let RawChunk { encoding, data } = self.checked(bytes, end)?;
        self.decode_data(encoding, data, buffer)
    }

    /// The chunk of `end` bytes that `bytes` begin with, if its checksum matches.
    fn checked<'b>(&self, bytes: &'b [u8], end: usize) -> Result<RawChunk<'b>, BlockError> {
        let bytes = bytes
            .get(..end)
            .ok_or_else(|| self.damaged("file ends inside a chunk"))?;
        let mut cursor = Cursor::new(bytes);
        let len = cursor
            .size()
            .map_err(|_| self.damaged("chunk length is malformed"))?;
        let (body, checksum) = cursor.rest().split_at_checked(len + 1).unwrap_or_default();
        if checksum != crc32c::crc32c(body).to_be_bytes() {
            return Err(self.damaged("checksum of a chunk does not match"));
        }
        let (&encoding, data) = body
            .split_first()
            .ok_or_else(|| self.damaged("empty chunk"))?;
        Ok(RawChunk { encoding, data })
    }

    fn decode_data(
        &self,
        encoding: u8,
        data: &[u8],
        buffer: &mut SampleBuffer,
    ) -> Result<(), BlockError> {
        let encoding = ChunkEncoding::from_number(encoding).ok_or_else(|| {
            let reason = format!("chunk encoding {encoding}");
            BlockError::Unsupported {
                path: self.path.clone(),
                reason,
            }
        })?;
        encoding
            .decode(data, buffer)
            .map_err(|error| self.damaged(error.to_string()))
    }
}

fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}"))
}

const MAGIC: u32 = 0x85BD_40DD;
const VERSION: u8 = 1;
/// A chunk file is not made longer than this. Upstream's figure.
const FILE_BYTES: u64 = 512 << 20;
const OFFSET_MASK: u64 = 0xffff_ffff;
/// Bytes read behind the start of a run's last chunk: most chunks are shorter.
const READ_AHEAD: usize = 1_280;
/// Bytes that one read takes where chunks follow each other.
const STREAM_WINDOW: u64 = 256 << 10;
