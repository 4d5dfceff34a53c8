//! The XOR2 encoding of floats: one run of bits says of time and value together whether they went on
//! as before, and stale markers take no value. Layout: `docs/formats/chunks.md`.

use model::value::{STALE, is_stale};
use storage::SampleBuffer;

use super::bitstream::{BitReader, EndOfBits};
use super::start_timestamps::StartTimestamps;
use super::xor::count_of;
use super::{ChunkError, Stop};
use crate::wire::Cursor;

/// Decodes all samples of a chunk, adding them to `buffer`, without their start timestamps.
///
/// # Errors
/// The bytes end before the last sample that they promise, or times do not rise. What was read
/// until then is in the buffer.
pub fn decode(bytes: &[u8], buffer: &mut SampleBuffer) -> Result<(), ChunkError> {
    let promised = usize::from(count_of(bytes));
    if promised == 0 {
        return Ok(());
    }
    let before = buffer.len();
    let (times, values) = buffer.columns_mut();
    times.resize(before + promised, 0);
    values.resize(before + promised, 0.0);
    let mut slots = times.iter_mut().zip(values.iter_mut()).skip(before);
    let (read, outcome) = fill(bytes.get(2..).unwrap_or_default(), &mut slots);
    times.truncate(before + read);
    values.truncate(before + read);
    outcome.map_err(|stop| stop.after(read, promised))
}

/// Decodes samples from behind the count into slots. Returns how many were filled.
fn fill<'s>(
    bytes: &[u8],
    slots: &mut impl Iterator<Item = (&'s mut i64, &'s mut f64)>,
) -> (usize, Result<(), Stop>) {
    let Some((time, value)) = slots.next() else {
        return (0, Ok(()));
    };
    let Some((first_time, first_value, rest, starts)) = first(bytes) else {
        return (0, Err(Stop::End));
    };
    (*time, *value) = (first_time, first_value);
    let Some((time, value)) = slots.next() else {
        return (1, Ok(()));
    };
    let mut cursor = Cursor::new(rest);
    let Ok(delta) = cursor.uvarint() else {
        return (1, Err(Stop::End));
    };
    let mut decoder = Decoder {
        reader: BitReader::new(cursor.rest()),
        starts,
        time: first_time,
        delta: delta.cast_signed(),
        // A stale marker is nothing that a value is compared to.
        baseline: match is_stale(first_value) {
            true => 0,
            false => first_value.to_bits(),
        },
        leading: 0,
        significant: 64,
    };
    match decoder.second() {
        Ok(sample) => (*time, *value) = sample,
        Err(stop) => return (1, Err(stop)),
    }
    let mut read = 2;
    for (time, value) in slots {
        match decoder.next(read) {
            Ok(sample) => (*time, *value) = sample,
            Err(stop) => return (read, Err(stop)),
        }
        read += 1;
    }
    (read, Ok(()))
}

/// Time and value of the first sample, which is in whole bytes; what is behind it, and what the
/// header says of start timestamps.
fn first(bytes: &[u8]) -> Option<(i64, f64, &[u8], StartTimestamps)> {
    let mut cursor = Cursor::new(bytes);
    let starts = StartTimestamps::of_header(cursor.u8().ok()?);
    let time = cursor.varint().ok()?;
    let value = f64::from_bits(cursor.u64().ok()?);
    if starts.first_is_known() {
        cursor.varint().ok()?;
    }
    Some((time, value, cursor.rest(), starts))
}

struct Decoder<'a> {
    reader: BitReader<'a>,
    starts: StartTimestamps,
    time: i64,
    delta: i64,
    /// Bits of the last value that is no stale marker.
    baseline: u64,
    leading: u32,
    significant: u32,
}

