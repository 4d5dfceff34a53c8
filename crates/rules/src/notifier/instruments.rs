//! What handing over tells about itself, under Prometheus' names.

use std::time::Duration;

use exposition::{
    Counter, CounterFamily, Gauge, GaugeFamily, Histogram, HistogramFamily, Registry, Summary,
    SummaryFamily,
};

/// The instruments of all Alertmanagers.
#[derive(Clone, Debug)]
pub(super) struct Instruments {
    latency: SummaryFamily,
    latency_histogram: HistogramFamily,
    errors: CounterFamily,
    sent: CounterFamily,
    pub(super) dropped: CounterFamily,
    pub(super) queue_length: GaugeFamily,
    pub(super) queue_capacity: Gauge,
    pub(super) discovered: Gauge,
}

/// The instruments of one Alertmanager.
pub(super) struct OfAlertmanager {
    all: Instruments,
    url: String,
    latency: Summary,
    latency_histogram: Histogram,
    pub(super) errors: Counter,
    pub(super) sent: Counter,
    pub(super) dropped: Counter,
}

impl Instruments {
    pub(super) fn new(registry: &Registry) -> Self {
        let counter = |name, help| registry.counter_family(name, help, &["alertmanager"]);
        Self {
            latency: registry.summary_family(
                "prometheus_notifications_latency_seconds",
                "Latency quantiles for sending alert notifications.",
                &["alertmanager"],
                &[0.5, 0.9, 0.99],
            ),
            latency_histogram: registry.histogram_family(
                "prometheus_notifications_latency_histogram_seconds",
                "Latency histogram for sending alert notifications.",
                &["alertmanager"],
                &[0.01, 0.1, 1.0, 10.0],
            ),
            errors: counter(
                "prometheus_notifications_errors_total",
                "Total number of sent alerts affected by errors.",
            ),
            sent: counter(
                "prometheus_notifications_sent_total",
                "Total number of alerts sent.",
            ),
            dropped: counter(
                "prometheus_notifications_dropped_total",
                "Total number of alerts dropped due to errors when sending to Alertmanager.",
            ),
            queue_length: registry.gauge_family(
                "prometheus_notifications_queue_length",
                "The number of alert notifications in the queue.",
                &["alertmanager"],
            ),
            queue_capacity: registry.gauge(
                "prometheus_notifications_queue_capacity",
                "The capacity of the alert notifications queue.",
            ),
            discovered: registry.gauge(
                "prometheus_notifications_alertmanagers_discovered",
                "The number of alertmanagers discovered and active.",
            ),
        }
    }

    /// Those of one Alertmanager.
    pub(super) fn of(&self, url: &str) -> OfAlertmanager {
        OfAlertmanager {
            latency: self.latency.with(&[url]),
            latency_histogram: self.latency_histogram.with(&[url]),
            errors: self.errors.with(&[url]),
            sent: self.sent.with(&[url]),
            dropped: self.dropped.with(&[url]),
            all: self.clone(),
            url: url.to_owned(),
        }
    }
}

impl OfAlertmanager {
    pub(super) fn observe(&self, took: Duration) {
        self.latency.observe(took.as_secs_f64());
        self.latency_histogram.observe(took.as_secs_f64());
    }

    /// Shows the Alertmanager no more.
    pub(super) fn forget(&self) {
        let url = [self.url.as_str()];
        self.all.latency.remove(&url);
        self.all.latency_histogram.remove(&url);
        self.all.errors.remove(&url);
        self.all.sent.remove(&url);
        self.all.dropped.remove(&url);
        self.all.queue_length.remove(&url);
    }
}
