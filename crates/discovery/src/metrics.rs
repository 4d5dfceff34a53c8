//! What discovery says about itself, under Prometheus' names.

use exposition::{Counter, Gauge, GaugeFamily, Registry, Summary};

/// Instruments of the manager.
#[derive(Clone, Debug)]
pub(crate) struct ManagerMetrics {
    discovered_targets: GaugeFamily,
    pub(crate) received_updates: Counter,
    pub(crate) updates: Counter,
    pub(crate) delayed_updates: Counter,
    name: &'static str,
}

/// Instruments of all file providers.
#[derive(Clone, Debug)]
pub(crate) struct FileMetrics {
    pub(crate) read_errors: Counter,
    pub(crate) watcher_errors: Counter,
    pub(crate) scan_seconds: Summary,
    modified_seconds: GaugeFamily,
}

impl ManagerMetrics {
    /// `name` tells managers apart: `scrape`.
    pub(crate) fn new(registry: &Registry, name: &'static str) -> Self {
        let counter = |metric, help| {
            registry
                .counter_family(metric, help, &["name"])
                .with(&[name])
        };
        Self {
            discovered_targets: registry.gauge_family(
                "prometheus_sd_discovered_targets",
                "Current number of discovered targets.",
                &["name", "config"],
            ),
            received_updates: counter(
                "prometheus_sd_received_updates_total",
                "Total number of update events received from the SD providers.",
            ),
            updates: counter(
                "prometheus_sd_updates_total",
                "Total number of update events sent to the SD consumers.",
            ),
            delayed_updates: counter(
                "prometheus_sd_updates_delayed_total",
                "Total number of update events that couldn't be sent immediately.",
            ),
            name,
        }
    }

    /// Notes how many targets a job has.
    pub(crate) fn set_discovered(&self, job: &str, targets: usize) {
        self.discovered_targets
            .with(&[self.name, job])
            .set(targets as f64);
    }

    /// Forgets a job that is gone.
    pub(crate) fn forget(&self, job: &str) {
        self.discovered_targets.remove(&[self.name, job]);
    }
}

impl FileMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            read_errors: registry.counter(
                "prometheus_sd_file_read_errors_total",
                "The number of File-SD read errors.",
            ),
            watcher_errors: registry.counter(
                "prometheus_sd_file_watcher_errors_total",
                "The number of File-SD errors caused by filesystem watch failures.",
            ),
            scan_seconds: registry.summary(
                "prometheus_sd_file_scan_duration_seconds",
                "The duration of the File-SD scan in seconds.",
                &[0.5, 0.9, 0.99],
            ),
            modified_seconds: registry.gauge_family(
                "prometheus_sd_file_mtime_seconds",
                "Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.",
                &["filename"],
            ),
        }
    }

    /// The age of a file that was read.
    pub(crate) fn modified(&self, file: &str) -> Gauge {
        self.modified_seconds.with(&[file])
    }

    /// Forgets a file that is gone.
    pub(crate) fn forget(&self, file: &str) {
        self.modified_seconds.remove(&[file]);
    }
}
