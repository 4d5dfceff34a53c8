//! What scraping tells about itself, under Prometheus' names.

use std::time::Duration;

use exposition::{
    Counter, CounterFamily, GaugeFamily, Histogram, HistogramFamily, Registry, Summary,
    SummaryFamily,
};
use model::duration;

use crate::append::{Counts, PageError};
use crate::error::ScrapeError;
use crate::fetch::FetchError;

/// The instruments of all pools and loops.
#[derive(Debug)]
pub(crate) struct Instruments {
    interval_length: SummaryFamily,
    interval_length_histogram: HistogramFamily,
    pub(crate) reload_length: SummaryFamily,
    pub(crate) sync_length: SummaryFamily,
    pub(crate) sync_length_histogram: HistogramFamily,
    pub(crate) syncs: CounterFamily,
    pub(crate) sync_failed: CounterFamily,
    pub(crate) pools: Counter,
    pub(crate) pool_reloads: Counter,
    pub(crate) pool_targets: GaugeFamily,
    pub(crate) target_limit: GaugeFamily,
    pub(crate) exceeded_target_limit: Counter,
    pub(crate) scrape_duration: Histogram,
    exceeded_body_size: Counter,
    exceeded_sample_limit: Counter,
    exceeded_bucket_limit: Counter,
    exceeded_label_limits: Counter,
    duplicate: Counter,
    out_of_order: Counter,
    out_of_bounds: Counter,
    pub(crate) no_room: CounterFamily,
    pub(crate) symbol_table_items: GaugeFamily,
    exemplars_out_of_order: Counter,
}

/// The times from one scrape of a target to the next.
#[derive(Clone, Debug)]
pub(crate) struct IntervalLengths {
    summary: Summary,
    histogram: Histogram,
}

impl IntervalLengths {
    pub(crate) fn observe(&self, length: Duration) {
        let seconds = length.as_secs_f64();
        self.summary.observe(seconds);
        self.histogram.observe(seconds);
    }
}

impl Instruments {
    pub(crate) fn new(registry: &Registry) -> Self {
        let by_job = |name, help| registry.counter_family(name, help, &["scrape_job"]);
        let gauge_by_job = |name, help| registry.gauge_family(name, help, &["scrape_job"]);
        // What cannot happen here, and is watched elsewhere.
        for (name, help) in NEVER {
            registry.counter(name, help);
        }
        let summary = |name, help, label| registry.summary_family(name, help, &[label], &QUANTILES);
        Self {
            interval_length: summary(
                "prometheus_target_interval_length_seconds",
                "Actual intervals between scrapes.",
                "interval",
            ),
            interval_length_histogram: registry.histogram_family(
                "prometheus_target_interval_length_histogram_seconds",
                "Actual intervals between scrapes as a histogram.",
                &["interval"],
                &LENGTH_BOUNDS,
            ),
            sync_length_histogram: registry.histogram_family(
                "prometheus_target_sync_length_histogram_seconds",
                "Actual interval to sync the scrape pool.",
                &["scrape_job"],
                &LENGTH_BOUNDS,
            ),
            reload_length: summary(
                "prometheus_target_reload_length_seconds",
                "Actual interval to reload the scrape pool with a given configuration.",
                "interval",
            ),
            sync_length: summary(
                "prometheus_target_sync_length_seconds",
                "Actual interval to sync the scrape pool.",
                "scrape_job",
            ),
            syncs: by_job(
                "prometheus_target_scrape_pool_sync_total",
                "Total number of syncs that were executed on a scrape pool.",
            ),
            sync_failed: by_job(
                "prometheus_target_sync_failed_total",
                "Total number of target sync failures.",
            ),
            pool_targets: gauge_by_job(
                "prometheus_target_scrape_pool_targets",
                "Current number of targets in this scrape pool.",
            ),
            target_limit: gauge_by_job(
                "prometheus_target_scrape_pool_target_limit",
                "Maximum number of targets allowed in this scrape pool.",
            ),
            pools: registry.counter(
                "prometheus_target_scrape_pools_total",
                "Total number of scrape pool creation attempts.",
            ),
            pool_reloads: registry.counter(
                "prometheus_target_scrape_pool_reloads_total",
                "Total number of scrape pool reloads.",
            ),
            exceeded_target_limit: registry.counter(
                "prometheus_target_scrape_pool_exceeded_target_limit_total",
                "Total number of times scrape pools hit the target limit, during sync or config \
                 reload.",
            ),
            scrape_duration: registry.histogram(
                "prometheus_target_scrape_duration_seconds",
                "Total duration of the scrape from start to commit completion in seconds.",
                &DURATION_BOUNDS,
            ),
            exceeded_body_size: registry.counter(
                "prometheus_target_scrapes_exceeded_body_size_limit_total",
                "Total number of scrapes that hit the body size limit.",
            ),
            exceeded_sample_limit: registry.counter(
                "prometheus_target_scrapes_exceeded_sample_limit_total",
                "Total number of scrapes that hit the sample limit and were rejected.",
            ),
            exceeded_bucket_limit: registry.counter(
                "prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total",
                "Total number of scrapes that hit the native histogram bucket limit and were \
                 rejected.",
            ),
            exceeded_label_limits: registry.counter(
                "prometheus_target_scrape_pool_exceeded_label_limits_total",
                "Total number of times scrape pools hit the label limits, during sync or config \
                 reload.",
            ),
            duplicate: registry.counter(
                "prometheus_target_scrapes_sample_duplicate_timestamp_total",
                "Total number of scraped samples rejected due to duplicate timestamps but \
                 different values.",
            ),
            out_of_order: registry.counter(
                "prometheus_target_scrapes_sample_out_of_order_total",
                "Total number of scraped samples rejected due to not being out of the expected \
                 order.",
            ),
            out_of_bounds: registry.counter(
                "prometheus_target_scrapes_sample_out_of_bounds_total",
                "Total number of scraped samples rejected due to timestamp falling outside of \
                 the time bounds.",
            ),
            exemplars_out_of_order: registry.counter(
                "prometheus_target_scrapes_exemplar_out_of_order_total",
                "Total number of exemplar rejected due to not being out of the expected order.",
            ),
            symbol_table_items: gauge_by_job(
                "prometheus_target_scrape_pool_symboltable_items",
                "Current number of symbols in table for this scrape pool.",
            ),
            no_room: by_job(
                "narthex_target_scrapes_sample_no_room_total",
                "Total number of scraped samples rejected because there was no room for the series \
                 that they would have begun.",
            ),
        }
    }

