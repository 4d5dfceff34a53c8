//! What a process says about itself: `process_*`, and which build it is.

use std::fmt;

use model::{MetricFamily, MetricType};

use crate::collector::Collector;

/// What the operating system says about the process, as text. Reading it is the caller's part.
#[derive(Clone, Debug, Default)]
pub struct ProcessReading {
    /// `/proc/self/stat`.
    pub stat: String,
    /// `/proc/self/limits`.
    pub limits: String,
    /// `/proc/stat`, for the time of boot.
    pub system_stat: String,
    /// Number of entries in `/proc/self/fd`.
    pub open_fds: Option<u64>,
    /// Bytes of a page of memory.
    pub page_size: u64,
    /// Ticks of the kernel's clock in a second; 100 on Linux.
    pub ticks_per_second: u64,
}

/// Collects `process_*` from a reading that it asks for at each scrape.
pub struct ProcessCollector {
    read: Box<dyn Fn() -> ProcessReading + Send + Sync>,
}

impl ProcessCollector {
    /// A collector that gets its texts from `read`.
    pub fn new(read: impl Fn() -> ProcessReading + Send + Sync + 'static) -> Self {
        Self {
            read: Box::new(read),
        }
    }
}

impl fmt::Debug for ProcessCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessCollector")
    }
}

impl Collector for ProcessCollector {
    fn collect(&self, families: &mut Vec<MetricFamily>) {
        (self.read)().push_families(families);
    }
}

impl ProcessReading {
    /// Adds a family for each number that the texts hold. What cannot be read is left out.
    pub fn push_families(&self, families: &mut Vec<MetricFamily>) {
        let stat = Stat::parse(&self.stat).unwrap_or_default();
        let ticks = self.ticks_per_second.max(1) as f64;
        let seconds = |count: u64| count as f64 / ticks;
        if let Some(cpu_ticks) = stat.cpu_ticks {
            families.push(MetricFamily::counter(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
                seconds(cpu_ticks),
            ));
        }
        let boot = boot_time(&self.system_stat);
        let started = boot.zip(stat.start_ticks);
        let gauges = [
            (
                "process_max_fds",
                "Maximum number of open file descriptors.",
                soft_limit(&self.limits, "Max open files"),
            ),
            (
                "process_open_fds",
                "Number of open file descriptors.",
                self.open_fds.map(|count| count as f64),
            ),
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                stat.resident_pages
                    .map(|pages| pages.saturating_mul(self.page_size) as f64),
            ),
            (
                "process_start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
                started.map(|(boot, start)| boot + seconds(start)),
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                stat.virtual_bytes.map(|bytes| bytes as f64),
            ),
            (
                "process_virtual_memory_max_bytes",
                "Maximum amount of virtual memory available in bytes.",
                soft_limit(&self.limits, "Max address space"),
            ),
        ];
        for (name, help, value) in gauges {
            families.extend(value.map(|value| MetricFamily::gauge(name, help, value)));
        }
    }
}

/// The fields of `/proc/self/stat` that are shown; proc_pid_stat(5) numbers them.
#[derive(Default)]
struct Stat {
    cpu_ticks: Option<u64>,
    start_ticks: Option<u64>,
    virtual_bytes: Option<u64>,
    resident_pages: Option<u64>,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in brackets and may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - FIRST_FIELD)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14).zip(field(15)).map(|(user, system)| user + system),
            start_ticks: field(22),
            virtual_bytes: field(23),
            resident_pages: field(24),
        })
    }
}

/// Number of the field that follows the program's name.
const FIRST_FIELD: usize = 3;

fn boot_time(system_stat: &str) -> Option<f64> {
    let line = system_stat
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

/// The soft limit of this name. No limit is told as Prometheus' client libraries do: as the largest
/// whole number of 64 bits.
fn soft_limit(limits: &str, name: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    match line.split_ascii_whitespace().next()? {
        "unlimited" => Some(u64::MAX as f64),
        number => number.parse().ok(),
    }
}

/// Which build a process runs.
#[derive(Clone, Debug, Default)]
pub struct BuildInfo {
    /// Version of the program.
    pub version: String,
    /// Commit that it was built from.
    pub revision: String,
    /// Branch of that commit.
    pub branch: String,
    /// Version of the compiler.
    pub rust_version: String,
}

/// `narthex_build_info`, a constant 1 that carries the build in its labels.
impl Collector for BuildInfo {
    fn collect(&self, families: &mut Vec<MetricFamily>) {
        let labels = [
            ("branch", &self.branch),
            ("revision", &self.revision),
            ("rustversion", &self.rust_version),
            ("version", &self.version),
        ];
        let labels = labels.map(|(name, value)| (name.into(), value.clone().into()));
        let family = MetricFamily::new(
            "narthex_build_info",
            "A metric with a constant '1' value labeled by the build that runs.",
            MetricType::Gauge,
        );
        families.push(family.with(labels.to_vec(), 1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(reading: &ProcessReading) -> Vec<(String, f64)> {
        let mut families = Vec::new();
        reading.push_families(&mut families);
        let value = |family: MetricFamily| match family.metrics.first().map(|m| &m.value) {
            Some(model::MetricValue::Number(value)) => (family.name.into_owned(), *value),
            _ => (family.name.into_owned(), f64::NAN),
        };
        families.into_iter().map(value).collect()
    }

    #[test]
    fn reads_what_the_kernel_writes() {
        let reading = ProcessReading {
            stat: "1234 (odd) name) S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 20 0 9 0 5000 1048576 25 \
                   18446744073709551615 1 1"
                .to_owned(),
            limits: "Limit                     Soft Limit           Hard Limit           Units\n\
                     Max open files            1024                 4096                 files\n\
                     Max address space         unlimited            unlimited            bytes\n"
                .to_owned(),
            system_stat: "cpu  1 2 3\nbtime 1700000000\nprocesses 5\n".to_owned(),
            open_fds: Some(7),
            page_size: 4096,
            ticks_per_second: 100,
        };
        let wanted = [
            ("process_cpu_seconds_total", 3.0),
            ("process_max_fds", 1024.0),
            ("process_open_fds", 7.0),
            ("process_resident_memory_bytes", 102_400.0),
            ("process_start_time_seconds", 1_700_000_050.0),
            ("process_virtual_memory_bytes", 1_048_576.0),
            ("process_virtual_memory_max_bytes", u64::MAX as f64),
        ];
        let wanted: Vec<_> = wanted.map(|(name, v)| (name.to_owned(), v)).to_vec();
        assert_eq!(values(&reading), wanted);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(values(&ProcessReading::default()), []);
        let torn = ProcessReading {
            stat: "1 (x) S 1 2".to_owned(),
            limits: "Max open files".to_owned(),
            open_fds: Some(3),
            ..ProcessReading::default()
        };
        assert_eq!(values(&torn), [("process_open_fds".to_owned(), 3.0)]);
    }
}
