//! Bits, highest first, in bytes: a writer that grows a buffer and a reader that takes words.

/// Writes bits behind the bytes of a chunk. What is allocated and not written yet is zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Box<[u8]>,
    /// Bits that were written.
    bits: usize,
}

impl BitWriter {
    /// Starts with whole bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self::resume(bytes, bytes.len() * 8)
    }

    /// Goes on behind so many bits of these bytes.
    pub(crate) fn resume(bytes: &[u8], bits: usize) -> Self {
        let whole = bytes.get(..bits.div_ceil(8)).unwrap_or(bytes);
        let bits = bits.min(whole.len() * 8);
        let size = (whole.len() + ONE_WRITE).next_multiple_of(FIRST);
        let mut own = Vec::with_capacity(size);
        own.extend_from_slice(whole);
        if let Some(last) = own.last_mut() {
            *last &= u8::MAX << (whole.len() * 8 - bits).min(7);
        }
        own.resize(size, 0);
        Self {
            bytes: own.into_boxed_slice(),
            bits,
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        let whole = self.bits.div_ceil(8);
        self.bytes.get(..whole).unwrap_or_default()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let whole = self.bits.div_ceil(8);
        self.bytes.get_mut(..whole).unwrap_or_default()
    }

    pub(crate) fn into_bytes(self) -> Box<[u8]> {
        let mut bytes = self.bytes.into_vec();
        bytes.truncate(self.bits.div_ceil(8));
        bytes.into_boxed_slice()
    }

    /// Writes the low `count` bits of `value`; `count` is at most 64.
    #[inline]
    pub(crate) fn write(&mut self, value: u64, count: u8) {
        debug_assert!((1..=64).contains(&count), "a write has 1 to 64 bits");
        let (at, shift) = (self.bits / 8, self.bits % 8);
        if self.bytes.len() < at + ONE_WRITE {
            self.grow();
        }
        let highest_first = value << (64 - u32::from(count));
        let room = self.bytes.get_mut(at..at + ONE_WRITE);
        if let Some((word, [behind, ..])) = room.and_then(<[u8]>::split_first_chunk_mut::<8>) {
            // No more than is needed of what was just written: the processor would have to wait.
            let begun = u64::from(word[0]) << 56;
            *word = (begun | highest_first >> shift).to_be_bytes();
            // Twice, for a shift by 64 is none.
            *behind = (highest_first << (7 - shift) << 1).to_le_bytes()[0];
        }
        self.bits += usize::from(count);
    }

    /// Grows in small steps, because a million of these are open at once and doubling would waste a
    /// quarter of them.
    #[cold]
    fn grow(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        bytes.reserve_exact(GROWTH);
        bytes.resize(bytes.len() + GROWTH, 0);
        self.bytes = bytes.into_boxed_slice();
    }
}

/// Bytes that one write may touch.
const ONE_WRITE: usize = 9;
/// Bytes that an open chunk begins with: enough for good if its values hardly change.
const FIRST: usize = 48;
/// Bytes by which an open chunk grows: a chunk of 120 samples does so three times.
const GROWTH: usize = 96;

/// Reads bits through a 64-bit window that is filled a word at a time.
#[derive(Clone, Debug)]
pub(crate) struct BitReader<'a> {
    rest: &'a [u8],
    /// Unread bits, highest first; below the `valid` highest, everything is zero.
    window: u64,
    valid: u32,
}

/// The stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndOfBits;

impl<'a> BitReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            window: 0,
            valid: 0,
        }
    }

    /// Bits that were not read.
    pub(crate) fn unread_bits(&self) -> usize {
        self.rest.len() * 8 + self.valid as usize
    }

    /// Fills the window to at least 56 valid bits, as far as there are bytes.
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        if let Some(word) = self.rest.first_chunk::<8>() {
            let taken = (63 - self.valid) / 8;
            let word = u64::from_be_bytes(*word) & !(u64::MAX >> (8 * taken));
            self.window |= word >> self.valid;
            self.valid += 8 * taken;
            self.rest = self.rest.get(taken as usize..).unwrap_or_default();
        } else {
            self.refill_slowly();
        }
    }

    /// Less than a word is left.
    #[inline(always)]
    fn refill_slowly(&mut self) {
        while self.valid <= 56
            && let Some((&byte, rest)) = self.rest.split_first()
        {
            self.window |= u64::from(byte) << (56 - self.valid);
            self.valid += 8;
            self.rest = rest;
        }
    }

    /// The unread bits, highest first, zeros behind the end of the stream. Up to 56 of them are
    /// meant after a [`refill`](Self::refill).
    #[inline]
    pub(crate) const fn peek(&self) -> u64 {
        self.window
    }

    /// Drops `count` bits, at most 56, that [`peek`](Self::peek) showed.
    #[inline(always)]
    pub(crate) fn consume(&mut self, count: u32) -> Result<(), EndOfBits> {
        self.valid = self.valid.checked_sub(count).ok_or(EndOfBits)?;
        self.window <<= count;
        Ok(())
    }

    /// Takes up to 64 bits, filling the window only if it has too few.
    #[inline(always)]
    pub(crate) fn read_within(&mut self, count: u32) -> Result<u64, EndOfBits> {
        // Without bits wanted, the difference is large, too.
        if count.wrapping_sub(1) >= self.valid.min(56) {
            return self.read(count);
        }
        let value = self.window >> (64 - count);
        self.consume(count)?;
        Ok(value)
    }

    /// Takes up to 64 bits.
    #[inline(always)]
    pub(crate) fn read(&mut self, count: u32) -> Result<u64, EndOfBits> {
        self.refill();
        if count <= 56 {
            let value = if count == 0 {
                0
            } else {
                self.window >> (64 - count)
            };
            self.consume(count)?;
            return Ok(value);
        }
        let high = self.window >> 32;
        self.consume(32)?;
        self.refill();
        let low_count = count - 32;
        let low = self.window >> (64 - low_count);
        self.consume(low_count)?;
        Ok(high << low_count | low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_come_back(parts in prop::collection::vec((any::<u64>(), 1u8..=64), 0..200)) {
            let mut writer = BitWriter::default();
            for &(value, count) in &parts {
                writer.write(value, count);
            }
            let mut reader = BitReader::new(writer.bytes());
            for &(value, count) in &parts {
                let mask = u64::MAX >> (64 - u32::from(count));
                prop_assert_eq!(reader.read(u32::from(count)), Ok(value & mask));
            }
            prop_assert_eq!(reader.read(8), Err(EndOfBits));
        }
    }
}
