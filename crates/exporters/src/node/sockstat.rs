//! How many sockets there are and what memory they hold: `/proc/net/sockstat` and `sockstat6`.

use model::MetricType;

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const USED: Description = gauge(
    "node_sockstat_sockets_used",
    "Number of IPv4 sockets in use.",
);

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    for path in ["net/sockstat", "net/sockstat6"] {
        // Not there: the kernel does not have this version of the protocol.
        let Some(text) = sources.proc_if_there(path)? else {
            continue;
        };
        for line in text.lines() {
            tell(line, families)
                .ok_or_else(|| CollectorError::malformed(path, format!("line {line:?}")))?;
        }
    }
    Ok(())
}

/// Tells a line such as `TCP: inuse 4 mem 1`.
fn tell(line: &str, families: &mut Families) -> Option<()> {
    let (protocol, rest) = line.split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    while let Some(state) = words.next() {
        let value: f64 = words.next()?.parse().ok()?;
        if protocol == "sockets" {
            if state == "used" {
                families.push(&USED, &[], value);
            }
            continue;
        }
        push(families, protocol, state, value);
        if state == "mem" {
            // Counted in pages.
            #[allow(clippy::cast_precision_loss, reason = "pages are small")]
            let page = host::limits::page_size() as f64;
            push(families, protocol, "mem_bytes", value * page);
        }
    }
    Some(())
}

fn push(families: &mut Families, protocol: &str, state: &str, value: f64) {
    let name = format!("node_sockstat_{protocol}_{state}");
    let help = || format!("Number of {protocol} sockets in state {state}.");
    families.push_named((&name, MetricType::Gauge), help, &[], value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn states_of_each_protocol() {
        let page = said(
            &[
                (
                    "/proc/net/sockstat",
                    "sockets: used 9\nTCP: inuse 4 orphan 1\nUDP: inuse 0\n",
                ),
                ("/proc/net/sockstat6", "FRAG6: inuse 2 memory 3\n"),
            ],
            collect,
        );
        assert_eq!(
            page,
            "node_sockstat_FRAG6_inuse 2\nnode_sockstat_FRAG6_memory 3\nnode_sockstat_TCP_inuse 4\n\
             node_sockstat_TCP_orphan 1\nnode_sockstat_UDP_inuse 0\nnode_sockstat_sockets_used 9\n"
        );
        assert_eq!(said(&[], collect), "");
        let pages = said(&[("/proc/net/sockstat", "UDP: mem 2\n")], collect);
        assert!(pages.contains("node_sockstat_UDP_mem_bytes "));
    }

    #[test]
    fn half_a_pair_is_an_error() {
        for line in ["TCP: inuse", "TCP: inuse x", "TCP"] {
            let page = said(&[("/proc/net/sockstat", line)], collect);
            assert_eq!(
                page,
                format!("! couldn't understand net/sockstat: line {line:?}\n")
            );
        }
    }
}
