//! The bytes of files of head chunks: a header, then chunks, each with its series, range, encoding
//! and checksum.

use model::TimeRange;

use crate::wire::{Cursor, MAX_VARINT_LEN, Malformed, put_checksum, put_u32, put_u64, put_uvarint};

/// What every file begins with.
pub(crate) fn header() -> Vec<u8> {
    let mut out = Vec::new();
    put_u32(&mut out, MAGIC);
    out.extend_from_slice(&[VERSION, 0, 0, 0]);
    out
}

/// True if a file may begin like this.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.get(..5) == header().get(..5) && bytes.len() >= HEADER_BYTES
}

/// Adds a chunk to bytes that will follow each other in a file.
pub(crate) fn put_chunk(
    out: &mut Vec<u8>,
    series: u64,
    range: TimeRange,
    encoding: u8,
    data: &[u8],
) {
    let start = out.len();
    put_u64(out, series);
    put_u64(out, range.min_time.cast_unsigned());
    put_u64(out, range.max_time.cast_unsigned());
    out.push(encoding);
    put_uvarint(out, data.len() as u64);
    out.extend_from_slice(data);
    put_checksum(out, start);
}

/// A chunk as it lies in its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredChunk<'a> {
    pub(crate) series: u64,
    pub(crate) range: TimeRange,
    pub(crate) encoding: u8,
    pub(crate) data: &'a [u8],
}

impl<'a> StoredChunk<'a> {
    /// The chunk that `bytes` begin with, its checksum looked at, and how many bytes it takes.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, usize), Damage> {
        let (chunk, body_len, checksum) = Self::parts(bytes).map_err(|_| Damage::CutOff)?;
        match crc32c::crc32c(bytes.get(..body_len).unwrap_or_default()) == checksum {
            true => Ok((chunk, body_len + 4)),
            false => Err(Damage::Checksum),
        }
    }

    fn parts(bytes: &'a [u8]) -> Result<(Self, usize, u32), Malformed> {
        let mut cursor = Cursor::new(bytes);
        let series = cursor.u64()?;
        let (min_time, max_time) = (cursor.u64()?.cast_signed(), cursor.u64()?.cast_signed());
        let encoding = cursor.u8()?;
        let len = cursor.size()?;
        let chunk = Self {
            series,
            range: TimeRange::new(min_time, max_time),
            encoding,
            data: cursor.bytes(len)?,
        };
        let body_len = bytes.len() - cursor.rest().len();
        Ok((chunk, body_len, cursor.u32()?))
    }
}

/// How many bytes the chunk that begins here takes, if enough of it is there to say so.
pub(crate) fn announced_bytes(bytes: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(bytes.get(FIXED_BYTES..)?);
    let len = cursor.size().ok()?;
    let start = bytes.len() - cursor.rest().len();
    start.checked_add(len)?.checked_add(4)
}

/// What is wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    CutOff,
    Checksum,
}

impl Damage {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::CutOff => "a chunk is cut off",
            Self::Checksum => "checksum of a chunk does not match",
        }
    }
}

/// Bytes in front of the first chunk.
pub(crate) const HEADER_BYTES: usize = 8;
/// Bytes of a chunk before the length of its data.
const FIXED_BYTES: usize = 25;
/// Bytes from which a chunk's length can be told.
pub(crate) const START_BYTES: usize = FIXED_BYTES + MAX_VARINT_LEN;
const MAGIC: u32 = 0x0130_BC91;
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_back_with_the_bytes_that_were_announced() {
        for len in [0, 1, 127, 128, 300, 16_383, 16_384, 70_000] {
            let data = vec![7; len];
            let mut bytes = Vec::new();
            put_chunk(&mut bytes, 5, TimeRange::new(-3, 9), 1, &data);
            let (chunk, taken) = StoredChunk::read(&bytes).unwrap();
            assert_eq!((chunk.series, chunk.encoding), (5, 1));
            assert_eq!((chunk.range, chunk.data), (TimeRange::new(-3, 9), &*data));
            assert_eq!(taken, bytes.len());
            assert_eq!(announced_bytes(&bytes), Some(bytes.len()));
            bytes[3] ^= 1;
            assert_eq!(StoredChunk::read(&bytes).unwrap_err(), Damage::Checksum);
            bytes.pop();
            assert_eq!(StoredChunk::read(&bytes).unwrap_err(), Damage::CutOff);
        }
    }
}
