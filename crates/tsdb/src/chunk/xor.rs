//! The XOR encoding: two bytes of sample count, then times as deltas of deltas and values XORed
//! with their predecessors, after Facebook's Gorilla. Layout: `docs/formats/chunks.md`.

use storage::SampleBuffer;

use super::bitstream::{BitReader, BitWriter, EndOfBits};
use super::xor_state::{NO_WINDOW, write_xor};
use super::{ChunkError, Stop};
use crate::wire::{Cursor, put_uvarint, put_varint};

/// An open chunk: the bytes so far, and what the next sample is encoded against.
#[derive(Clone, Debug)]
pub struct XorAppender {
    writer: BitWriter,
    time: i64,
    delta: u64,
    value: u64,
    leading: u8,
    trailing: u8,
    /// Beside the bytes and not only in them: the start of the chunk is rarely in the cache.
    count: u16,
}

impl Default for XorAppender {
    fn default() -> Self {
        Self::new()
    }
}

impl XorAppender {
    /// An empty chunk, without memory of its own before the first sample.
    pub fn new() -> Self {
        Self::behind(i64::MIN)
    }

    /// An empty chunk that says of a time that it was the last one.
    pub(crate) fn behind(time: i64) -> Self {
        let writer = BitWriter::default();
        Self {
            writer,
            time,
            delta: 0,
            value: 0,
            leading: NO_WINDOW,
            trailing: 0,
            count: 0,
        }
    }

