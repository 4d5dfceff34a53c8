//! A float that is stored as the difference of its bits to those of its predecessor.

use super::bitstream::{BitReader, BitWriter, EndOfBits};

/// The float that was read last, and where its significant bits were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct XorState {
    /// Its bits.
    pub(crate) value: u64,
    leading: u32,
    significant: u32,
}

impl XorState {
    /// Before anything but the first float has been read.
    pub(crate) const fn starting_at(value: u64) -> Self {
        Self {
            value,
            leading: 0,
            significant: 0,
        }
    }

    /// Reads the next float.
    #[inline]
    pub(crate) fn read(&mut self, reader: &mut BitReader<'_>) -> Result<(), EndOfBits> {
        reader.refill();
        let window = reader.peek();
        match window >> 62 {
            0 | 1 => return reader.consume(1),
            2 => reader.consume(2)?,
            _ => {
                self.leading = (window << 2 >> 59) as u32;
                let significant = (window << 7 >> 58) as u32;
                self.significant = if significant == 0 { 64 } else { significant };
                reader.consume(13)?;
            }
        }
        let xor = reader.read(self.significant)?;
        let shift = 64u32.saturating_sub(self.leading + self.significant);
        self.value ^= xor.wrapping_shl(shift);
        Ok(())
    }
}

/// The float that was written last, and where its significant bits were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct XorWriter {
    value: u64,
    leading: u8,
    trailing: u8,
}

impl XorWriter {
    /// Before anything but the first float has been written.
    pub(crate) const fn starting_at(value: u64) -> Self {
        Self {
            value,
            leading: NO_WINDOW,
            trailing: 0,
        }
    }

    /// Writes the next float.
    pub(crate) fn write(&mut self, writer: &mut BitWriter, value: u64) {
        let xor = value ^ self.value;
        self.value = value;
        write_xor(writer, (0, 0), xor, &mut self.leading, &mut self.trailing);
    }
}

/// Writes bits, 24 at most, and the difference of a float to its predecessor, whose window of
/// significant bits is used if the difference fits into it. All at once where there is room: a write
/// has to wait for the one before.
#[inline]
pub(crate) fn write_xor(
    writer: &mut BitWriter,
    (front, front_bits): (u64, u8),
    xor: u64,
    leading: &mut u8,
    trailing: &mut u8,
) {
    if xor == 0 {
        writer.write(front << 1, front_bits + 1);
        return;
    }
    let zeros = xor.leading_zeros().min(31).to_le_bytes()[0];
    let behind = xor.trailing_zeros().to_le_bytes()[0];
    let (mark, mark_bits) = if *leading != NO_WINDOW && zeros >= *leading && behind >= *trailing {
        (front << 2 | 0b10, front_bits + 2)
    } else {
        *leading = zeros;
        *trailing = behind;
        let significant = u64::from(64 - zeros - behind) & 63;
        let mark = 0b11 << 11 | u64::from(zeros) << 6 | significant;
        (front << 13 | mark, front_bits + 13)
    };
    let (value, value_bits) = (xor >> *trailing, 64 - *leading - *trailing);
    if mark_bits + value_bits <= 64 {
        writer.write(mark << value_bits | value, mark_bits + value_bits);
    } else {
        writer.write(mark, mark_bits);
        writer.write(value, value_bits);
    }
}

/// Number of leading zeros while no window of significant bits has been written.
pub(crate) const NO_WINDOW: u8 = 0xff;
