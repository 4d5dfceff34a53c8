//! How many processes run or wait: `/proc/loadavg`.

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const LOADS: [Description; 3] = [
    gauge("node_load1", "1m load average."),
    gauge("node_load5", "5m load average."),
    gauge("node_load15", "15m load average."),
];

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    let loads = parse(&sources.proc("loadavg")?)
        .ok_or_else(|| CollectorError::malformed("loadavg", "expected three numbers"))?;
    for (load, value) in LOADS.iter().zip(loads) {
        families.push(load, &[], value);
    }
    Ok(())
}

/// Averages over 1, 5 and 15 minutes.
fn parse(text: &str) -> Option<[f64; 3]> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_come_first() {
        for (text, expected) in [
            ("0.50 1.25 10.00 2/345 6789\n", Some([0.5, 1.25, 10.0])),
            ("1 2 3", Some([1.0, 2.0, 3.0])),
            ("1 2", None),
            ("1 two 3", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
