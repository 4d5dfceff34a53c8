//! Durations in Prometheus' grammar: `1h30m`, `5ms`, `1d`; whole numbers with units in falling
//! order, each at most once.

use std::time::Duration;

/// The text is not a duration.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DurationError {
    /// Nothing there.
    #[error("empty duration string")]
    Empty,
    /// Not in the grammar.
    #[error("not a valid duration string: {0:?}")]
    Malformed(String),
    /// A unit that there is not.
    #[error("unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The letters that stand for one.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// Over 292 years.
    #[error("duration out of range")]
    OutOfRange,
}

/// Units with their milliseconds, in the order in which they may appear.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Largest duration in milliseconds: what Go's `time.Duration` holds in nanoseconds.
const MAX_MILLIS: u64 = i64::MAX as u64 / 1_000_000;

/// Reads a duration such as `1h30m`, and `0`.
///
/// # Errors
/// The text is empty, outside the grammar, or over 292 years.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(Duration::ZERO),
        _ => {}
    }
    let malformed = || DurationError::Malformed(text.to_owned());
    let mut rest = text;
    let mut next_unit = 0;
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(|b| !b.is_ascii_digit()).count();
        let (unit, after) = after.split_at(letters);
        if number.is_empty() || unit.is_empty() {
            return Err(malformed());
        }
        let known = UNITS.iter().position(|(name, _)| *name == unit);
        let index = known.ok_or_else(|| DurationError::UnknownUnit {
            unit: unit.to_owned(),
            text: text.to_owned(),
        })?;
        if index < next_unit {
            return Err(malformed());
        }
        let count: u64 = number.parse().map_err(|_| DurationError::OutOfRange)?;
        millis = count
            .checked_mul(UNITS[index].1)
            .and_then(|part| millis.checked_add(part))
            .filter(|&sum| sum <= MAX_MILLIS)
            .ok_or(DurationError::OutOfRange)?;
        next_unit = index + 1;
        rest = after;
    }
    Ok(Duration::from_millis(millis))
}

/// Prints a duration as Prometheus does: years, weeks and days only where they divide what is left
/// (`1d`, but `25h`), and `0s` for none.
pub fn format(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, size) in UNITS {
        let exact_only = matches!(unit, "y" | "w" | "d");
        if exact_only && !millis.is_multiple_of(size) {
            continue;
        }
        let count = millis / size;
        if count > 0 {
            out.push_str(&count.to_string());
            out.push_str(unit);
            millis -= count * size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_grammar() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("324ms", 324),
            ("3s", 3_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("4d", 345_600_000),
            ("4d1h", 349_200_000),
            ("3w", 1_814_400_000),
            ("10y", 315_360_000_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "1", "1y1m1d", "-1w", "1.5d", "d", "1s1s", "294y", "5 m"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let unknown = parse("5y1hs").unwrap_err().to_string();
        assert_eq!(unknown, r#"unknown unit "hs" in duration "5y1hs""#);
    }

    #[test]
    fn prints_what_prometheus_prints() {
        let cases = [
            ("0s", "0s"),
            ("25h", "25h"),
            ("24h", "1d"),
            ("7d", "1w"),
            ("90m", "1h30m"),
        ];
        for (text, want) in cases {
            assert_eq!(format(parse(text).unwrap()), want);
        }
        assert_eq!(format(Duration::from_millis(1_001)), "1s1ms");
    }
}
