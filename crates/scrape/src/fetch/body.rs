//! Decompression with a bound on what comes out.

use std::fmt;
use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use libdeflater::Decompressor;

use super::FetchError;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all, or in a way that we do not know: the page is read as it came, as upstream does.
    #[default]
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// The encoding of this name in `Content-Encoding`.
    pub(crate) fn named(name: &[u8]) -> Self {
        if name.eq_ignore_ascii_case(b"gzip") {
            Self::Gzip
        } else if name.eq_ignore_ascii_case(b"zstd") {
            Self::Zstd
        } else {
            Self::Identity
        }
    }
}

/// Decompresses bodies; keeps its tables.
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
    /// The body is not what it says, or what would come out goes beyond `limit` bytes or [`MAX_RATIO`].
    pub(crate) fn inflate(
        &mut self,
        encoding: Encoding,
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
        if encoding == Encoding::Zstd {
            let size = read_bounded(zstd_reader(body)?, page, limit.min(most))?;
            return beyond(size).map_or(Ok(size), Err);
        }
        if body.is_empty() {
            return Err(FetchError::Compression("EOF".to_owned()));
        }
        let announced = announced_size(body);
        if beyond(announced).is_none() {
            if page.len() < announced {
                page.resize(announced, 0);
            }
            let room = page.get_mut(..announced).unwrap_or_default();
            if let Ok(size) = self.whole.gzip_decompress(body, room)
                && size == announced
                && is_whole(body, room)
            {
                return Ok(size);
            }
        }
        // Too much, several members, a body that lies about its size, or one that is broken, whose
        // end says nothing: the other library says which.
        let size = read_bounded(MultiGzDecoder::new(body), page, limit.min(most))?;
        beyond(size).map_or(Ok(size), Err)
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
fn read_bounded(
    decoder: impl io::Read,
    page: &mut Vec<u8>,
    most: usize,
) -> Result<usize, FetchError> {
    page.clear();
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.take(most).read_to_end(page);
    read.map_err(|error| FetchError::Compression(fault(&error)))
}

fn zstd_reader(body: &[u8]) -> Result<impl io::Read, FetchError> {
    let prepared = zstd::stream::read::Decoder::with_buffer(body).and_then(|mut decoder| {
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Ok(decoder)
    });
    prepared.map_err(|error| FetchError::Compression(fault(&error)))
}

/// What is wrong with a body, in Go's words where it has them.
fn fault(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        io::ErrorKind::InvalidInput if error.to_string().contains("header") => {
            "gzip: invalid header".to_owned()
        }
        io::ErrorKind::InvalidInput if error.to_string().contains("corrupt gzip") => {
            "gzip: invalid checksum".to_owned()
        }
        _ => format!("invalid compressed body: {error}"),
    }
}

/// How many times its size a body may grow to. Pages grow to 10 to 30 times theirs, bombs to 1000.
pub(super) const MAX_RATIO: usize = 100;
/// Largest window of a zstd body, as a power of two: 8 MiB, what decoders have to allow (RFC 8878).
const MAX_WINDOW_LOG: u32 = 23;
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
        inflate_as(Encoding::Gzip, body, limit)
    }

    fn inflate_as(encoding: Encoding, body: &[u8], limit: usize) -> Result<Vec<u8>, String> {
        let mut page = Vec::new();
        let size = Inflater::new().inflate(encoding, body, &mut page, limit);
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
        // One that announces much and brings little is judged by what it brings.
        let mut liar = gzip(b"up 1\n");
        let end = liar.len();
        liar[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        let sum = "gzip: invalid checksum";
        assert_eq!(inflate(&liar, 1 << 20), Err(sum.to_owned()));
    }

    #[test]
    fn what_is_no_gzip_is_refused_in_the_words_of_go() {
        let whole = gzip(&b"up 1\n".repeat(100));
        let mut other_sum = whole.clone();
        let end = other_sum.len();
        other_sum[end - 8] ^= 1;
        let cases = [
            (&b""[..], "EOF"),
            (b"hello", "unexpected EOF"),
            (b"up{a=\"b\"} 1 and more", "gzip: invalid header"),
            (&whole[..whole.len() / 2], "unexpected EOF"),
            (
                &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b],
                "unexpected EOF",
            ),
            (&other_sum, "gzip: invalid checksum"),
        ];
        for (body, want) in cases {
            let told = inflate(body, 1 << 31).unwrap_err();
            assert_eq!(told, want);
        }
    }

    #[test]
    fn zstd_is_bounded_in_the_same_way() {
        let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).unwrap();
        let page = b"up 1\n".repeat(1000);
        let zstd_to = |body: &[u8], limit| inflate_as(Encoding::Zstd, body, limit);
        assert!(zstd_to(&zstd(&page), 10_000) == Ok(page.clone()));
        let bomb = zstd(&vec![b'0'; 4 << 20]);
        let ratio = "compressed body grows to more than 100 times its size";
        assert_eq!(zstd_to(&bomb, usize::MAX), Err(ratio.to_owned()));
        let limit = "body size limit exceeded";
        assert_eq!(zstd_to(&bomb, 1 << 20), Err(limit.to_owned()));
        assert!(
            zstd_to(b"up 1\n", 100)
                .unwrap_err()
                .starts_with("invalid compressed body")
        );
        let whole = zstd(&page);
        assert!(zstd_to(&whole[..whole.len() / 2], 10_000).is_err());
    }
}
