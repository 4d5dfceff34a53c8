//! The contents of `!!binary` scalars.

/// Bytes of base64 text in the standard alphabet with padding; white space is skipped.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let unpadded = symbols
        .strip_suffix(b"=")
        .map(|s| s.strip_suffix(b"=").unwrap_or(s));
    let mut bytes = Vec::with_capacity(symbols.len());
    for group in unpadded.unwrap_or(&symbols).chunks(4) {
        let bits = group
            .iter()
            .try_fold(0_u32, |bits, &b| Some(bits << 6 | symbol_bits(b)?))?;
        let missing = 4 - group.len();
        let all = (bits << (6 * missing)).to_be_bytes();
        bytes.extend_from_slice(all.get(1..4 - missing)?);
    }
    Some(bytes)
}

fn symbol_bits(symbol: u8) -> Option<u32> {
    let bits = match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        let cases: [(&str, Option<&[u8]>); 7] = [
            ("", Some(b"")),
            ("/w==", Some(b"\xff")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9v YmFy\n", Some(b"foobar")),
            ("/w==$1", None),
            ("Zm9", None),
        ];
        for (text, want) in cases {
            assert_eq!(from_base64(text).as_deref(), want, "{text}");
        }
    }
}
