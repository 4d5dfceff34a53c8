//! Times on the command line, in seconds since the Unix epoch.

use host::clock::{Clock as _, RealClock};

/// Start, end and step of a range query, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct QueryRange {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) step: f64,
}

/// Reads a Unix timestamp or RFC 3339.
pub(super) fn parse(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let date = || model::date::parse_rfc3339(text).map(|millis| millis as f64 / 1000.0);
    number.or_else(date).ok_or_else(|| {
        let shown = model::quote::quoted(text);
        format!("cannot parse {shown} to a valid timestamp")
    })
}

/// The time that is stated, or now.
pub(super) fn or_now(text: Option<&str>, name: &str) -> Result<f64, String> {
    match text {
        Some(text) => parse(text).map_err(|error| format!("error parsing {name}: {error}")),
        None => Ok(RealClock::default().now_millis() as f64 / 1000.0),
    }
}

/// The range that is stated; five minutes up to now, in at most 250 steps, where nothing is.
pub(super) fn range(
    start: Option<&str>,
    end: Option<&str>,
    step: Option<&str>,
) -> Result<QueryRange, String> {
    let end = or_now(end, "end time")?;
    let start = match start {
        Some(start) => or_now(Some(start), "start time")?,
        None => end - 300.0,
    };
    if start >= end {
        return Err("start time is not before end time".to_owned());
    }
    let step = match step {
        Some(step) => step_seconds(step)?,
        None => 0.0,
    };
    let step = match step == 0.0 {
        true => ((end - start) / 250.0).floor().max(1.0),
        false => step,
    };
    Ok(QueryRange { start, end, step })
}

/// A duration such as `1m30s` and `0.5s`: Go's notation, and days and more.
pub(super) fn step_seconds(text: &str) -> Result<f64, String> {
    if let Ok(duration) = model::duration::parse(text) {
        return Ok(duration.as_secs_f64());
    }
    let fault = || {
        let shown = model::quote::quoted(text);
        format!("time: invalid duration {shown}")
    };
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, after) = rest.split_at(digits.ok_or_else(fault)?);
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
        let number: f64 = number.parse().map_err(|_| fault())?;
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(fault()),
        };
        seconds += number * unit;
        rest = after;
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ranges_are_read() {
        assert_eq!(parse("1435781451.781"), Ok(1_435_781_451.781));
        assert_eq!(parse("2015-07-01T20:10:51.781Z"), Ok(1_435_781_451.781));
        let fault = "cannot parse \"x\" to a valid timestamp";
        assert_eq!(parse("x"), Err(fault.to_owned()));
        let found = range(Some("0"), Some("1000"), None).unwrap();
        assert_eq!(found.step, 4.0);
        let found = range(None, Some("1000"), Some("0.5s")).unwrap();
        assert_eq!((found.start, found.step), (700.0, 0.5));
        assert!(range(Some("5"), Some("5"), None).is_err());
        assert_eq!(step_seconds("1m1.5s"), Ok(61.5));
        assert!(step_seconds("5x").is_err());
    }
}
