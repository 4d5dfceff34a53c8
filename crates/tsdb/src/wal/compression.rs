//! Compression of single records. A fragment's first byte says which one there is.

use std::fmt;
use std::io::Read;

use super::page::{SNAPPY, ZSTD};

/// How the records of a log are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Snappy: fast.
    #[default]
    Snappy,
    /// Zstandard: small.
    Zstd,
}

/// Compresses one record after the other.
pub(super) struct Compressor {
    compression: Compression,
    /// Kept: it has a table of 32 KiB, and making that anew for each record took longer than
    /// compressing.
    snappy: snap::raw::Encoder,
}

impl Compressor {
    pub(super) fn new(compression: Compression) -> Self {
        Self {
            compression,
            snappy: snap::raw::Encoder::new(),
        }
    }

    /// Compresses a record into `out`, if that makes it shorter; returns the bits for its fragments.
    pub(super) fn compress(&mut self, record: &[u8], out: &mut Vec<u8>) -> Option<u8> {
        let (len, flags) = match self.compression {
            Compression::None => return None,
            Compression::Snappy => {
                out.resize(snap::raw::max_compress_len(record.len()), 0);
                (self.snappy.compress(record, out).ok()?, SNAPPY)
            }
            Compression::Zstd => {
                out.resize(zstd::zstd_safe::compress_bound(record.len()), 0);
                let len = zstd::bulk::compress_to_buffer(record, out, LEVEL).ok()?;
                (len, ZSTD)
            }
        };
        out.truncate(len);
        (len < record.len()).then_some(flags)
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compressor")
            .field(&self.compression)
            .finish()
    }
}

/// Decompresses a record with these bits in its fragments; `None` if it is not compressed.
pub(super) fn decompress<'a>(
    flags: u8,
    bytes: &[u8],
    plain: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>, &'static str> {
    if flags & ZSTD != 0 {
        plain.clear();
        let decoder = zstd::stream::read::Decoder::with_buffer(bytes);
        let decoder = decoder.map_err(|_| "not Zstandard")?;
        let read = decoder.take(MAX_RECORD_BYTES as u64 + 1).read_to_end(plain);
        return match read {
            Ok(len) if len > MAX_RECORD_BYTES => Err("record is too long"),
            Ok(_) => Ok(Some(plain)),
            Err(_) => Err("not Zstandard"),
        };
    }
    if flags & SNAPPY == 0 {
        return Ok(None);
    }
    let len = snap::raw::decompress_len(bytes).map_err(|_| "not Snappy")?;
    if len > MAX_RECORD_BYTES {
        return Err("record is too long");
    }
    plain.resize(len, 0);
    let len = snap::raw::Decoder::new()
        .decompress(bytes, plain)
        .map_err(|_| "not Snappy")?;
    Ok(Some(plain.get(..len).unwrap_or_default()))
}

/// Zstandard's own default, which upstream uses, too.
const LEVEL: i32 = 3;
/// Longest record that is believed when decompressing.
const MAX_RECORD_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let record: Vec<u8> = (0..5_000_u32).map(|i| (i / 9 % 7) as u8).collect();
        for (compression, flags) in [(Compression::Snappy, SNAPPY), (Compression::Zstd, ZSTD)] {
            let (mut packed, mut plain) = (Vec::new(), Vec::new());
            let mut compressor = Compressor::new(compression);
            // What is kept from one record means nothing to the next.
            let other: Vec<u8> = record.iter().map(|byte| byte * 3).collect();
            for record in [&record[..], &other, &other[..600], &record] {
                assert_eq!(compressor.compress(record, &mut packed), Some(flags));
                assert!(packed.len() < record.len() / 4);
                let found = decompress(flags, &packed, &mut plain).unwrap();
                assert_eq!(found, Some(record));
                let cut = &packed[..packed.len() - 1];
                assert!(decompress(flags, cut, &mut plain).is_err());
            }
            assert_eq!(compressor.compress(&[1, 2, 3], &mut packed), None);
        }
        let mut none = Compressor::new(Compression::None);
        assert_eq!(none.compress(&record, &mut Vec::new()), None);
        assert_eq!(decompress(0, &record, &mut Vec::new()), Ok(None));
    }
}
