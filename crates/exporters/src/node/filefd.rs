//! How many files are open: `/proc/sys/fs/file-nr`.

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const PATH: &str = "sys/fs/file-nr";
const ALLOCATED: Description = gauge(
    "node_filefd_allocated",
    "File descriptor statistics: allocated.",
);
const MAXIMUM: Description = gauge(
    "node_filefd_maximum",
    "File descriptor statistics: maximum.",
);

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    let (allocated, maximum) = parse(&sources.proc(PATH)?)
        .ok_or_else(|| CollectorError::malformed(PATH, "expected three numbers"))?;
    families.push(&ALLOCATED, &[], allocated);
    families.push(&MAXIMUM, &[], maximum);
    Ok(())
}

/// Allocated and largest number; the second of the three is always zero and not told.
fn parse(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    let allocated = numbers.next()?.ok()?;
    let _unused = numbers.next()?.ok()?;
    Some((allocated, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_third_number() {
        for (text, expected) in [
            ("64\t0\t1024\n", Some((64.0, 1024.0))),
            ("64 0", None),
            ("64 x 1024", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