    /// Takes up a finished chunk where it ended; its samples go into `buffer`, which is empty.
    pub(crate) fn resume(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<Self, ChunkError> {
        let count = count_of(bytes);
        let body = bytes.get(2..).unwrap_or_default();
        // A single sample takes whole bytes and has no window of significant bits.
        let (mut written, mut leading, mut trailing) = (bytes.len() * 8, NO_WINDOW, 0);
        decode_with(count, body, buffer, |decoder| {
            written = (bytes.len() * 8).saturating_sub(decoder.reader.unread_bits());
            if decoder.significant > 0 {
                let behind = 64u32.saturating_sub(decoder.leading + decoder.significant);
                leading = decoder.leading.to_le_bytes()[0];
                trailing = behind.to_le_bytes()[0];
            }
        })?;
        let times = buffer.timestamps();
        let [.., time] = *times else {
            return Ok(Self::new());
        };
        let before = times.len().checked_sub(2).and_then(|at| times.get(at));
        let delta = before.map_or(0, |before| time.wrapping_sub(*before));
        if count == 1 {
            let mut alone = Self::new();
            alone.append(time, buffer.values().first().copied().unwrap_or_default());
            return Ok(alone);
        }
        Ok(Self {
            writer: BitWriter::resume(bytes, written),
            time,
            delta: delta.cast_unsigned(),
            value: buffer.values().last().map_or(0, |value| value.to_bits()),
            leading,
            trailing,
            count,
        })
    }

    /// Number of samples.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Time of the last sample; while there is none, the earliest that there is.
    pub fn last_time(&self) -> i64 {
        self.time
    }

    /// Value of the last sample; meaningless while there is none.
    pub fn last_value(&self) -> f64 {
        f64::from_bits(self.value)
    }

    /// The samples as bytes. The count in front is only right in a finished chunk; until then
    /// [`count`](Self::count) has it.
    pub fn bytes(&self) -> &[u8] {
        self.writer.bytes()
    }

    /// Takes the finished chunk out and leaves an empty one.
    pub fn take(&mut self) -> Box<[u8]> {
        let mut finished = std::mem::take(self);
        set_count(finished.writer.bytes_mut(), finished.count);
        finished.writer.into_bytes()
    }

    /// Adds a sample later than the last one. A chunk holds 65,535 samples at most; the head cuts
    /// long before.
    pub fn append(&mut self, time: i64, value: f64) {
        let bits = value.to_bits();
        match self.count {
            0 => self.first(time, bits),
            1 => self.second(time, bits),
            _ => {
                let delta = time.wrapping_sub(self.time).cast_unsigned();
                let front = self.front(delta.wrapping_sub(self.delta).cast_signed());
                self.delta = delta;
                self.write_value(front, bits);
            }
        }
        self.time = time;
        self.value = bits;
        self.count = self.count.wrapping_add(1);
    }

    fn first(&mut self, time: i64, bits: u64) {
        let mut bytes = vec![0, 0];
        put_varint(&mut bytes, time);
        bytes.extend_from_slice(&bits.to_be_bytes());
        self.writer = BitWriter::from_bytes(&bytes);
    }

    fn second(&mut self, time: i64, bits: u64) {
        self.delta = time.wrapping_sub(self.time).cast_unsigned();
        let mut varint = Vec::with_capacity(8);
        put_uvarint(&mut varint, self.delta);
        for byte in varint {
            self.writer.write(u64::from(byte), 8);
        }
        self.write_value((0, 0), bits);
    }

    /// The bits that stand for a difference of deltas, and how many they are; of the longest form,
    /// which is written at once, none.
    #[inline]
    fn front(&mut self, dod: i64) -> (u64, u8) {
        let bits = dod.cast_unsigned();
        match dod {
            0 => (0, 1),
            -0x1fff..=0x2000 => (0b10 << 14 | bits & 0x3fff, 16),
            -0xffff..=0x1_0000 => (0b110 << 17 | bits & 0x1_ffff, 20),
            -0x7_ffff..=0x8_0000 => (0b1110 << 20 | bits & 0xf_ffff, 24),
            _ => {
                self.writer.write(0b1111, 4);
                self.writer.write(bits, 64);
                (0, 0)
            }
        }
    }

    #[inline]
    fn write_value(&mut self, front: (u64, u8), bits: u64) {
        let xor = bits ^ self.value;
        let Self {
            writer,
            leading,
            trailing,
            ..
        } = self;
        write_xor(writer, front, xor, leading, trailing);
    }
}

/// Number of samples in a chunk.
pub fn count_of(bytes: &[u8]) -> u16 {
    bytes
        .first_chunk::<2>()
        .map_or(0, |header| u16::from_be_bytes(*header))
}

/// Writes the count in front of a chunk.
pub(crate) fn set_count(bytes: &mut [u8], count: u16) {
    if let Some(header) = bytes.first_chunk_mut::<2>() {
        *header = count.to_be_bytes();
    }
}

/// Decodes all samples of a finished chunk, adding them to `buffer`.
///
/// # Errors
/// The bytes end before the last sample that they promise, or times do not rise. What was read
/// until then is in the buffer.
pub fn decode(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    decode_first(count_of(bytes), bytes, buffer)
}

/// Decodes the first `count` samples of a chunk, whatever the count in front says.
pub(crate) fn decode_first(
    count: u16,
    bytes: &[u8],
    buffer: &mut SampleBuffer,
) -> Result<(), ChunkError> {
    let bytes = bytes.get(2..).unwrap_or_default();
    decode_with(count, bytes, buffer, |_| {})
}

/// Decodes `count` samples from behind the count in front; `at_end` sees where that ended.
#[inline(always)]
fn decode_with(
    count: u16,
    bytes: &[u8],
    buffer: &mut SampleBuffer,
    at_end: impl FnMut(&Decoder<'_>),
) -> Result<(), ChunkError> {
    let promised = usize::from(count);
    if promised == 0 {
        return Ok(());
    }
    let before = buffer.len();
    let (times, values) = buffer.columns_mut();
    // Room for all at once: a check of the capacity for each would cost as much as the rest.
    times.resize(before + promised, 0);
    values.resize(before + promised, 0.0);
    let mut slots = times.iter_mut().zip(values.iter_mut()).skip(before);
    let (read, outcome) = fill(bytes, &mut slots, at_end);
    times.truncate(before + read);
    values.truncate(before + read);
    outcome.map_err(|stop| stop.after(read, promised))
}

/// Decodes samples from behind the count into slots. Returns how many were filled.
#[inline(always)]
fn fill<'s>(
    bytes: &[u8],
    slots: &mut impl Iterator<Item = (&'s mut i64, &'s mut f64)>,
    mut at_end: impl FnMut(&Decoder<'_>),
) -> (usize, Result<(), Stop>) {
    let mut cursor = Cursor::new(bytes);
    let Some((time, value)) = slots.next() else {
        return (0, Ok(()));
    };
    let (Ok(first_time), Ok(first_bits)) = (cursor.varint(), cursor.u64()) else {
        return (0, Err(Stop::End));
    };
    (*time, *value) = (first_time, f64::from_bits(first_bits));
    let Some((time, value)) = slots.next() else {
        return (1, Ok(()));
    };
    let Ok(delta) = cursor.uvarint() else {
        return (1, Err(Stop::End));
    };
    let mut decoder = Decoder {
        reader: BitReader::new(cursor.rest()),
        time: first_time,
        delta: delta.cast_signed(),
        value: first_bits,
        leading: 0,
        significant: 0,
    };
    if let Err(stop) = decoder.second() {
        return (1, Err(stop));
    }
    (*time, *value) = (decoder.time, f64::from_bits(decoder.value));
    let mut read = 2;
    for (time, value) in slots {
        if let Err(stop) = decoder.next() {
            return (read, Err(stop));
        }
        (*time, *value) = (decoder.time, f64::from_bits(decoder.value));
        read += 1;
    }
    at_end(&decoder);
    (read, Ok(()))
}

/// Everything in here is inlined, so that it lives in registers.
struct Decoder<'a> {
    reader: BitReader<'a>,
    time: i64,
    delta: i64,
    value: u64,
    leading: u32,
    significant: u32,
}

impl Decoder<'_> {
    #[inline(always)]
    fn second(&mut self) -> Result<(), Stop> {
        self.reader.refill();
        self.read_value()?;
        self.advance()
    }

