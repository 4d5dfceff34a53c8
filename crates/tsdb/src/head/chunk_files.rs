//! Chunks of the head that Prometheus has put into files of their own, beside the log. We write
//! none. Layout: `docs/formats/head-chunks.md`.

use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use host::fs::Fs;
use model::TimeRange;
use rapidhash::fast::RandomState;

use crate::chunk::ChunkEncoding;
use crate::chunk::encode::NewChunk;
use crate::wal::WalError;
use crate::wal::segment::list_segments;
use crate::wire::{Cursor, Malformed};

/// The chunks in the files, by the reference that the log has for their series.
#[derive(Debug, Default)]
pub(super) struct ChunkFiles {
    chunks: HashMap<u64, Vec<NewChunk>, RandomState>,
    /// Oldest first.
    pub(super) files: Vec<ChunkFile>,
    /// Places that could not be read.
    pub(super) damages: usize,
    /// Chunks of encodings that are not read, or out of order.
    pub(super) skipped: usize,
}

/// A file, and until when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChunkFile {
    pub(crate) path: PathBuf,
    /// When the last of its chunks ends; none if it is damaged or behind damage.
    pub(crate) last_time: Option<i64>,
}

impl ChunkFiles {
    /// Reads the files in `dir`, which need not be there, without chunks that end before `time`.
    /// What is behind damage or a missing file is left out: the log has it.
    pub(super) fn read(fs: &dyn Fs, dir: &Path, time: i64) -> Result<Self, WalError> {
        let mut files = Self::default();
        for number in list_segments(fs, dir)? {
            let path = file_path(dir, number);
            let mut last_time = None;
            if files
                .files
                .last()
                .is_some_and(|last| last.path != file_path(dir, number - 1))
            {
                files.damages += 1;
                tracing::warn!(file = %path.display(), "a file of chunks before this one is missing");
            }
            if files.damages == 0 {
                let bytes = fs.read(&path).map_err(WalError::at(&path))?;
                last_time = files.file(&path, &bytes, time);
            }
            files.files.push(ChunkFile { path, last_time });
        }
        for chunks in files.chunks.values_mut() {
            chunks.sort_by_key(|chunk| chunk.range.min_time);
        }
        Ok(files)
    }

    /// Chunks of the series with this reference, oldest first, if they were not taken yet.
    pub(super) fn take(&mut self, reference: u64) -> Vec<NewChunk> {
        match self.chunks.is_empty() {
            true => Vec::new(),
            false => self.chunks.remove(&reference).unwrap_or_default(),
        }
    }

    /// Takes up the chunks of a file. Returns when the last of them ends, unless it is damaged.
    fn file(&mut self, path: &Path, bytes: &[u8], time: i64) -> Option<i64> {
        let mut last_time = i64::MIN;
        let outcome = walk(bytes, &mut |_, parts| {
            last_time = last_time.max(parts.range.max_time);
            self.chunk(parts, time);
        });
        let Err(Damage { offset, reason }) = outcome else {
            return Some(last_time);
        };
        self.damages += 1;
        tracing::warn!(
            file = %path.display(),
            offset,
            reason,
            "a file of chunks is damaged; the rest of it comes from the log"
        );
        None
    }

    fn chunk(&mut self, parts: &Parts<'_>, time: i64) {
        match ChunkEncoding::from_number(parts.encoding) {
            None => self.skipped += 1,
            Some(_) if parts.range.max_time < time => {}
            Some(encoding) => self.chunks.entry(parts.series).or_default().push(NewChunk {
                encoding,
                range: parts.range,
                bytes: parts.data.into(),
            }),
        }
    }
}

/// Where a file is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) offset: usize,
    pub(crate) reason: &'static str,
}

