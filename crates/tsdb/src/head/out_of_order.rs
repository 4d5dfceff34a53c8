//! Samples that came behind later ones of their series, inside the window that the owner allows.
//!
//! They never touch the rows: a [`Layer`] beside them has the few series that are concerned, by
//! row. New samples go to the youngest layer. When blocks are to be written, that one is frozen and
//! another begins, so that what comes meanwhile is not forgotten with it. A log of its own, `wbl`,
//! has all of them until they are in blocks; it is replayed behind the main log.

mod log;
mod series;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashMap;
use model::TimeRange;
use model::histogram::CounterResetHint;
use rapidhash::fast::RandomState;
use smallvec::SmallVec;
use storage::SampleBuffer;

use super::series::range_end;
use crate::chunk::ChunkError;
use crate::metrics::OutOfOrderMetrics;
use crate::wal::WalError;
pub(crate) use log::{FOLDER, LogPlace, OURS, OutOfOrderLog};
pub(crate) use series::{Series, Value};

/// Everything that came out of order and is in no block yet.
pub(crate) struct OutOfOrder {
    /// Milliseconds that a sample may be behind the newest one of all; 0: none is taken.
    window: AtomicI64,
    /// Whether any layer may have a series.
    has_any: AtomicBool,
    /// Oldest first; the last one takes what comes. There is always one.
    layers: RwLock<Layers>,
    /// Held for reading from before a batch is logged until it is in a layer, so that whoever holds
    /// it for writing finds log and layers alike.
    gate: RwLock<()>,
    pub(crate) log: OutOfOrderLog,
    pub(crate) metrics: OutOfOrderMetrics,
}

impl OutOfOrder {
    pub(super) fn new(metrics: OutOfOrderMetrics) -> Self {
        Self {
            window: AtomicI64::new(0),
            has_any: AtomicBool::new(false),
            layers: RwLock::new(Layers(SmallVec::from_iter([Arc::default()]))),
            gate: RwLock::default(),
            log: OutOfOrderLog::default(),
            metrics,
        }
    }

    /// How far behind a sample may be; 0 if it may not.
    pub(crate) fn window(&self) -> i64 {
        self.window.load(Ordering::Relaxed)
    }

    pub(crate) fn set_window(&self, millis: i64) {
        self.window.store(millis.max(0), Ordering::Relaxed);
    }

    /// The layers that there are now; none if nothing is in them.
    #[inline]
    pub(crate) fn layers(&self) -> Layers {
        match self.has_any.load(Ordering::Acquire) {
            true => self.all_layers(),
            false => Layers::default(),
        }
    }

    fn all_layers(&self) -> Layers {
        let layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        layers.clone()
    }

    /// The layer that takes what comes.
    pub(super) fn youngest(&self) -> Arc<Layer> {
        self.has_any.store(true, Ordering::Release);
        let layers = self.layers.read().unwrap_or_else(PoisonError::into_inner);
        layers.0.last().map(Arc::clone).unwrap_or_default()
    }

