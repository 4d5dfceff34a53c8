//! Chunk files of a block: a header, then chunks with length, encoding and checksum.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::{File, Fs};
use storage::SampleBuffer;

use super::BlockError;
use super::sink::Sink;
use crate::chunk::ChunkEncoding;
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
        self.bytes.clear();
        put_uvarint(&mut self.bytes, data.len() as u64);
        let start = self.bytes.len();
        self.bytes.push(encoding.number());
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
            let file = self.files.get(number).ok_or_else(|| BlockError::Damaged {
                path: PathBuf::from("chunks"),
                reason: format!("there is no chunk file {}", number + 1),
            })?;
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