impl Decoder<'_> {
    #[inline]
    fn second(&mut self) -> Result<(i64, f64), Stop> {
        self.reader.refill();
        let value = self.read_value()?;
        self.advance(1)?;
        Ok((self.time, value))
    }

    #[inline]
    fn next(&mut self, index: usize) -> Result<(i64, f64), Stop> {
        self.reader.refill();
        let value = match self.reader.peek().leading_ones() {
            0 => {
                self.reader.consume(1)?;
                f64::from_bits(self.baseline)
            }
            1 => {
                self.reader.consume(2)?;
                self.read_other_value()?
            }
            2 => {
                self.reader.consume(3)?;
                self.read_delta_of_delta(13)?;
                self.read_value()?
            }
            3 => {
                self.reader.consume(4)?;
                self.read_delta_of_delta(20)?;
                self.read_value()?
            }
            4 => {
                self.reader.consume(5)?;
                self.read_delta_of_delta(64)?;
                self.reader.refill();
                self.read_value()?
            }
            _ => {
                self.reader.consume(5)?;
                STALE
            }
        };
        self.advance(index)?;
        Ok((self.time, value))
    }

    #[inline]
    fn advance(&mut self, index: usize) -> Result<(), Stop> {
        let before = self.time;
        let next = before.checked_add(self.delta);
        self.time = next.filter(|_| self.delta > 0).ok_or(Stop::Unordered)?;
        self.starts.read_next(&mut self.reader, index, before)?;
        Ok(())
    }

    #[inline]
    fn read_delta_of_delta(&mut self, size: u32) -> Result<(), EndOfBits> {
        let bits = self.reader.read_within(size)?;
        // Two's complement in `size` bits.
        let unused = 64 - size;
        let change = (bits << unused).cast_signed() >> unused;
        self.delta = self.delta.wrapping_add(change);
        Ok(())
    }

    /// A value that may be the one before.
    #[inline]
    fn read_value(&mut self) -> Result<f64, EndOfBits> {
        match self.reader.peek().leading_ones() {
            0 => {
                self.reader.consume(1)?;
                Ok(f64::from_bits(self.baseline))
            }
            1 => {
                self.reader.consume(2)?;
                self.read_difference()
            }
            2 => {
                self.reader.consume(3)?;
                self.read_window()?;
                self.read_difference()
            }
            _ => {
                self.reader.consume(3)?;
                Ok(STALE)
            }
        }
    }

    /// A value that is another one than before.
    #[inline]
    fn read_other_value(&mut self) -> Result<f64, EndOfBits> {
        let is_moved = self.reader.peek() >> 63 == 1;
        self.reader.consume(1)?;
        if is_moved {
            self.read_window()?;
        }
        self.read_difference()
    }

    /// Where the significant bits are from now on.
    #[inline]
    fn read_window(&mut self) -> Result<(), EndOfBits> {
        let window = self.reader.peek();
        self.reader.consume(11)?;
        self.leading = (window >> 59) as u32;
        let significant = (window << 5 >> 58) as u32;
        self.significant = if significant == 0 { 64 } else { significant };
        Ok(())
    }

    #[inline]
    fn read_difference(&mut self) -> Result<f64, EndOfBits> {
        let xor = self.reader.read_within(self.significant)?;
        let shift = 64u32.saturating_sub(self.leading + self.significant);
        self.baseline ^= xor.wrapping_shl(shift);
        Ok(f64::from_bits(self.baseline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::bitstream::BitWriter;
    use crate::wire::{put_uvarint, put_varint};

    /// A chunk with these bits behind the second sample, at 0 and 10 with values 1 and 1.
    fn chunk(count: u8, header: u8, bits: &[(u64, u8)]) -> Vec<u8> {
        let mut bytes = vec![0, count, header];
        put_varint(&mut bytes, 0);
        bytes.extend_from_slice(&1.0f64.to_bits().to_be_bytes());
        if header & 0x80 != 0 {
            put_varint(&mut bytes, 7);
        }
        put_uvarint(&mut bytes, 10);
        let mut writer = BitWriter::from_bytes(&bytes);
        writer.write(0, 1);
        for &(value, size) in bits {
            writer.write(value, size);
        }
        writer.into_bytes().into()
    }

    /// Name, bits with their number, time and value.
    type Case = (&'static str, &'static [(u64, u8)], i64, f64);

    #[test]
    fn each_run_of_bits_is_a_sample() {
        let two = 1.0f64.to_bits() ^ 1 << 61;
        let cases: [Case; 7] = [
            ("as before", &[(0, 1)], 20, 1.0),
            ("stale", &[(0b11111, 5)], 20, STALE),
            ("13 bits", &[(0b110 << 13 | 5, 16), (0, 1)], 25, 1.0),
            (
                "13 bits, lower",
                &[(0b110 << 13 | 0x1ffb, 16), (0b111, 3)],
                15,
                STALE,
            ),
            (
                "20 bits",
                &[(0b1110 << 20 | 0x7_ffff, 24), (0, 1)],
                20 + 0x7_ffff,
                1.0,
            ),
            (
                "64 bits",
                &[(0b11110, 5), (1 << 40, 64), (0, 1)],
                20 + (1 << 40),
                1.0,
            ),
            (
                "new window",
                &[(0b10, 2), (1 << 11 | 2 << 6 | 1, 12), (1, 1)],
                20,
                f64::from_bits(two),
            ),
        ];
        for (name, bits, time, value) in cases {
            let mut buffer = SampleBuffer::default();
            decode(&chunk(3, 0, bits), &mut buffer).unwrap();
            assert_eq!(buffer.timestamps(), [0, 10, time], "{name}");
            let found = buffer.values().last().map(|found| found.to_bits());
            assert_eq!(found, Some(value.to_bits()), "{name}");
        }
    }

    #[test]
    fn start_timestamps_are_passed_over() {
        let bits = [
            (0, 1),
            (0b10 << 3 | 3, 5),
            (0, 1),
            (0, 1),
            (0b11111, 5),
            (0, 1),
        ];
        let mut buffer = SampleBuffer::default();
        decode(&chunk(5, 0x82, &bits), &mut buffer).unwrap();
        assert_eq!(buffer.timestamps(), [0, 10, 20, 30, 40]);
        assert!(is_stale(buffer.values()[4]));
    }

    #[test]
    fn what_is_cut_off_or_does_not_rise_is_refused() {
        let whole = chunk(3, 0, &[(0b110 << 13 | 5, 16), (0, 1)]);
        for len in 2..whole.len() {
            let outcome = decode(&whole[..len], &mut SampleBuffer::default());
            assert!(
                matches!(outcome, Err(ChunkError::Truncated { .. })),
                "{len}"
            );
        }
        let back = chunk(3, 0, &[(0b110 << 13 | 0x1ff6, 16), (0, 1)]);
        let outcome = decode(&back, &mut SampleBuffer::default());
        assert_eq!(outcome, Err(ChunkError::Unordered { read: 2 }));
    }
}
