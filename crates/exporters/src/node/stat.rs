//! What the kernel counts as a whole: `/proc/stat`, but for its processors.

use super::sources::Sources;
use crate::families::{Description, Families, counter, gauge};
use crate::gather::CollectorError;

/// Words that start lines of one number, with what the number means.
const LINES: [(&str, Description); 6] = [
    (
        "intr",
        counter("node_intr_total", "Total number of interrupts serviced."),
    ),
    (
        "ctxt",
        counter(
            "node_context_switches_total",
            "Total number of context switches.",
        ),
    ),
    (
        "processes",
        counter("node_forks_total", "Total number of forks."),
    ),
    (
        "btime",
        gauge("node_boot_time_seconds", "Node boot time, in unixtime."),
    ),
    (
        "procs_running",
        gauge(
            "node_procs_running",
            "Number of processes in runnable state.",
        ),
    ),
    (
        "procs_blocked",
        gauge(
            "node_procs_blocked",
            "Number of processes blocked waiting for I/O to complete.",
        ),
    ),
];
const SOFTIRQS: Description = counter("node_softirqs_total", "Number of softirq calls.");
/// Kinds of soft interrupts in the kernel's order; the line starts with their sum.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];

#[derive(Debug)]
pub(crate) struct Stat {
    softirq: bool,
}

impl Stat {
    pub(crate) fn new(softirq: bool) -> Self {
        Self { softirq }
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let text = sources.proc("stat")?;
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let mut numbers = rest.split_ascii_whitespace().map(str::parse::<f64>);
            if let Some((_, description)) = LINES.iter().find(|(known, _)| *known == word) {
                let Some(Ok(value)) = numbers.next() else {
                    return Err(CollectorError::malformed("stat", format!("line {line:?}")));
                };
                families.push(description, &[], value);
            } else if word == "softirq" && self.softirq {
                for (vector, value) in VECTORS.iter().zip(numbers.skip(1)) {
                    families.push(&SOFTIRQS, &[("vector", vector)], value.unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::node::tests::said;

    use super::*;

    fn page(text: &str) -> String {
        said(&[("/proc/stat", text)], |sources, families| {
            Stat::new(true).collect(sources, families)
        })
    }

    #[test]
    fn the_lines_of_one_number() {
        let text = "cpu 1 2\nintr 10 1 2 3\nctxt 11\nbtime 12\nprocesses 13\nprocs_running 14\n\
                    procs_blocked 15\nunknown 16\n";
        assert_eq!(
            page(text),
            "node_boot_time_seconds 12\nnode_context_switches_total 11\nnode_forks_total 13\n\
             node_intr_total 10\nnode_procs_blocked 15\nnode_procs_running 14\n"
        );
    }

    #[test]
    fn soft_interrupts_by_vector() {
        let text = "softirq 55 1 2 3 4 5 6 7 8 9 10\n";
        assert!(page(text).starts_with("node_softirqs_total{vector=\"block\"} 5\n"));
        assert!(page("softirq 55 1\n").contains("node_softirqs_total{vector=\"hi\"} 1\n"));
        assert_eq!(page("softirq\n"), "");
    }

    #[test]
    fn a_line_without_a_number_is_an_error() {
        assert_eq!(
            page("ctxt\n"),
            "! couldn't understand stat: line \"ctxt\"\n"
        );
    }
}
