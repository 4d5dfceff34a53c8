//! Integers, texts and checksums as all of Prometheus' files write them: big endian, LEB128
//! variable-length integers (signed ones zigzag), CRC-32C.

/// The bytes end too early, or a number does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unexpected end or invalid number")]
pub struct Malformed;

/// Reads from a slice, front to back, never beyond its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    #[inline]
    pub(crate) fn uvarint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().enumerate().take(MAX_VARINT_LEN) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                if index == MAX_VARINT_LEN - 1 && byte > 1 {
                    return Err(Malformed);
                }
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<i64, Malformed> {
        self.uvarint().map(unzigzag)
    }

    /// A length or count, as an index.
    pub(crate) fn size(&mut self) -> Result<usize, Malformed> {
        self.uvarint()
            .and_then(|value| usize::try_from(value).map_err(|_| Malformed))
    }

    /// Text behind its length.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.size()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| Malformed)
    }
}

#[inline]
pub(crate) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, value: i64) {
    put_uvarint(out, zigzag(value));
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(crate) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Text behind its length.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_uvarint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends the CRC-32C of everything in `out` from `start` on.
pub(crate) fn put_checksum(out: &mut Vec<u8>, start: usize) {
    let checksum = crc32c::crc32c(out.get(start..).unwrap_or_default());
    put_u32(out, checksum);
}

const fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Bytes of the longest variable-length integer.
pub(crate) const MAX_VARINT_LEN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in [0, 1, -1, 63, 64, -64, -65, 1 << 40, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            put_uvarint(&mut bytes, value.cast_unsigned());
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(cursor.varint(), Ok(value));
            assert_eq!(cursor.uvarint(), Ok(value.cast_unsigned()));
            assert!(cursor.is_empty());
        }
    }

    #[test]
    fn short_and_overlong_bytes_are_malformed() {
        assert_eq!(Cursor::new(&[0x80]).uvarint(), Err(Malformed));
        assert_eq!(Cursor::new(&[0xff; 11]).uvarint(), Err(Malformed));
        assert_eq!(Cursor::new(&[5, b'a']).text(), Err(Malformed));
        assert_eq!(Cursor::new(&[1, 0xff]).text(), Err(Malformed));
        assert_eq!(Cursor::new(&[0; 3]).u32(), Err(Malformed));
    }
}
