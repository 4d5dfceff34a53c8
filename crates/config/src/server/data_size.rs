//! Sizes in bytes as a configuration writes them: `15MB`, `1.5GiB`, `512B`.

/// Units of 1024; upstream reads `KB` and `KiB` as the same.
const UNITS: [(&str, u64); 13] = [
    ("EiB", 1 << 60),
    ("PiB", 1 << 50),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
    ("EB", 1 << 60),
    ("PB", 1 << 50),
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("KB", 1 << 10),
];

/// Reads a size; the error is in upstream's words. The value is negative if the text says so.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits == "0" {
        return Ok(0);
    }
    let invalid = || format!("units: invalid {text}");
    if digits.is_empty() {
        return Err(invalid());
    }
    let mut rest = digits;
    let mut bytes = 0.0_f64;
    while !rest.is_empty() {
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let size = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, size)| *size);
        let size = size.ok_or_else(|| format!("units: unknown unit {unit} in {text}"))?;
        bytes += number * size as f64;
        rest = after;
    }
    // Above 2^53 a size loses its last bytes, which no limit is about.
    if bytes >= i64::MAX as f64 {
        return Err(invalid());
    }
    Ok(if negative {
        -(bytes as i64)
    } else {
        bytes as i64
    })
}

/// Prints a size as upstream does: units from large to small, as in `15MiB` and `1GiB512MiB`.
pub(super) fn format(mut bytes: u64) -> String {
    if bytes == 0 {
        return "0B".to_owned();
    }
    let mut out = String::new();
    for (unit, size) in UNITS.iter().take(7) {
        if bytes >= *size {
            out.push_str(&format!("{}{unit}", bytes / size));
            bytes %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_printed() {
        let cases = [
            ("0", 0, "0B"),
            ("15MB", 15 << 20, "15MiB"),
            ("1.5GiB", 3 << 29, "1GiB512MiB"),
            ("1KiB1B", 1025, "1KiB1B"),
            ("512B", 512, "512B"),
        ];
        for (text, bytes, printed) in cases {
            assert_eq!(parse(text), Ok(bytes), "{text}");
            assert_eq!(format(bytes.unsigned_abs()), printed);
        }
        assert_eq!(parse("-1MB"), Ok(-(1 << 20)));
        for (text, want) in [
            ("100", "units: unknown unit  in 100"),
            ("1XB", "units: unknown unit XB in 1XB"),
            ("", "units: invalid "),
            ("MB", "units: invalid MB"),
            ("99EB", "units: invalid 99EB"),
        ] {
            assert_eq!(parse(text), Err(want.to_owned()), "{text}");
        }
    }
}