    /// Where targets with this interval tell how long theirs were. They are exposed from now on.
    pub(crate) fn interval_lengths(&self, interval: Duration) -> IntervalLengths {
        let interval = duration::format(interval);
        IntervalLengths {
            summary: self.interval_length.with(&[&interval]),
            histogram: self.interval_length_histogram.with(&[&interval]),
        }
    }

    /// Counts what a page brought, and says in the log what was left out of it.
    pub(crate) fn count(&self, job: &str, counts: &Counts) {
        if counts.no_room > 0 {
            let refused = u64::try_from(counts.no_room).unwrap_or(u64::MAX);
            self.no_room.with(&[job]).add(refused);
        }
        let refused = [
            (
                &self.out_of_order,
                counts.out_of_order,
                "error on ingesting out-of-order samples",
            ),
            (
                &self.duplicate,
                counts.duplicate,
                "error on ingesting samples with different value but same timestamp",
            ),
            (
                &self.out_of_bounds,
                counts.out_of_bounds,
                "error on ingesting samples that are too old or are too far into the future",
            ),
            (
                &self.exemplars_out_of_order,
                counts.exemplars_out_of_order,
                "error on ingesting out-of-order exemplars",
            ),
        ];
        for (counter, number, message) in refused {
            if number > 0 {
                counter.add(u64::try_from(number).unwrap_or(u64::MAX));
                tracing::warn!(num_dropped = number, "{message}");
            }
        }
    }

    /// Counts a failed scrape by what it ran into.
    pub(crate) fn count_error(&self, error: &ScrapeError) {
        match error {
            ScrapeError::Fetch(FetchError::BodySizeLimit) => self.exceeded_body_size.inc(),
            ScrapeError::Page(PageError::SampleLimit) => self.exceeded_sample_limit.inc(),
            ScrapeError::Page(PageError::BucketLimit) => self.exceeded_bucket_limit.inc(),
            ScrapeError::Page(PageError::LabelLimit(_)) => self.exceeded_label_limits.inc(),
            _ => {}
        }
    }
}

/// Source: Prometheus `scrape`.
const QUANTILES: [f64; 5] = [0.01, 0.05, 0.5, 0.90, 0.99];

/// Upper bounds of scrape durations in seconds: the defaults of Prometheus' client libraries.
const DURATION_BOUNDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Upper bounds of intervals and syncs in seconds. Source: Prometheus `scrape`.
const LENGTH_BOUNDS: [f64; 4] = [0.01, 0.1, 1.0, 10.0];

/// Counters of Prometheus' for which there is no case here: pools and reloads do not fail, and what is
/// remembered of pages does not grow while scrapes fail.
const NEVER: [(&str, &str); 3] = [
    (
        "prometheus_target_scrape_pools_failed_total",
        "Total number of scrape pool creations that failed.",
    ),
    (
        "prometheus_target_scrape_pool_reloads_failed_total",
        "Total number of failed scrape pool reloads.",
    ),
    (
        "prometheus_target_scrapes_cache_flush_forced_total",
        "How many times a scrape cache was flushed due to getting big while scrapes are failing.",
    ),
];