    /// Keeps layers and log from being put apart while a batch goes to both.
    pub(super) fn hold(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no batch is between log and layers, and keeps new ones out.
    pub(crate) fn halt(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts another layer on top of what is there; returns the one that was, and the number of the
    /// first segment of the log that has nothing of it.
    pub(crate) fn freeze(&self) -> Result<(Arc<Layer>, u32), WalError> {
        let _halted = self.halt();
        let segment = self.log.begin()?.lock().cut()?;
        let frozen = self.youngest();
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        layers.0.push(Arc::default());
        Ok((frozen, segment))
    }

    /// Lets go of everything but the youngest layer.
    pub(crate) fn forget_frozen(&self) {
        let _halted = self.halt();
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        let frozen = layers.0.len().saturating_sub(1);
        layers.0.drain(..frozen);
        let has_any = layers.0.iter().any(|layer| !layer.read().is_empty());
        self.has_any.store(has_any, Ordering::Release);
    }

    /// First and last sample's time, unless there is none.
    pub(crate) fn time_range(&self) -> Option<TimeRange> {
        let layers = self.layers();
        let ranges = layers.0.iter().filter_map(|layer| layer.time_range());
        ranges.reduce(united)
    }
}

/// Some layers, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers(SmallVec<[Arc<Layer>; 2]>);

impl Layers {
    /// True if nothing is out of order.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Layer>> {
        self.0.iter()
    }

    /// True if one of them has the series.
    pub(crate) fn contain(&self, row: u32) -> bool {
        self.0.iter().any(|layer| layer.read().contains_key(&row))
    }

    /// True if one of them may have samples of the series in `range`.
    pub(crate) fn overlap(&self, row: u32, range: TimeRange) -> bool {
        let overlaps = |layer: &Arc<Layer>| {
            let series = layer.read();
            series
                .get(&row)
                .is_some_and(|series| series.overlaps(range))
        };
        self.0.iter().any(overlaps)
    }

    /// First and last sample's time of a series, unless there is none.
    pub(crate) fn range_of(&self, row: u32) -> Option<TimeRange> {
        let ranges = self.0.iter().filter_map(|layer| {
            let series = layer.read();
            series.get(&row).and_then(Series::range)
        });
        ranges.reduce(united)
    }

    /// Puts the samples of a series in chunks that touch `range` between those in `buffer`, which
    /// are in order. Of several at one time the one that came last stays, as upstream has it.
    pub(crate) fn merge_into(
        &self,
        row: u32,
        range: TimeRange,
        buffer: &mut SampleBuffer,
    ) -> Result<(), ChunkError> {
        for layer in &self.0 {
            let mut found = SampleBuffer::default();
            if let Some(series) = layer.read().get(&row) {
                series.read(range, &mut found)?;
            }
            merge(buffer, &found);
        }
        Ok(())
    }

    /// Takes out the samples of a series in `range`.
    pub(crate) fn delete(&self, row: u32, range: TimeRange) -> Result<(), ChunkError> {
        for layer in &self.0 {
            let mut all = layer.write();
            let Some(series) = all.get_mut(&row) else {
                continue;
            };
            let outcome = series.delete(range);
            if series.is_empty() {
                all.remove(&row);
            }
            outcome?;
        }
        Ok(())
    }
}

/// Series with samples out of order, by row.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    series: RwLock<ByRow>,
}

pub(crate) type ByRow = HashMap<u32, Series, RandomState>;

impl Layer {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, ByRow> {
        self.series.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, ByRow> {
        self.series.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// First and last sample's time, unless there is none.
    pub(crate) fn time_range(&self) -> Option<TimeRange> {
        let series = self.read();
        series.values().filter_map(Series::range).reduce(united)
    }

    /// How many chunks end before `time`.
    pub(crate) fn chunks_before(&self, time: i64) -> usize {
        let series = self.read();
        series
            .values()
            .map(|series| series.chunks_before(time))
            .sum()
    }

    /// Where the ranges of `span` milliseconds begin in which there are samples.
    pub(crate) fn starts(&self, span: i64) -> Result<BTreeSet<i64>, ChunkError> {
        let mut starts = BTreeSet::new();
        let mut samples = SampleBuffer::default();
        for series in self.read().values() {
            samples.clear();
            series.read(TimeRange::ALL, &mut samples)?;
            let histograms = samples.histograms().timestamps();
            for &time in samples.timestamps().iter().chain(histograms) {
                starts.insert(range_end(time, span).saturating_sub(span));
            }
        }
        Ok(starts)
    }
}

/// Brings two runs of samples of one series together, each in order. Of two samples at one time
/// that of `others` stays, whatever the kinds.
pub(super) fn merge(buffer: &mut SampleBuffer, others: &SampleBuffer) {
    let (has, histograms) = (others.timestamps(), others.histograms().timestamps());
    if has.is_empty() && histograms.is_empty() {
        return;
    }
    buffer.retain(|time, _| {
        has.binary_search(&time).is_err() && histograms.binary_search(&time).is_err()
    });
    let (others_times, others_values) = (others.timestamps(), others.values());
    if !others_times.is_empty() {
        let border = buffer.len();
        let (times, values) = buffer.columns_mut();
        times.extend_from_slice(others_times);
        values.extend_from_slice(others_values);
        crate::querier::merge::join(buffer, border);
    }
    let others = others.histograms();
    if others.is_empty() {
        return;
    }
    let all = buffer.histograms_mut();
    for (index, &time) in others.timestamps().iter().enumerate() {
        if let Some(histogram) = others.values().get(index) {
            all.push(time, Arc::clone(histogram), 0);
        }
    }
    all.sort();
    // What each knew of the one before it no longer holds.
    for histogram in all.values_mut() {
        let hint = histogram.counter_reset_hint;
        if matches!(hint, CounterResetHint::Reset | CounterResetHint::NotReset) {
            Arc::make_mut(histogram).counter_reset_hint = CounterResetHint::Unknown;
        }
    }
}

pub(super) fn united(a: TimeRange, b: TimeRange) -> TimeRange {
    TimeRange::new(a.min_time.min(b.min_time), a.max_time.max(b.max_time))
}
