//! How long work waited for processors, memory, disks and interrupts: `/proc/pressure`.

use std::io;

use super::sources::{Sources, if_there};
use crate::families::{Description, Families, counter};
use crate::gather::CollectorError;

/// Files with what the times of waiting of some, and of all, tasks are called. Some kernels write
/// lines that upstream does not tell (all tasks waiting for a processor).
const RESOURCES: [(&str, Option<Description>, Option<Description>); 4] = [
    (
        "pressure/cpu",
        Some(counter(
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
        )),
        None,
    ),
    (
        "pressure/io",
        Some(counter(
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
        )),
        Some(counter(
            "node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion",
        )),
    ),
    (
        "pressure/memory",
        Some(counter(
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
        )),
        Some(counter(
            "node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion",
        )),
    ),
    (
        "pressure/irq",
        None,
        Some(counter(
            "node_pressure_irq_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IRQ congestion",
        )),
    ),
];

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    let mut found = false;
    for (path, some, full) in &RESOURCES {
        let Some(text) = if_there(without_pressure(sources.proc(path)))? else {
            continue;
        };
        for (description, word) in [(some, "some"), (full, "full")] {
            if let Some(description) = description {
                let micros = total(&text, word).ok_or(CollectorError::NoData)?;
                // Two divisions, as upstream rounds.
                families.push(description, &[], micros / 1000.0 / 1000.0);
            }
        }
        found = true;
    }
    if found {
        Ok(())
    } else {
        Err(CollectorError::NoData)
    }
}

/// A kernel that could measure pressure but was told not to refuses to read; that is no failure.
fn without_pressure<T>(outcome: Result<T, CollectorError>) -> Result<T, CollectorError> {
    match outcome {
        Err(CollectorError::Read { source, .. }) if source.kind() == io::ErrorKind::Unsupported => {
            Err(CollectorError::NoData)
        }
        other => other,
    }
}

/// Total time in µs of the line that starts with `word`.
fn total(text: &str, word: &str) -> Option<f64> {
    let words = |line: &'_ str| line.split_ascii_whitespace().next() == Some(word);
    let line = text.lines().find(|line| words(line))?;
    let fields = &mut line.split_ascii_whitespace();
    fields
        .find_map(|field| field.strip_prefix("total="))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn totals_are_found_by_the_first_word() {
        let text = "some avg10=0.10 avg60=0.00 avg300=0.00 total=1500\nfull avg10=0.00 total=7\n";
        for (word, expected) in [("some", Some(1500.0)), ("full", Some(7.0)), ("so", None)] {
            assert_eq!(total(text, word), expected);
        }
        assert_eq!(total("some total=x", "some"), None);
        assert_eq!(total("", "some"), None);
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        let page = said(&[("/proc/pressure/irq", "full total=2000000\n")], collect);
        assert_eq!(page, "node_pressure_irq_stalled_seconds_total 2\n");
        assert_eq!(said(&[], collect), "! collector returned no data\n");
        let page = said(&[("/proc/pressure/io", "some total=5\n")], collect);
        assert_eq!(
            page,
            "node_pressure_io_waiting_seconds_total 5e-06\n! collector returned no data\n"
        );
    }
}
