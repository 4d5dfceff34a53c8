//! Sample values: whole numbers on a short way, everything else as Go reads it.

use model::value::NORMAL_NAN_BITS;

/// A value from the start of `bytes` that ends with a blank, a line end or the bytes themselves, and
/// its length. None sends the reader the long way; it does not say that there is no number.
#[inline]
pub(super) fn read_prefix(bytes: &[u8]) -> Option<(f64, usize)> {
    let (mut whole, mut len) = bytes.first_chunk().map_or((0, 0), leading_digits);
    if len == 0 || len == 8 {
        while let Some(byte) = bytes.get(len) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
            len += 1;
        }
    }
    if len > 0 && len <= EXACT_DIGITS && ends_here(bytes, len) {
        return Some((whole as f64, len));
    }
    let (value, len) = fast_float2::parse_partial::<f64, _>(bytes).ok()?;
    (value.is_finite() && ends_here(bytes, len)).then_some((value, len))
}

/// The number that the digits at the start of eight bytes spell, and how many they are.
#[inline]
fn leading_digits(bytes: &[u8; 8]) -> (u64, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The first byte in the lowest place; digits become 0 to 9.
    let values = u64::from_le_bytes(*bytes) ^ (ONES * 0x30);
    let others = (values.wrapping_add(ONES * 0x76) | values) & (ONES * 0x80);
    let bits = others.trailing_zeros() & 0x78;
    if bits == 0 {
        return (0, 0);
    }
    // Zeros in front, then pairs, fours and all eight of them at once.
    let digits = values << (64 - bits);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let whole = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    (whole, (bits / 8) as usize)
}

#[inline]
fn ends_here(bytes: &[u8], len: usize) -> bool {
    matches!(bytes.get(len), None | Some(b'\n' | b' '))
}

/// Whole numbers of so many digits fit into a double exactly.
const EXACT_DIGITS: usize = 15;

/// The number that `text` spells: what Go's `strconv.ParseFloat` takes, without hexadecimal digits
/// and underscores. A number too large for a double is refused, as there.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (sign, word) = match text.split_first() {
        Some((b'+', rest)) => (1.0, rest),
        Some((b'-', rest)) => (-1.0, rest),
        _ => (1.0, text),
    };
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        return Some(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Some(f64::from_bits(NORMAL_NAN_BITS));
    }
    let starts = matches!(word.first(), Some(b'0'..=b'9' | b'.'));
    let value: f64 = starts.then(|| fast_float2::parse(word).ok())??;
    value.is_finite().then_some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let good = [
            ("0", 0.0),
            ("12", 12.0),
            ("+5", 5.0),
            ("-1.5e3", -1500.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e-7", 1e-7),
            ("123456789012345678901234567890", 1.234_567_890_123_456_8e29),
            ("-inf", f64::NEG_INFINITY),
            ("+Inf", f64::INFINITY),
            ("Infinity", f64::INFINITY),
            ("007", 7.0),
        ];
        for (text, want) in good {
            assert_eq!(parse(text.as_bytes()), Some(want), "{text}");
        }
        assert_eq!(parse(b"NaN").map(f64::to_bits), Some(NORMAL_NAN_BITS));
        for text in [
            "", "+", ".", "1e", "1e999", "+NaN", "0x10", "1_0", "--1", "1p2", "1 ", "abc", "+-1",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_long_one() {
        for text in [
            "0",
            "12",
            "999999999999999",
            "1234567890123456789",
            "0.25",
            "-3",
            "1e5",
        ] {
            let line = format!("{text}\n");
            let (value, len) = read_prefix(line.as_bytes()).unwrap();
            assert_eq!((Some(value), len), (parse(text.as_bytes()), text.len()));
        }
        for digits in 1..=15 {
            let text = &"907856341290785"[..digits];
            for behind in ["\n", " 5\n", "\nup 1 2 3\n", ""] {
                let line = format!("{text}{behind}");
                let value = text.parse::<u64>().unwrap() as f64;
                assert_eq!(
                    read_prefix(line.as_bytes()),
                    Some((value, digits)),
                    "{line}"
                );
            }
        }
        for text in ["NaN\n", "+Inf\n", "12x\n", "1e999\n", "\n", ""] {
            assert_eq!(read_prefix(text.as_bytes()), None, "{text}");
        }
    }
}