    #[inline(always)]
    fn next(&mut self) -> Result<(), Stop> {
        self.reader.refill();
        self.read_delta_of_delta()?;
        self.read_value()?;
        self.advance()
    }

    #[inline(always)]
    fn advance(&mut self) -> Result<(), Stop> {
        let next = self.time.checked_add(self.delta);
        self.time = next.filter(|_| self.delta > 0).ok_or(Stop::Unordered)?;
        Ok(())
    }

    /// At least 32 of the window's bits are unread afterwards, or the stream is at its end.
    #[inline(always)]
    fn read_delta_of_delta(&mut self) -> Result<(), EndOfBits> {
        let window = self.reader.peek();
        let (prefix, size) = match window.leading_ones() {
            0 => return self.reader.consume(1),
            1 => (2, 14),
            2 => (3, 17),
            3 => (4, 20),
            _ => {
                self.reader.consume(4)?;
                let change = self.reader.read(64)?.cast_signed();
                self.delta = self.delta.wrapping_add(change);
                self.reader.refill();
                return Ok(());
            }
        };
        let bits = window << prefix >> (64 - size);
        self.reader.consume(prefix + size)?;
        // The upper half of the range is negative; the middle itself is not.
        let wrap = if bits > 1 << (size - 1) {
            1i64 << size
        } else {
            0
        };
        self.delta = self.delta.wrapping_add(bits.cast_signed() - wrap);
        Ok(())
    }

    #[inline(always)]
    fn read_value(&mut self) -> Result<(), EndOfBits> {
        let window = self.reader.peek();
        if window >> 63 == 0 {
            return self.reader.consume(1);
        }
        // Whether the significant bits have moved is a guess that the processor often gets wrong:
        // both answers are at hand, and nothing branches.
        let moved = window >> 62 == 3;
        let leading = (window << 2 >> 59) as u32;
        let significant = (window << 7 >> 58) as u32;
        let significant = if significant == 0 { 64 } else { significant };
        self.leading = if moved { leading } else { self.leading };
        self.significant = if moved { significant } else { self.significant };
        self.reader.consume(if moved { 13 } else { 2 })?;
        let xor = self.reader.read_within(self.significant)?;
        let shift = 64u32.saturating_sub(self.leading + self.significant);
        self.value ^= xor.wrapping_shl(shift);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
