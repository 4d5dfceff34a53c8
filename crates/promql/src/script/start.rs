//! Lines of start timestamps in front of a series: `metric{label="value"}@st -1m -2mx3 _`.

use model::Labels;

use super::line::milliseconds;
use super::series::{end_of_metric, parse_labels};

/// Since when each value of a series has counted, in milliseconds from the value's own time; none
/// where nothing is known.
pub(super) type StartOffsets = Vec<Option<i64>>;

/// Reads a line of start timestamps; none if it is another line.
pub(super) fn parse_starts(line: &str) -> Option<Result<(Labels, StartOffsets), String>> {
    let end = end_of_metric(line);
    let (metric, rest) = line.split_at(end);
    let (metric, offsets) = match metric.strip_suffix("@st") {
        Some(metric) => (metric, rest),
        None => (metric, rest.strip_prefix("@st")?),
    };
    if !offsets.starts_with([' ', '\t']) {
        return None;
    }
    let read = || {
        let offsets: Result<Vec<StartOffsets>, String> =
            offsets.split_whitespace().map(parse_item).collect();
        let offsets = offsets.map_err(|error| format!("invalid @st sequence: {error}"))?;
        Ok((parse_labels(metric)?, offsets.concat()))
    };
    Some(read())
}

/// Reads `_`, `_x3`, `-1m`, `-1mx3` or `-1m+30sx3`.
fn parse_item(item: &str) -> Result<StartOffsets, String> {
    let malformed = || format!("invalid ST item {item:?}");
    if item == "_" {
        return Ok(vec![None]);
    }
    if let Some(count) = item.strip_prefix("_x") {
        let count = count.parse().ok().filter(|&count| count > 0);
        return Ok(vec![None; at_most(count).ok_or_else(malformed)?]);
    }
    let (first, rest) = signed_duration(item).ok_or_else(malformed)?;
    let (step, times) = if rest.starts_with(['+', '-']) {
        signed_duration(rest).ok_or_else(malformed)?
    } else {
        (0, rest)
    };
    if rest.is_empty() {
        return Ok(vec![Some(first)]);
    }
    let count = times.strip_prefix('x').and_then(|count| count.parse().ok());
    let count = at_most(count).ok_or_else(malformed)?;
    let offsets = std::iter::successors(Some(first), |&offset| offset.checked_add(step));
    Ok(offsets.take(count + 1).map(Some).collect())
}

fn at_most(count: Option<usize>) -> Option<usize> {
    count.filter(|&count| count <= MAX_REPETITIONS)
}

/// Splits a duration with or without a sign off; `x` is no part of it.
fn signed_duration(text: &str) -> Option<(i64, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.find(|c: char| !c.is_ascii_digit());
    let units = unsigned.get(digits.unwrap_or(unsigned.len())..)?;
    let is_unit = |c: char| c.is_ascii_alphabetic() && c != 'x';
    let rest = units.trim_start_matches(is_unit);
    let duration = unsigned.get(..unsigned.len() - rest.len())?;
    let duration = milliseconds(duration).ok()?;
    Some((
        if text.starts_with('-') {
            -duration
        } else {
            duration
        },
        rest,
    ))
}

/// More repetitions are a mistake.
const MAX_REPETITIONS: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_upstream_reads_them() {
        type Case<'a> = (&'a str, &'a [Option<i64>]);
        let cases: [Case<'_>; 4] = [
            ("m@st -1m 0s 5s", &[Some(-60_000), Some(0), Some(5_000)]),
            (
                "m{a=\"b c\"}@st _ _x2 -1msx1",
                &[None, None, None, Some(-1), Some(-1)],
            ),
            ("m@st -1m+30sx2", &[Some(-60_000), Some(-30_000), Some(0)]),
            ("m@st -1m-30sx1", &[Some(-60_000), Some(-90_000)]),
        ];
        for (line, want) in cases {
            let (_, offsets) = parse_starts(line).unwrap().unwrap();
            assert_eq!(offsets, want, "{line}");
        }
        assert!(parse_starts("m 1 2").is_none());
        for line in ["m@st 1", "m@st _x0", "m@st -1m+30s", "m@st x"] {
            assert!(parse_starts(line).unwrap().is_err(), "{line}");
        }
    }
}
