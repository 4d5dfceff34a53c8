//! The samples of a batch that come behind later ones of their series.

use std::path::Path;
use std::sync::Arc;

use model::TimeRange;
use storage::{Append, AppendError, AppendValue, Commit, SampleBuffer};

use super::histograms::Batch;
use super::{HeadAppender, Pending, PendingHistogram, append_error};
use crate::block::BlockError;
use crate::head::Head;
use crate::head::catalog::SLAB_ROWS;
use crate::head::filed::HeadReadError;
use crate::head::out_of_order::{FOLDER, Layer, OURS, Value};
use crate::wal::WalError;

/// Samples out of order that wait for their commit.
#[derive(Debug, Default)]
pub(crate) struct Late {
    floats: Vec<Pending>,
    histograms: Vec<PendingHistogram>,
}

impl Late {
    pub(super) fn clear(&mut self) {
        self.floats.clear();
        self.histograms.clear();
    }

    fn is_empty(&self) -> bool {
        self.floats.is_empty() && self.histograms.is_empty()
    }

    pub(super) fn float(&mut self, sample: Pending) {
        self.floats.push(sample);
    }

    pub(super) fn histogram(&mut self, sample: PendingHistogram) {
        self.histograms.push(sample);
    }
}

/// Which samples of a batch are late, as of its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct LateBounds {
    /// Time of the newest sample of all, in the head or in a block.
    newest: i64,
    /// Oldest time that may come out of order; `None` if none may.
    oldest: Option<i64>,
}

impl LateBounds {
    pub(super) fn now(head: &Head) -> Self {
        let newest = head.max_time.load(std::sync::atomic::Ordering::Relaxed);
        // A head that began with blocks alone has seen none of it.
        let newest = newest.max(head.min_valid_time().saturating_sub(1));
        let window = head.out_of_order.window();
        Self {
            newest,
            oldest: (window > 0).then(|| newest.saturating_sub(window)),
        }
    }

    /// True if a sample that a row refuses at the commit may be late.
    pub(super) fn takes_late(self) -> bool {
        self.oldest.is_some()
    }
}

