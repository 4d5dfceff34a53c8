//! Exemplars: the newest of all series, in a ring of a size that can change.

mod ring;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use exposition::Registry;
use exposition::instrument::{Counter, Gauge};
use model::{Exemplar, Labels, Matcher, SeriesExemplars, TimeRange};
use storage::ExemplarError;

pub(crate) use ring::{Arrival, Arrived};
use ring::{Ring, Verdict};

use crate::wal::record::decode_labels;

/// All exemplars.
#[derive(Debug)]
pub(crate) struct Exemplars {
    ring: RwLock<Ring>,
    /// How far behind the newest of its series an exemplar may be, in milliseconds.
    window: AtomicI64,
    metrics: ExemplarMetrics,
}

impl Exemplars {
    /// Room for none.
    pub(crate) fn new(metrics: ExemplarMetrics) -> Self {
        Self {
            ring: RwLock::default(),
            window: AtomicI64::new(0),
            metrics,
        }
    }

    /// True if there is room for any.
    pub(crate) fn are_kept(&self) -> bool {
        self.read().capacity() > 0
    }

    /// Whether an exemplar would be added: an error if it is to be refused, false if it is here
    /// already, or none are kept.
    pub(crate) fn check(&self, row: u32, arrival: Arrival<'_>) -> Result<bool, ExemplarError> {
        let ring = self.read();
        if ring.capacity() == 0 {
            return Ok(false);
        }
        if characters(arrival.labels) > Exemplar::MAX_LABEL_CHARACTERS {
            return Err(ExemplarError::LabelLength);
        }
        match ring.check(row, arrival, self.window.load(Ordering::Relaxed)) {
            Verdict::Welcome => Ok(true),
            Verdict::Present => Ok(false),
            Verdict::OutOfOrder => Err(ExemplarError::OutOfOrder),
        }
    }

    /// Adds exemplars, each with the row of its series; `labels` tells a row's.
    pub(crate) fn add<'a>(
        &self,
        exemplars: impl IntoIterator<Item = (u32, Arrival<'a>)>,
        labels: impl Fn(u32) -> Option<Labels>,
    ) {
        let window = self.window.load(Ordering::Relaxed);
        let mut ring = self.write();
        for (row, arrival) in exemplars {
            if characters(arrival.labels) > Exemplar::MAX_LABEL_CHARACTERS {
                continue;
            }
            match ring.check(row, arrival, window) {
                Verdict::Welcome => {
                    if ring.add(row, || labels(row), arrival) {
                        self.metrics.appended.inc();
                    }
                }
                Verdict::Present => {}
                Verdict::OutOfOrder => self.metrics.out_of_order.inc(),
            }
        }
        self.metrics.show(&ring);
    }

    /// All of them in order of arrival.
    pub(crate) fn arrivals(&self) -> Vec<Arrived> {
        self.read().arrivals()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        let mut ring = self.write();
        *ring = Ring::new(ring.capacity());
        self.metrics.show(&ring);
    }

    /// Makes room for so many.
    pub(crate) fn resize(&self, capacity: usize) {
        let mut ring = self.write();
        let before = ring.capacity();
        if before == capacity {
            return;
        }
        let kept = ring.resize(capacity);
        self.metrics.show(&ring);
        tracing::info!(
            from = before,
            to = capacity,
            kept,
            "room for exemplars resized"
        );
    }

    /// Exemplars may be so many milliseconds behind the newest of their series.
    pub(crate) fn set_out_of_order_window(&self, millis: i64) {
        self.window.store(millis, Ordering::Relaxed);
    }

    /// The exemplars in `range` of all series on which one of the sets of matchers holds, sorted.
    pub(crate) fn select(&self, range: TimeRange, sets: &[Vec<Matcher>]) -> Vec<SeriesExemplars> {
        self.read().select(range, sets)
    }

    fn read(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Characters of the labels' names and values.
fn characters(labels: &[u8]) -> usize {
    let mut characters = 0;
    let decoded = decode_labels(labels, |name, value| {
        characters += name.chars().count() + value.chars().count();
    });
    decoded.map_or(usize::MAX, |()| characters)
}

/// What is told about exemplars, under Prometheus' names.
#[derive(Clone, Debug)]
pub(crate) struct ExemplarMetrics {
    appended: Counter,
    out_of_order: Counter,
    stored: Gauge,
    series: Gauge,
    last_seconds: Gauge,
    capacity: Gauge,
}

impl ExemplarMetrics {
    pub(crate) fn new(r: &Registry) -> Self {
        Self {
            appended: r.counter(
                "prometheus_tsdb_exemplar_exemplars_appended_total",
                "Total number of appended exemplars.",
            ),
            out_of_order: r.counter(
                "prometheus_tsdb_exemplar_out_of_order_exemplars_total",
                "Total number of out of order exemplar ingestion failed attempts.",
            ),
            stored: r.gauge(
                "prometheus_tsdb_exemplar_exemplars_in_storage",
                "Number of exemplars currently in circular storage.",
            ),
            series: r.gauge(
                "prometheus_tsdb_exemplar_series_with_exemplars_in_storage",
                "Number of series with exemplars currently in circular storage.",
            ),
            last_seconds: r.gauge(
                "prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds",
                "The timestamp of the oldest exemplar stored in circular storage.",
            ),
            capacity: r.gauge(
                "prometheus_tsdb_exemplar_max_exemplars",
                "Total number of exemplars the exemplar storage can store, resizeable.",
            ),
        }
    }

    fn show(&self, ring: &Ring) {
        self.stored.set(ring.len() as f64);
        self.series.set(ring.series_count() as f64);
        let first = ring.first_time().unwrap_or_default();
        self.last_seconds.set(first as f64 / 1e3);
        self.capacity.set(ring.capacity() as f64);
    }
}
