//! Protobuf's wire format: fields of a message, borrowed from its bytes.

/// The bytes are no protobuf message of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Malformed {
    what: &'static str,
}

impl Malformed {
    pub(crate) const fn because(what: &'static str) -> Self {
        Self { what }
    }
}

/// A field: its number and its contents.
pub(crate) type Field<'a> = (u32, Payload<'a>);

/// The contents of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// A number of varying length.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// A text, a message or a packed list.
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(crate) fn varint(self) -> Result<u64, Malformed> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(Malformed::because("a field is no whole number")),
        }
    }

    pub(crate) fn double(self) -> Result<f64, Malformed> {
        match self {
            Self::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(Malformed::because("a field is no floating-point number")),
        }
    }

    pub(crate) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed::because("a field is neither text nor message")),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, Malformed> {
        let text = std::str::from_utf8(self.bytes()?);
        text.map_err(|_| Malformed::because("a text is not UTF-8"))
    }
}

/// Goes over the fields of a message.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field; none at the end.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = take_varint(&mut self.rest)?;
        let number = u32::try_from(key >> 3).map_err(|_| Malformed::because("a field number"))?;
        let payload = match key & 7 {
            0 => Payload::Varint(take_varint(&mut self.rest)?),
            1 => Payload::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let len = take_varint(&mut self.rest)?;
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let (bytes, rest) = self.rest.split_at_checked(len).ok_or(CUT_OFF)?;
                self.rest = rest;
                Payload::Bytes(bytes)
            }
            5 => Payload::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return Err(Malformed::because("a field of unknown kind")),
        };
        Ok(Some((number, payload)))
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(*array)
    }
}

/// Takes a number of varying length from the front.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Ok(value);
        }
    }
    Err(CUT_OFF)
}

/// A number that is small on either side of zero.
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

const CUT_OFF: Malformed = Malformed::because("the message is cut off");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_until_something_is_missing() {
        // 1: 300, 2: "ab", 3: 1.5, 4 as four bytes
        let message = [
            0x08, 0xac, 0x02, 0x12, 2, b'a', b'b', 0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x25, 7, 0,
            0, 0,
        ];
        let mut fields = Fields::of(&message);
        let mut next = || fields.next().unwrap();
        assert_eq!(next(), Some((1, Payload::Varint(300))));
        assert_eq!(next(), Some((2, Payload::Bytes(b"ab"))));
        assert_eq!(next(), Some((3, Payload::Fixed64(1.5f64.to_bits()))));
        assert_eq!(next(), Some((4, Payload::Fixed32(7))));
        assert_eq!(next(), None);
        for len in [1, 2, 4, 5, 6, 10, 18] {
            let mut fields = Fields::of(&message[..len]);
            let end =
                std::iter::repeat_with(|| fields.next()).find(|it| !matches!(it, Ok(Some(_))));
            assert_eq!(end, Some(Err(CUT_OFF)), "{len}");
        }
        assert!(Fields::of(&[0xff; 11]).next().is_err());
    }

    #[test]
    fn signs_are_in_the_last_bit() {
        let cases = [(0, 0), (1, -1), (2, 1), (3, -2), (u64::MAX, i64::MIN)];
        for (coded, want) in cases {
            assert_eq!(unzigzag(coded), want);
        }
    }
}