impl HeadAppender<'_> {
    /// Takes a sample that cannot follow what its series has, if it may come out of order; returns
    /// its row.
    #[cold]
    pub(super) fn append_late(
        &mut self,
        append: &Append<'_>,
        error: AppendError,
    ) -> Result<u32, AppendError> {
        let is_early = matches!(error, AppendError::OutOfBounds);
        if !is_early && !matches!(error, AppendError::OutOfOrder) {
            return Err(error);
        }
        let head = self.head;
        let time = append.timestamp;
        let delta = self.late.newest.saturating_sub(time);
        if delta > 0 && (self.late.oldest.is_some() || !is_early) {
            let metrics = &self.head.out_of_order.metrics;
            metrics.delta.observe(delta as f64 / 1e3);
        }
        let kind = match append.value {
            AppendValue::Float(_) => "float",
            AppendValue::Histogram(_) => "histogram",
        };
        match self.late.oldest {
            Some(oldest) if time >= oldest => {}
            Some(_) => {
                let metrics = &self.head.out_of_order.metrics;
                metrics.too_old.with(&[kind]).inc();
                return Err(AppendError::TooOld);
            }
            None if is_early => {
                head.metrics.out_of_bound.inc();
                return Err(error);
            }
            None => {
                head.metrics.out_of_order.inc();
                return Err(error);
            }
        }
        let known = append
            .series
            .and_then(|reference| self.head.row(reference.get()));
        let row = match known.filter(|&row| self.head.has_row(row)) {
            Some(row) => row,
            None => {
                let (row, is_new) = (self.head).find_or_create(append.labels, append.new_series)?;
                self.new_series += usize::from(is_new);
                row
            }
        };
        let late = &mut self.scratch.late;
        match append.value {
            AppendValue::Float(value) => late.float(Pending { row, time, value }),
            AppendValue::Histogram(histogram) => late.histogram(PendingHistogram {
                row,
                time,
                histogram: histogram.clone(),
            }),
        }
        Ok(row)
    }

    /// Logs the batch's samples out of order and makes them visible; `refused` are those that rows
    /// did not take at the commit. Returns the batch's place in the log, if it has any there.
    pub(super) fn commit_late(
        &mut self,
        refused: Late,
        commit: &mut Commit,
    ) -> Result<Option<u64>, AppendError> {
        if !refused.is_empty() {
            self.take_refused(refused, commit);
        }
        let late = &mut self.scratch.late;
        if late.is_empty() {
            return Ok(None);
        }
        late.floats.sort_by_key(|sample| sample.row);
        late.histograms.sort_by_key(|sample| sample.row);
        let logged = self.head.log_late(late).map_err(append_error)?;
        commit.samples += late.floats.len() + late.histograms.len() - logged.dropped;
        commit.dropped += logged.dropped;
        let appended = &self.head.out_of_order.metrics.appended;
        appended.with(&["float"]).add(logged.floats);
        appended.with(&["histogram"]).add(logged.histograms);
        Ok(Some(logged.place))
    }

    /// Waits until the disk has the batch at this place of the log.
    pub(super) fn sync_late(&self, place: Option<u64>) -> Result<(), AppendError> {
        let log = self.head.out_of_order.log.begun();
        match place.zip(log) {
            Some((place, log)) => log.sync_to(place, || {}).map_err(append_error),
            None => Ok(()),
        }
    }

    /// Of samples that rows refused, those are late that lie in the window and are no others'
    /// duplicates.
    #[cold]
    fn take_refused(&mut self, refused: Late, commit: &mut Commit) {
        let Some(oldest) = self.late.oldest else {
            return;
        };
        let head = self.head;
        let Late { floats, histograms } = refused;
        let mut too_old = [0_u64; 2];
        for sample in floats {
            let fate = head.fate(sample.row, sample.time, oldest, |row| {
                row.check(sample.time, sample.value)
            });
            match fate {
                Fate::Late => self.scratch.late.floats.push(sample),
                Fate::TooOld => too_old[0] += 1,
                Fate::Dropped => continue,
            }
            commit.dropped = commit
                .dropped
                .saturating_sub(usize::from(fate == Fate::Late));
        }
        for sample in histograms {
            let fate = head.fate(sample.row, sample.time, oldest, |row| {
                row.check_histogram(sample.time, &sample.histogram)
            });
            match fate {
                Fate::Late => self.scratch.late.histograms.push(sample),
                Fate::TooOld => too_old[1] += 1,
                Fate::Dropped => continue,
            }
            commit.dropped = commit
                .dropped
                .saturating_sub(usize::from(fate == Fate::Late));
        }
        let metrics = &head.out_of_order.metrics;
        metrics.too_old.with(&["float"]).add(too_old[0]);
        metrics.too_old.with(&["histogram"]).add(too_old[1]);
    }
}

/// What became of samples that were logged.
#[derive(Clone, Copy, Debug)]
struct Logged {
    /// Their place in the log.
    place: u64,
    /// How many were new, by kind.
    floats: u64,
    histograms: u64,
    /// How many are of series that have ended.
    dropped: usize,
}

/// What becomes of a sample that a row refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Late,
    TooOld,
    Dropped,
}

impl Head {
    fn fate(
        &self,
        row: u32,
        time: i64,
        oldest: i64,
        check: impl Fn(&crate::head::series::Row) -> Result<(), AppendError>,
    ) -> Fate {
        let Some(slab) = self.slab(row) else {
            return Fate::Dropped;
        };
        let rows = slab.read();
        let Some(found) = rows.get(row) else {
            return Fate::Dropped;
        };
        let is_behind =
            time < self.min_valid_time() || matches!(check(found), Err(AppendError::OutOfOrder));
        match is_behind {
            false => Fate::Dropped,
            true if time < oldest => Fate::TooOld,
            true => Fate::Late,
        }
    }

