//! Decompression with a bound on what comes out.

use std::fmt;
use std::io::Read as _;

use libdeflater::{DecompressionError, Decompressor};

use super::FetchError;

/// Decompresses gzip bodies; keeps its tables.
pub(crate) struct Inflater {
    whole: Decompressor,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            whole: Decompressor::new(),
        }
    }

    /// Decompresses `body` to the start of `page`, which grows as needed and never shrinks; gives the
    /// number of bytes.
    ///
    /// # Errors
    /// The body is no gzip, or what would come out goes beyond `limit` bytes or [`MAX_RATIO`].
    pub(crate) fn inflate(
        &mut self,
        body: &[u8],
        page: &mut Vec<u8>,
        limit: usize,
    ) -> Result<usize, FetchError> {
        let most = body.len().saturating_mul(MAX_RATIO).max(FREE_BYTES);
        let beyond = |size: usize| {
            if size > limit {
                Some(FetchError::BodySizeLimit)
            } else {
                (size > most).then_some(FetchError::CompressionRatio)
            }
        };
        let announced = announced_size(body);
        if let Some(error) = beyond(announced) {
            return Err(error);
        }
        if page.len() < announced {
            page.resize(announced, 0);
        }
        let room = page.get_mut(..announced).unwrap_or_default();
        match self.whole.gzip_decompress(body, room) {
            Ok(size) if size == announced && is_whole(body, room) => Ok(size),
            Err(DecompressionError::BadData) => Err(FetchError::Gzip("bad data".to_owned())),
            // Several members, or a body that lies about its size.
            Ok(_) | Err(DecompressionError::InsufficientSpace) => {
                let size = inflate_members(body, page, limit.min(most))?;
                beyond(size).map_or(Ok(size), Err)
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inflater")
    }
}

/// True if what came out is what the end of the body speaks of: there is one member only.
fn is_whole(body: &[u8], page: &[u8]) -> bool {
    let trailer = body
        .last_chunk::<8>()
        .and_then(|end| end.first_chunk::<4>());
    trailer.is_some_and(|sum| u32::from_le_bytes(*sum) == libdeflater::crc32(page))
}

/// The size, modulo 4 GiB, that the last member announces. It may lie.
fn announced_size(body: &[u8]) -> usize {
    let announced = body.last_chunk::<4>().map(|size| u32::from_le_bytes(*size));
    announced.unwrap_or_default() as usize
}

/// Decompresses piece by piece, at most one byte more than `most`.
fn inflate_members(body: &[u8], page: &mut Vec<u8>, most: usize) -> Result<usize, FetchError> {
    page.clear();
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = flate2::read::MultiGzDecoder::new(body).take(most);
    decoder
        .read_to_end(page)
        .map_err(|error| FetchError::Gzip(error.to_string()))
}

/// How many times its size a body may grow to. Pages grow to 10 to 30 times theirs, bombs to 1000.
pub(super) const MAX_RATIO: usize = 100;
/// Up to this size a page may have grown by any factor.
const FREE_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>, String> {
        let mut page = Vec::new();
        let size = Inflater::new().inflate(body, &mut page, limit);
        size.map(|size| page[..size].to_vec())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pages_come_out_whole() {
        let page = b"up 1\n".repeat(1000);
        assert!(inflate(&gzip(&page), 10_000) == Ok(page.clone()));
        let members = [gzip(b"a 1\n"), gzip(&page), gzip(b"b 2\n")].concat();
        let whole = [&b"a 1\n"[..], &page, b"b 2\n"].concat();
        assert!(inflate(&members, 10_000) == Ok(whole));
        assert_eq!(inflate(&gzip(b""), 10), Ok(Vec::new()));
    }

    #[test]
    fn what_grows_too_much_is_refused() {
        let bomb = gzip(&vec![b'0'; 4 << 20]);
        let ratio = "compressed body grows to more than 100 times its size";
        assert_eq!(inflate(&bomb, usize::MAX), Err(ratio.to_owned()));
        let limit = "body size limit exceeded";
        assert_eq!(inflate(&bomb, 1 << 20), Err(limit.to_owned()));
        // One that announces little and brings much.
        let mut liar = bomb;
        let end = liar.len();
        liar[end - 4..].copy_from_slice(&10u32.to_le_bytes());
        assert_eq!(inflate(&liar, 1 << 20), Err(limit.to_owned()));
        assert_eq!(inflate(&liar, usize::MAX), Err(ratio.to_owned()));
        // One that announces much and brings little.
        let mut liar = gzip(b"up 1\n");
        let end = liar.len();
        liar[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(inflate(&liar, 1 << 20), Err(limit.to_owned()));
    }

    #[test]
    fn what_is_no_gzip_is_refused() {
        let whole = gzip(&b"up 1\n".repeat(100));
        for body in [&b""[..], b"up 1\n", &whole[..whole.len() / 2]] {
            let error = inflate(body, 1 << 30).unwrap_err();
            assert!(
                error.starts_with("invalid gzip body: ")
                    || error.contains("limit exceeded")
                    || error.contains("grows to more"),
                "{error}"
            );
        }
    }
}
