//! A float that is stored as the difference of its bits to those of its predecessor.

use super::bitstream::{BitReader, EndOfBits};

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
