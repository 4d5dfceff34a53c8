//! Protobuf on the wire: the fields of a message, one after the other, borrowed from its bytes.

use super::error::Problem;

/// The fields of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// What a field holds, by the form that it has on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    /// A whole number.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Text, a message, or numbers one behind the other.
    Bytes(&'a [u8]),
    /// Four bytes, which no field that is read here has.
    Fixed32,
}

impl<'a> Fields<'a> {
    /// The fields of a message.
    pub(super) const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field's number and payload; None at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Payload<'a>)>, Problem> {
        while !self.rest.is_empty() {
            let key = take_varint(&mut self.rest)?;
            let number = key >> 3;
            if number == 0 {
                return Err(Problem::Malformed);
            }
            match key & WIRE_TYPE {
                GROUP_START => self.skip_group()?,
                wire_type => return Ok(Some((number, self.payload(wire_type)?))),
            }
        }
        Ok(None)
    }

    fn payload(&mut self, wire_type: u64) -> Result<Payload<'a>, Problem> {
        Ok(match wire_type {
            VARINT => Payload::Varint(take_varint(&mut self.rest)?),
            FIXED64 => Payload::Fixed64(u64::from_le_bytes(self.take_array()?)),
            BYTES => Payload::Bytes(take_bytes(&mut self.rest)?),
            FIXED32 => {
                self.take_array::<4>()?;
                Payload::Fixed32
            }
            _ => return Err(Problem::Malformed),
        })
    }

    /// Passes over a group, which nobody writes any more, and over groups in it.
    fn skip_group(&mut self) -> Result<(), Problem> {
        let mut depth = 1_usize;
        while depth > 0 {
            match take_varint(&mut self.rest)? & WIRE_TYPE {
                GROUP_START => depth += 1,
                GROUP_END => depth -= 1,
                wire_type => {
                    self.payload(wire_type)?;
                }
            }
        }
        Ok(())
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (array, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(Problem::FieldCutOff)?;
        self.rest = rest;
        Ok(*array)
    }
}

impl<'a> Payload<'a> {
    pub(super) const fn varint(self) -> Result<u64, Problem> {
        match self {
            Self::Varint(value) => Ok(value),
            _ => Err(Problem::Malformed),
        }
    }

    pub(super) const fn double(self) -> Result<f64, Problem> {
        match self {
            Self::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(Problem::Malformed),
        }
    }

    pub(super) const fn bytes(self) -> Result<&'a [u8], Problem> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Problem::Malformed),
        }
    }

    /// Calls `each` for every number of a repeated field, however it is written.
    pub(super) fn varints(
        self,
        mut each: impl FnMut(u64) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        match self {
            Self::Varint(value) => each(value),
            Self::Bytes(mut packed) => {
                while !packed.is_empty() {
                    each(take_varint(&mut packed)?)?;
                }
                Ok(())
            }
            _ => Err(Problem::Malformed),
        }
    }

    /// Calls `each` for every number of a repeated field, however it is written.
    pub(super) fn doubles(
        self,
        mut each: impl FnMut(f64) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let Self::Bytes(packed) = self else {
            return each(self.double()?);
        };
        let (chunks, rest) = packed.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(Problem::Malformed);
        }
        chunks
            .iter()
            .try_for_each(|chunk| each(f64::from_le_bytes(*chunk)))
    }
}

/// Takes a whole number from the start of `bytes`.
pub(super) fn take_varint(bytes: &mut &[u8]) -> Result<u64, Problem> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().take(VARINT_BYTES).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = bytes.get(index + 1..).unwrap_or_default();
            return Ok(value);
        }
    }
    Err(match bytes.len() < VARINT_BYTES {
        true => Problem::FieldCutOff,
        false => Problem::Malformed,
    })
}

/// Takes as many bytes as the number in front of them says.
fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Problem> {
    let length = take_varint(bytes)?;
    let length = usize::try_from(length).map_err(|_| Problem::FieldCutOff)?;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Problem::FieldCutOff)?;
    *bytes = rest;
    Ok(taken)
}

/// A signed number whose sign is in the last bit.
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

const WIRE_TYPE: u64 = 7;
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const GROUP_START: u64 = 3;
const GROUP_END: u64 = 4;
const FIXED32: u64 = 5;
/// Bytes that a number of 64 bits takes at most.
const VARINT_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_groups_passed_over() {
        let message = [
            0x08, 0x96, 0x01, 0x1b, 0x23, 0x08, 0x01, 0x24, 0x1c, 0x12, 0x01, b'x', 0x25, 0, 0, 0,
            0,
        ];
        let mut fields = Fields::of(&message);
        assert_eq!(fields.next(), Ok(Some((1, Payload::Varint(150)))));
        assert_eq!(fields.next(), Ok(Some((2, Payload::Bytes(b"x")))));
        assert_eq!(fields.next(), Ok(Some((4, Payload::Fixed32))));
        assert_eq!(fields.next(), Ok(None));
    }

    #[test]
    fn what_says_too_much_of_itself_is_refused() {
        let cases: [&[u8]; 7] = [
            &[0x08],
            &[0x12, 0x7f, 1],
            &[
                0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
            ],
            &[0x09, 1, 2],
            &[0x1b, 0x1b, 0x1b],
            &[0x00],
            &[0x0f],
        ];
        for message in cases {
            let outcome = Fields::of(message).next();
            let refused = matches!(outcome, Err(Problem::Malformed | Problem::FieldCutOff));
            assert!(refused, "{message:?}: {outcome:?}");
        }
        let odd = Payload::Bytes(&[0; 9]);
        assert_eq!(odd.doubles(|_| Ok(())), Err(Problem::Malformed));
    }

    #[test]
    fn signs_are_in_the_last_bit() {
        for (wire, value) in [(0, 0), (1, -1), (2, 1), (u64::MAX, i64::MIN)] {
            assert_eq!(unzigzag(wire), value);
        }
    }
}
