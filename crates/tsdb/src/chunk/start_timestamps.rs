//! Start timestamps, which newer encodings have behind the samples of a chunk: since when each has
//! counted. Layout: `docs/formats/chunks.md`.

use super::bitstream::{BitReader, EndOfBits};
use super::varbit::read_signed;

/// What is known while the samples of a chunk are read one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StartTimestamps {
    /// The first sample has one.
    first_is_known: bool,
    /// From this sample on each has one; none if it is the first.
    changes_from: usize,
    difference: i64,
    /// Of the sample that was read last; 0 if nobody knows.
    pub(crate) current: i64,
}

impl StartTimestamps {
    /// From the byte in a chunk's header.
    pub(crate) const fn of_header(byte: u8) -> Self {
        Self {
            first_is_known: byte & 0x80 != 0,
            changes_from: (byte & 0x7f) as usize,
            difference: 0,
            current: 0,
        }
    }

    pub(crate) const fn first_is_known(&self) -> bool {
        self.first_is_known
    }

    /// Takes what is behind the first sample, which is at `time`.
    #[inline]
    pub(crate) fn read_first(
        &mut self,
        reader: &mut BitReader<'_>,
        time: i64,
    ) -> Result<(), EndOfBits> {
        if self.first_is_known {
            self.current = time.wrapping_sub(read_varint(reader)?);
        }
        Ok(())
    }

    /// Takes what is behind the sample at place `index`, not the first; the one before it is at
    /// `before`.
    #[inline]
    pub(crate) fn read_next(
        &mut self,
        reader: &mut BitReader<'_>,
        index: usize,
        before: i64,
    ) -> Result<(), EndOfBits> {
        if self.changes_from == 0 || index < self.changes_from {
            return Ok(());
        }
        let number = read_signed(reader)?;
        self.difference = match index == self.changes_from {
            true => number,
            false => self.difference.wrapping_add(number),
        };
        self.current = before.wrapping_sub(self.difference);
        Ok(())
    }
}

/// A signed LEB128 integer between bits.
fn read_varint(reader: &mut BitReader<'_>) -> Result<i64, EndOfBits> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = reader.read(8)?;
        value |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err(EndOfBits)
}
