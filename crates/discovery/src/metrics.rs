//! What discovery says about itself, under Prometheus' names.

use std::time::Duration;

use exposition::{Counter, Gauge, GaugeFamily, Histogram, Registry, Summary};

/// Instruments of all managers of a process.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    discovered_targets: GaugeFamily,
    last_update: GaugeFamily,
    failed_configs: GaugeFamily,
    received_updates: exposition::CounterFamily,
    updates: exposition::CounterFamily,
    delayed_updates: exposition::CounterFamily,
    refresh_failures: exposition::CounterFamily,
    refresh_seconds: exposition::SummaryFamily,
    refresh_histogram: exposition::HistogramFamily,
    pub(crate) file: FileMetrics,
    pub(crate) consul: ConsulMetrics,
    pub(crate) dns_lookups: Counter,
    pub(crate) dns_failures: Counter,
    pub(crate) http_failures: Counter,
    pub(crate) nomad_failures: Counter,
    pub(crate) azure_failures: Counter,
    pub(crate) azure_cache_hits: Counter,
}

/// Instruments of one manager.
#[derive(Clone, Debug)]
pub(crate) struct ManagerMetrics {
    all: Metrics,
    pub(crate) received_updates: Counter,
    pub(crate) updates: Counter,
    pub(crate) delayed_updates: Counter,
    pub(crate) failed_configs: Gauge,
    name: &'static str,
}

/// Instruments of one entry that is asked from time to time.
#[derive(Clone, Debug)]
pub(crate) struct RefreshMetrics {
    pub(crate) failures: Counter,
    seconds: Summary,
    histogram: Histogram,
}

/// Instruments of all file providers.
#[derive(Clone, Debug)]
pub(crate) struct FileMetrics {
    pub(crate) read_errors: Counter,
    pub(crate) watcher_errors: Counter,
    pub(crate) scan_seconds: Summary,
    modified_seconds: GaugeFamily,
}

/// Instruments of all Consul providers.
#[derive(Clone, Debug)]
pub(crate) struct ConsulMetrics {
    pub(crate) failures: Counter,
    pub(crate) services_seconds: Summary,
    pub(crate) service_seconds: Summary,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let counters = |metric, help| registry.counter_family(metric, help, &["name"]);
        Self {
            discovered_targets: registry.gauge_family(
                "prometheus_sd_discovered_targets",
                "Current number of discovered targets.",
                &["name", "config"],
            ),
            last_update: registry.gauge_family(
                "prometheus_sd_last_update_timestamp_seconds",
                "Timestamp of the last update sent to the SD consumers.",
                &["name", "config"],
            ),
            failed_configs: registry.gauge_family(
                "prometheus_sd_failed_configs",
                "Current number of service discovery configurations that failed to load.",
                &["name"],
            ),
            received_updates: counters(
                "prometheus_sd_received_updates_total",
                "Total number of update events received from the SD providers.",
            ),
            updates: counters(
                "prometheus_sd_updates_total",
                "Total number of update events sent to the SD consumers.",
            ),
            delayed_updates: counters(
                "prometheus_sd_updates_delayed_total",
                "Total number of update events that couldn't be sent immediately.",
            ),
            refresh_failures: registry.counter_family(
                "prometheus_sd_refresh_failures_total",
                "Number of refresh failures for the given SD mechanism.",
                &["mechanism", "config"],
            ),
            refresh_seconds: registry.summary_family(
                "prometheus_sd_refresh_duration_seconds",
                "The duration of a refresh in seconds for the given SD mechanism.",
                &["mechanism", "config"],
                &QUANTILES,
            ),
            refresh_histogram: registry.histogram_family(
                "prometheus_sd_refresh_duration_histogram_seconds",
                "The duration of a refresh for the given SD mechanism.",
                &["mechanism"],
                &[0.01, 0.1, 1.0, 10.0],
            ),
            file: FileMetrics::new(registry),
            consul: ConsulMetrics::new(registry),
            dns_lookups: registry.counter(
                "prometheus_sd_dns_lookups_total",
                "The number of DNS-SD lookups.",
            ),
            dns_failures: registry.counter(
                "prometheus_sd_dns_lookup_failures_total",
                "The number of DNS-SD lookup failures.",
            ),
            http_failures: registry.counter(
                "prometheus_sd_http_failures_total",
                "Number of HTTP service discovery refresh failures.",
            ),
            nomad_failures: registry.counter(
                "prometheus_sd_nomad_failures_total",
                "Number of nomad service discovery refresh failures.",
            ),
            azure_failures: registry.counter(
                "prometheus_sd_azure_failures_total",
                "Number of Azure service discovery refresh failures.",
            ),
            azure_cache_hits: registry.counter(
                "prometheus_sd_azure_cache_hit_total",
                "Number of cache hit during refresh.",
            ),
        }
    }

    /// The instruments of the manager with this name: `scrape`.
    pub(crate) fn manager(&self, name: &'static str) -> ManagerMetrics {
        ManagerMetrics {
            received_updates: self.received_updates.with(&[name]),
            updates: self.updates.with(&[name]),
            delayed_updates: self.delayed_updates.with(&[name]),
            failed_configs: self.failed_configs.with(&[name]),
            all: self.clone(),
            name,
        }
    }

    /// The instruments of an entry, whose first set has this name.
    pub(crate) fn refresh(&self, mechanism: &str, set: &str) -> RefreshMetrics {
        RefreshMetrics {
            failures: self.refresh_failures.with(&[mechanism, set]),
            seconds: self.refresh_seconds.with(&[mechanism, set]),
            histogram: self.refresh_histogram.with(&[mechanism]),
        }
    }
}

impl ManagerMetrics {
    /// Notes how many targets a set has.
    pub(crate) fn set_discovered(&self, set: &str, targets: usize) {
        let gauge = self.all.discovered_targets.with(&[self.name, set]);
        gauge.set(targets as f64);
    }

    /// Notes when a set was last published.
    pub(crate) fn set_updated(&self, set: &str, millis: i64) {
        let gauge = self.all.last_update.with(&[self.name, set]);
        gauge.set(millis as f64 / 1000.0);
    }

    /// Forgets a set that is gone.
    pub(crate) fn forget(&self, set: &str) {
        self.all.discovered_targets.remove(&[self.name, set]);
        self.all.last_update.remove(&[self.name, set]);
    }
}

impl RefreshMetrics {
    pub(crate) fn observe(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        self.histogram.observe(took.as_secs_f64());
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
                &QUANTILES,
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

impl ConsulMetrics {
    fn new(registry: &Registry) -> Self {
        let seconds = registry.summary_family(
            "prometheus_sd_consul_rpc_duration_seconds",
            "The duration of a Consul RPC call in seconds.",
            &["endpoint", "call"],
            &QUANTILES,
        );
        Self {
            failures: registry.counter(
                "prometheus_sd_consul_rpc_failures_total",
                "The number of Consul RPC call failures.",
            ),
            services_seconds: seconds.with(&["catalog", "services"]),
            service_seconds: seconds.with(&["catalog", "service"]),
        }
    }
}

const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