/// Hands each chunk of a file to `each`, with its place, until the end or the first damage.
pub(crate) fn walk(bytes: &[u8], each: &mut dyn FnMut(usize, &Parts<'_>)) -> Result<(), Damage> {
    let damage = |offset, reason| Err(Damage { offset, reason });
    let Some((header, mut rest)) = bytes.split_first_chunk::<8>() else {
        // Begun and never written to.
        return match bytes.iter().all(|&byte| byte == 0) {
            true => Ok(()),
            false => damage(0, "header is cut off"),
        };
    };
    let [m0, m1, m2, m3, version, ..] = *header;
    if u32::from_be_bytes([m0, m1, m2, m3]) != MAGIC || version != VERSION {
        return damage(0, "not a file of chunks of version 1");
    }
    // The file was made with room for more.
    while rest.iter().any(|&byte| byte != 0) {
        let offset = bytes.len() - rest.len();
        let Ok(parts) = Parts::read(rest) else {
            return damage(offset, "a chunk is cut off");
        };
        let body = rest.get(..rest.len() - parts.rest.len() - 4);
        if crc32c::crc32c(body.unwrap_or_default()) != parts.checksum {
            return damage(offset, "checksum of a chunk does not match");
        }
        each(offset, &parts);
        rest = parts.rest;
    }
    Ok(())
}

/// A chunk in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    series: u64,
    pub(crate) range: TimeRange,
    pub(crate) encoding: u8,
    pub(crate) data: &'a [u8],
    checksum: u32,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let series = cursor.u64()?;
        let (min_time, max_time) = (cursor.u64()?.cast_signed(), cursor.u64()?.cast_signed());
        let encoding = cursor.u8()?;
        let len = cursor.size()?;
        Ok(Self {
            series,
            range: TimeRange::new(min_time, max_time),
            encoding,
            data: cursor.bytes(len)?,
            checksum: cursor.u32()?,
            rest: cursor.rest(),
        })
    }
}

pub(crate) fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}"))
}

/// In front of the encoding of chunks with samples out of order.
pub(crate) const OUT_OF_ORDER: u8 = 0x80;
/// Where Prometheus keeps them in the data directory.
pub(crate) const CHUNKS_DIR: &str = "chunks_head";
const MAGIC: u32 = 0x0130_BC91;
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;
    use crate::wire::{put_checksum, put_u32, put_u64, put_uvarint};

    fn chunk(series: u64, times: (u64, u64), encoding: u8) -> Vec<u8> {
        let mut out = Vec::new();
        put_u64(&mut out, series);
        put_u64(&mut out, times.0);
        put_u64(&mut out, times.1);
        out.push(encoding);
        put_uvarint(&mut out, 3);
        out.extend_from_slice(&[0, 1, 7]);
        put_checksum(&mut out, 0);
        out
    }

    fn header() -> Vec<u8> {
        let mut out = Vec::new();
        put_u32(&mut out, MAGIC);
        out.extend_from_slice(&[VERSION, 0, 0, 0]);
        out
    }

    #[test]
    fn files_are_read_until_damage() {
        let fs = SimulatedFs::default();
        let dir = Path::new("/data/chunks_head");
        assert_eq!(ChunkFiles::read(&fs, dir, 0).unwrap().damages, 0);
        fs.create_dir_all(dir).unwrap();
        let parts = [
            header(),
            chunk(7, (50, 60), 1),
            chunk(7, (10, 20), 2),
            chunk(8, (1, 2), 1),
            chunk(9, (50, 60), 0x81),
        ];
        fs.write(
            &dir.join("000001"),
            &[parts.concat(), vec![0; 100]].concat(),
        )
        .unwrap();
        let mut damaged = [header(), chunk(8, (50, 60), 1), chunk(8, (70, 80), 1)].concat();
        let len = damaged.len();
        damaged[len - 5] ^= 1;
        fs.write(&dir.join("000002"), &damaged).unwrap();
        fs.write(
            &dir.join("000003"),
            &[header(), chunk(8, (90, 99), 1)].concat(),
        )
        .unwrap();
        let mut files = ChunkFiles::read(&fs, dir, 5).unwrap();
        assert_eq!((files.damages, files.skipped), (1, 1));
        let ends: Vec<_> = files.files.iter().map(|file| file.last_time).collect();
        assert_eq!(ends, [Some(60), None, None]);
        let mut ranges = |series| -> Vec<_> {
            let chunks = files.take(series).into_iter();
            chunks
                .map(|c| (c.range.min_time, c.range.max_time))
                .collect()
        };
        assert_eq!(ranges(7), [(10, 20), (50, 60)]);
        assert_eq!(ranges(8), [(50, 60)]);
        assert_eq!(ranges(9), []);
        assert_eq!(ranges(7), []);
    }
}
