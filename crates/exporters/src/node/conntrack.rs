//! Connections that the kernel follows: `nf_conntrack`.

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const SIZES: [(&str, Description); 2] = [
    (
        "sys/net/netfilter/nf_conntrack_count",
        gauge(
            "node_nf_conntrack_entries",
            "Number of currently allocated flow entries for connection tracking.",
        ),
    ),
    (
        "sys/net/netfilter/nf_conntrack_max",
        gauge(
            "node_nf_conntrack_entries_limit",
            "Maximum size of connection tracking table.",
        ),
    ),
];
const STATISTICS: &str = "net/stat/nf_conntrack";
/// Columns of the table of statistics, by their heading.
const COLUMNS: [(&str, Description); 8] = [
    (
        "found",
        gauge(
            "node_nf_conntrack_stat_found",
            "Number of searched entries which were successful.",
        ),
    ),
    (
        "invalid",
        gauge(
            "node_nf_conntrack_stat_invalid",
            "Number of packets seen which can not be tracked.",
        ),
    ),
    (
        "ignore",
        gauge(
            "node_nf_conntrack_stat_ignore",
            "Number of packets seen which are already connected to a conntrack entry.",
        ),
    ),
    (
        "insert",
        gauge(
            "node_nf_conntrack_stat_insert",
            "Number of entries inserted into the list.",
        ),
    ),
    (
        "insert_failed",
        gauge(
            "node_nf_conntrack_stat_insert_failed",
            "Number of entries for which list insertion was attempted but failed.",
        ),
    ),
    (
        "drop",
        gauge(
            "node_nf_conntrack_stat_drop",
            "Number of packets dropped due to conntrack failure.",
        ),
    ),
    (
        "early_drop",
        gauge(
            "node_nf_conntrack_stat_early_drop",
            "Number of dropped conntrack entries to make room for new ones, if maximum table size \
             was reached.",
        ),
    ),
    (
        "search_restart",
        gauge(
            "node_nf_conntrack_stat_search_restart",
            "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
        ),
    ),
];

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    for (path, description) in &SIZES {
        // Not there: the module is not loaded.
        let text = sources.proc_if_there(path)?.ok_or(CollectorError::NoData)?;
        let size = text.trim().parse();
        let size = size.map_err(|_| CollectorError::malformed(path, "expected a number"))?;
        families.push(description, &[], size);
    }
    let text = sources.proc(STATISTICS)?;
    let sums = parse(&text).map_err(|problem| CollectorError::malformed(STATISTICS, problem))?;
    for ((_, description), sum) in COLUMNS.iter().zip(sums) {
        #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
        families.push(description, &[], sum as f64);
    }
    Ok(())
}

/// Sums the known columns over the processors, each of which has a line of hexadecimal numbers. A
/// kernel that does not have a column has counted nothing in it.
fn parse(text: &str) -> Result<[u64; COLUMNS.len()], String> {
    let mut lines = text.lines();
    let heading = lines.next().ok_or("no heading")?;
    let known = |word| COLUMNS.iter().position(|(name, _)| *name == word);
    let columns: Vec<_> = heading.split_ascii_whitespace().map(known).collect();
    let mut sums = [0_u64; COLUMNS.len()];
    for line in lines {
        for (column, number) in columns.iter().zip(line.split_ascii_whitespace()) {
            let number = u64::from_str_radix(number, 16).map_err(|_| format!("line {line:?}"))?;
            if let Some(sum) = column.and_then(|column| sums.get_mut(column)) {
                *sum = sum.wrapping_add(number);
            }
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_heading_and_summed() {
        let text = "entries found invalid drop  insert\n\
                    0000ffff 00000001 0000000a 00000000 00000002\n\
                    0000ffff 00000010 00000005 00000001\n";
        assert_eq!(parse(text), Ok([17, 15, 0, 2, 0, 1, 0, 0]));
        assert_eq!(parse("found\n"), Ok([0; 8]));
        assert_eq!(parse("found\nxyz\n"), Err("line \"xyz\"".to_owned()));
        assert_eq!(parse(""), Err("no heading".to_owned()));
    }
}
