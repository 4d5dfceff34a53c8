//! Integers of variable width as histogram chunks have them: a run of ones says how many bits follow.

use super::bitstream::{BitReader, BitWriter, EndOfBits};

/// Takes an unsigned integer.
pub(crate) fn read_unsigned(reader: &mut BitReader<'_>) -> Result<u64, EndOfBits> {
    let size = read_size(reader)?;
    reader.read(size)
}

/// Takes a signed integer: the upper half of a width's range is negative, its middle is not.
pub(crate) fn read_signed(reader: &mut BitReader<'_>) -> Result<i64, EndOfBits> {
    let size = read_size(reader)?;
    let bits = reader.read(size)?;
    if size == 0 || size == 64 || bits <= 1 << (size - 1) {
        return Ok(bits.cast_signed());
    }
    Ok(bits.cast_signed() - (1 << size))
}

fn read_size(reader: &mut BitReader<'_>) -> Result<u32, EndOfBits> {
    reader.refill();
    let ones = reader.peek().leading_ones().min(8);
    // Eight ones need no zero behind them.
    reader.consume((ones + 1).min(8))?;
    Ok(SIZES[ones as usize])
}

/// Writes an unsigned integer.
pub(crate) fn write_unsigned(writer: &mut BitWriter, value: u64) {
    write_in(writer, value, |size| value >> size.min(63) == 0);
}

/// Writes a signed integer.
pub(crate) fn write_signed(writer: &mut BitWriter, value: i64) {
    write_in(writer, value.cast_unsigned(), |size| {
        let half = 1i64 << (size - 1);
        (1 - half..=half).contains(&value)
    });
}

/// Writes bits in the smallest width that they fit into.
fn write_in(writer: &mut BitWriter, bits: u64, fits: impl Fn(u32) -> bool) {
    if bits == 0 {
        writer.write(0, 1);
        return;
    }
    // Ones, then a zero, and the number of both together.
    let mut prefix = (0b10u64, 2u8);
    for &size in SIZES.iter().take(8).skip(1) {
        if fits(size) {
            writer.write(prefix.0, prefix.1);
            writer.write(bits & (u64::MAX >> (64 - size)), size.to_le_bytes()[0]);
            return;
        }
        prefix = (prefix.0 << 1 | 0b10, prefix.1 + 1);
    }
    writer.write(0xff, 8);
    writer.write(bits, 64);
}

/// Bits that follow a run of so many ones.
const SIZES: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::bitstream::BitWriter;

    #[test]
    fn widths_follow_from_the_ones_in_front() {
        // (prefix, its bits, content, its bits, unsigned, signed)
        let cases: [(u64, u8, u64, u8, u64, i64); 9] = [
            (0b0, 1, 0, 0, 0, 0),
            (0b10, 2, 0b100, 3, 4, 4),
            (0b10, 2, 0b101, 3, 5, -3),
            (0b110, 3, 32, 6, 32, 32),
            (0b110, 3, 33, 6, 33, -31),
            (
                0b1111_1110,
                8,
                (1 << 55) + 1,
                56,
                (1 << 55) + 1,
                -((1 << 55) - 1),
            ),
            (0b111_1110, 7, 1, 25, 1, 1),
            (0b1111_1111, 8, u64::MAX, 64, u64::MAX, -1),
            (0b11_1110, 6, 1 << 17, 18, 1 << 17, 1 << 17),
        ];
        for (prefix, prefix_size, content, size, unsigned, signed) in cases {
            let mut writer = BitWriter::default();
            writer.write(prefix, prefix_size);
            if size > 0 {
                writer.write(content, size);
            }
            let reader = || BitReader::new(writer.bytes());
            assert_eq!(read_unsigned(&mut reader()), Ok(unsigned));
            assert_eq!(read_signed(&mut reader()), Ok(signed));
            let mut again = BitWriter::default();
            write_signed(&mut again, signed);
            let mut back = BitReader::new(again.bytes());
            assert_eq!(read_signed(&mut back), Ok(signed));
            let mut again = BitWriter::default();
            write_unsigned(&mut again, unsigned);
            let mut back = BitReader::new(again.bytes());
            assert_eq!(read_unsigned(&mut back), Ok(unsigned));
        }
        assert_eq!(read_signed(&mut BitReader::new(&[0xff])), Err(EndOfBits));
    }
}
