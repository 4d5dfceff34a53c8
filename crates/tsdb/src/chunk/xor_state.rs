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
        write_xor(writer, xor, &mut self.leading, &mut self.trailing);
    }
}

/// Writes the difference of a float to its predecessor, whose window of significant bits is used if
/// the difference fits into it.
#[inline]
pub(crate) fn write_xor(writer: &mut BitWriter, xor: u64, leading: &mut u8, trailing: &mut u8) {
    if xor == 0 {
        writer.write(0, 1);
        return;
    }
    let zeros = xor.leading_zeros().min(31).to_le_bytes()[0];
    let behind = xor.trailing_zeros().to_le_bytes()[0];
    if *leading != NO_WINDOW && zeros >= *leading && behind >= *trailing {
        writer.write(0b10, 2);
    } else {
        *leading = zeros;
        *trailing = behind;
        let significant = u64::from(64 - zeros - behind) & 63;
        writer.write(0b11 << 11 | u64::from(zeros) << 6 | significant, 13);
    }
    writer.write(xor >> *trailing, 64 - *leading - *trailing);
}

/// Number of leading zeros while no window of significant bits has been written.
pub(crate) const NO_WINDOW: u8 = 0xff;
