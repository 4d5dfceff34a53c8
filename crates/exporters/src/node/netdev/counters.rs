//! The counters of a network device under the kernel's names, and under those of `/proc/net/dev`.

use host::kernel::LinkStatistics;

/// Names with values.
pub(crate) type Counters = Vec<(&'static str, u64)>;

/// All counters of a link under the kernel's names.
pub(crate) fn of_link(link: &LinkStatistics) -> Counters {
    vec![
        ("receive_packets", link.receive_packets),
        ("transmit_packets", link.transmit_packets),
        ("receive_bytes", link.receive_bytes),
        ("transmit_bytes", link.transmit_bytes),
        ("receive_errors", link.receive_errors),
        ("transmit_errors", link.transmit_errors),
        ("receive_dropped", link.receive_dropped),
        ("transmit_dropped", link.transmit_dropped),
        ("multicast", link.multicast),
        ("collisions", link.collisions),
        ("receive_length_errors", link.receive_length_errors),
        ("receive_over_errors", link.receive_over_errors),
        ("receive_crc_errors", link.receive_crc_errors),
        ("receive_frame_errors", link.receive_frame_errors),
        ("receive_fifo_errors", link.receive_fifo_errors),
        ("receive_missed_errors", link.receive_missed_errors),
        ("transmit_aborted_errors", link.transmit_aborted_errors),
        ("transmit_carrier_errors", link.transmit_carrier_errors),
        ("transmit_fifo_errors", link.transmit_fifo_errors),
        ("transmit_heartbeat_errors", link.transmit_heartbeat_errors),
        ("transmit_window_errors", link.transmit_window_errors),
        ("receive_compressed", link.receive_compressed),
        ("transmit_compressed", link.transmit_compressed),
        ("receive_nohandler", link.receive_nohandler),
    ]
}

/// The kernel's names with those of `/proc/net/dev`, which sums several counters in one column.
/// Names that are not here are the same in both.
const LEGACY: [(&str, &str); 17] = [
    ("receive_errors", "receive_errs"),
    ("receive_dropped", "receive_drop"),
    ("receive_missed_errors", "receive_drop"),
    ("receive_fifo_errors", "receive_fifo"),
    ("receive_frame_errors", "receive_frame"),
    ("receive_length_errors", "receive_frame"),
    ("receive_over_errors", "receive_frame"),
    ("receive_crc_errors", "receive_frame"),
    ("multicast", "receive_multicast"),
    ("transmit_errors", "transmit_errs"),
    ("transmit_dropped", "transmit_drop"),
    ("transmit_fifo_errors", "transmit_fifo"),
    ("collisions", "transmit_colls"),
    ("transmit_carrier_errors", "transmit_carrier"),
    ("transmit_aborted_errors", "transmit_carrier"),
    ("transmit_heartbeat_errors", "transmit_carrier"),
    ("transmit_window_errors", "transmit_carrier"),
];

/// The counters under the names of `/proc/net/dev`.
pub(crate) fn legacy(counters: &Counters) -> Counters {
    let mut summed: Counters = Vec::with_capacity(counters.len());
    for (name, value) in counters {
        let known = LEGACY.iter().find(|(kernel, _)| kernel == name);
        let name = known.map_or(*name, |(_, legacy)| legacy);
        match summed.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum = sum.wrapping_add(*value),
            None => summed.push((name, *value)),
        }
    }
    summed
}

/// Columns of `/proc/net/dev` under the kernel's names.
const COLUMNS: [&str; 16] = [
    "receive_bytes",
    "receive_packets",
    "receive_errors",
    "receive_dropped",
    "receive_fifo_errors",
    "receive_frame_errors",
    "receive_compressed",
    "multicast",
    "transmit_bytes",
    "transmit_packets",
    "transmit_errors",
    "transmit_dropped",
    "transmit_fifo_errors",
    "collisions",
    "transmit_carrier_errors",
    "transmit_compressed",
];

/// Reads the table, which has two lines of headings.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, Counters)>, String> {
    let device = |line| parse_line(line).ok_or_else(|| format!("line {line:?}"));
    text.lines().skip(2).map(device).collect()
}

/// Reads `eth0: 1 2 3…`; the space after the colon may be missing, and names may have colons.
fn parse_line(line: &str) -> Option<(String, Counters)> {
    let (device, numbers) = line.rsplit_once(':')?;
    let mut numbers = numbers.split_ascii_whitespace();
    let counter = |name| Some((name, numbers.next()?.parse().ok()?));
    let counters: Option<Counters> = COLUMNS.into_iter().map(counter).collect();
    Some((device.trim().to_owned(), counters?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_sums() {
        let statistics = LinkStatistics {
            receive_dropped: 1,
            receive_missed_errors: 2,
            receive_frame_errors: 3,
            receive_length_errors: 4,
            receive_over_errors: 5,
            receive_crc_errors: 6,
            transmit_carrier_errors: 7,
            transmit_aborted_errors: 8,
            transmit_heartbeat_errors: 9,
            transmit_window_errors: 10,
            receive_nohandler: 11,
            multicast: 12,
            ..LinkStatistics::default()
        };
        let counters = legacy(&of_link(&statistics));
        let value = |name| {
            counters
                .iter()
                .find(|(known, _)| *known == name)
                .map(|c| c.1)
        };
        for (name, expected) in [
            ("receive_drop", 3),
            ("receive_frame", 18),
            ("transmit_carrier", 34),
            ("receive_nohandler", 11),
            ("receive_multicast", 12),
        ] {
            assert_eq!(value(name), Some(expected), "{name}");
        }
        assert_eq!(counters.len(), 17);
    }

    #[test]
    fn lines_of_the_table() {
        let numbers = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
        let (device, counters) = parse_line(&format!("  eth0:1:{numbers}")).unwrap();
        assert_eq!(device, "eth0:1");
        assert_eq!(counters.last(), Some(&("transmit_compressed", 16)));
        for line in ["", "eth0 1 2", "eth0: 1 2", &format!("eth0: x{numbers}")] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