    /// Logs samples out of order, sorted by row, and puts them into their layer.
    fn log_late(&self, late: &Late) -> Result<Logged, WalError> {
        let mut records = Vec::new();
        let batch = Batch {
            floats: &late.floats,
            histograms: &late.histograms,
        };
        self.encode_mixed(&[batch], &mut records);
        records.push(OURS.to_vec());
        let out_of_order = &self.out_of_order;
        let _held = out_of_order.hold();
        let place = {
            let mut writer = out_of_order.log.begin()?.lock();
            let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
            let outcome = writer.log(&records);
            let metrics = &out_of_order.metrics;
            metrics.segment.set(f64::from(writer.segment_number()));
            outcome.inspect_err(|_| metrics.writes_failed.inc())?;
            writer.logged()
        };
        let floats = late.floats.iter();
        let floats = self.insert_late(floats.map(|s| (s.row, s.time, Value::Float(s.value))));
        let histograms = late.histograms.iter();
        let histograms = self.insert_late(
            histograms.map(|s| (s.row, s.time, Value::Histogram(s.histogram.clone()))),
        );
        Ok(Logged {
            place,
            floats: floats.0,
            histograms: histograms.0,
            dropped: floats.1 + histograms.1,
        })
    }

    /// Takes samples of a frozen layer from `time` on into the one that takes what comes, and into
    /// the log behind the segments that are about to go.
    pub(crate) fn keep_late(&self, frozen: &Layer, time: i64) -> Result<(), BlockError> {
        let mut rows: Vec<u32> = frozen.read().keys().copied().collect();
        rows.sort_unstable();
        let mut late = Late::default();
        let kept = TimeRange::new(time, i64::MAX);
        let mut samples = SampleBuffer::default();
        let dir = Path::new(FOLDER);
        let written = |error: WalError| BlockError::io(dir)(error.source);
        for row in rows {
            samples.clear();
            if let Some(series) = frozen.read().get(&row) {
                let read = series.read(kept, &mut samples);
                read.map_err(HeadReadError::from)?;
            }
            samples.retain(|time, _| kept.contains(time));
            let floats = samples.timestamps().iter().zip(samples.values());
            let pending = floats.map(|(&time, &value)| Pending { row, time, value });
            late.floats.extend(pending);
            let histograms = samples.histograms();
            let each = histograms.timestamps().iter().zip(histograms.values());
            late.histograms.extend(each.map(|(&time, histogram)| {
                let histogram = Arc::clone(histogram);
                PendingHistogram {
                    row,
                    time,
                    histogram,
                }
            }));
            if late.floats.len() + late.histograms.len() >= KEPT_AT_ONCE {
                self.log_late(&late).map_err(written)?;
                late.clear();
            }
        }
        if !late.is_empty() {
            self.log_late(&late).map_err(written)?;
        }
        self.out_of_order.log.sync().map_err(written)
    }

    /// Returns how many samples were new, and how many are of series that have ended.
    fn insert_late(&self, samples: impl Iterator<Item = (u32, i64, Value)>) -> (u64, usize) {
        let layer = self.out_of_order.youngest();
        let (mut taken, mut dropped) = (0, 0);
        let mut samples = samples.peekable();
        while let Some(&(row, ..)) = samples.peek() {
            let number = row / SLAB_ROWS;
            let slab = self.slab(row);
            // First the slab, so that no series ends between the look and the insertion.
            let rows = slab.as_ref().map(|slab| slab.read());
            let mut series = layer.write();
            while let Some((row, time, value)) = samples.next_if(|s| s.0 / SLAB_ROWS == number) {
                if rows.as_ref().is_none_or(|rows| rows.get(row).is_none()) {
                    dropped += 1;
                    continue;
                }
                taken += u64::from(series.entry(row).or_default().insert(time, value));
            }
        }
        (taken, dropped)
    }
}

/// Samples that are logged together when they are kept.
const KEPT_AT_ONCE: usize = 64 * 1024;
