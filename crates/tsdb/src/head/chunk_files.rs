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
    /// Places that could not be read.
    pub(super) damages: usize,
    /// Chunks of encodings that are not read, or out of order.
    pub(super) skipped: usize,
}

impl ChunkFiles {
    /// Reads the files in `dir`, which need not be there, without chunks that end before `time`.
    /// What is behind damage is left out: the log has it.
    pub(super) fn read(fs: &dyn Fs, dir: &Path, time: i64) -> Result<Self, WalError> {
        let mut files = Self::default();
        for number in list_segments(fs, dir)? {
            let path = file_path(dir, number);
            let bytes = fs.read(&path).map_err(WalError::at(&path))?;
            if let Err(reason) = files.file(&bytes, time) {
                files.damages += 1;
                tracing::warn!(
                    file = %path.display(),
                    reason,
                    "a file of chunks is damaged; the rest of it comes from the log"
                );
                break;
            }
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

    fn file(&mut self, bytes: &[u8], time: i64) -> Result<(), &'static str> {
        let Some((header, mut rest)) = bytes.split_first_chunk::<8>() else {
            // Begun and never written to.
            return match bytes.iter().all(|&byte| byte == 0) {
                true => Ok(()),
                false => Err("header is cut off"),
            };
        };
        let [m0, m1, m2, m3, version, ..] = *header;
        if u32::from_be_bytes([m0, m1, m2, m3]) != MAGIC || version != VERSION {
            return Err("not a file of chunks of version 1");
        }
        // The file was made with room for more.
        while rest.iter().any(|&byte| byte != 0) {
            rest = self.chunk(rest, time)?;
        }
        Ok(())
    }

    /// Takes up one chunk; returns what is behind it.
    fn chunk<'a>(&mut self, bytes: &'a [u8], time: i64) -> Result<&'a [u8], &'static str> {
        let parts = Parts::read(bytes).map_err(|_| "a chunk is cut off")?;
        let body = bytes.get(..bytes.len() - parts.rest.len() - 4);
        if crc32c::crc32c(body.unwrap_or_default()) != parts.checksum {
            return Err("checksum of a chunk does not match");
        }
        match ChunkEncoding::from_number(parts.encoding) {
            None => self.skipped += 1,
            Some(_) if parts.range.max_time < time => {}
            Some(encoding) => self.chunks.entry(parts.series).or_default().push(NewChunk {
                encoding,
                range: parts.range,
                bytes: parts.data.into(),
            }),
        }
        Ok(parts.rest)
    }
}

/// A chunk in a file.
struct Parts<'a> {
    series: u64,
    range: TimeRange,
    encoding: u8,
    data: &'a [u8],
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

fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}"))
}

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
