//! A batch of samples: checked one by one, logged and applied together.

mod histograms;
mod out_of_order;

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use model::{Labels, SeriesRef, TimeRange};
use storage::{Append, AppendError, AppendExemplar, AppendValue, Appender, Commit, ExemplarError};

use super::Head;
use super::beside::Beside;
use super::catalog::SLAB_ROWS;
use super::series::{Appended, Row};
use super::slab::{Slab, SlabRows};
use crate::db::Durability;
use crate::wal::record::{self, RefSample};
use crate::wal::{Wal, WalError};
pub(crate) use histograms::PendingHistogram;
use histograms::{Batch, runs};
pub(crate) use out_of_order::Late;
use out_of_order::LateBounds;

/// A sample that waits for its commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) row: u32,
    pub(crate) time: i64,
    pub(crate) value: f64,
}

/// Memory of a batch, handed on to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pending: Vec<Pending>,
    histograms: Vec<PendingHistogram>,
    pub(super) beside: Beside,
    late: Late,
    series_record: Vec<u8>,
    samples_record: Vec<u8>,
}

/// A batch on its way into the head.
pub(crate) struct HeadAppender<'a> {
    pub(super) head: &'a Head,
    wal: &'a Wal,
    /// Bound of the times that this batch may carry in order.
    min_time: i64,
    late: LateBounds,
    pub(super) scratch: Scratch,
    durability: Durability,
    /// The slab that the last sample went to; the next one's is mostly the same.
    slab: Option<(u32, Arc<Slab>)>,
    /// Series that this batch has begun.
    new_series: usize,
}

impl<'a> HeadAppender<'a> {
    pub(crate) fn new(head: &'a Head, wal: &'a Wal, durability: Durability) -> Self {
        let scratch = head
            .scratch
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let min_time = head.appendable_from();
        head.metrics.upkeep.active_appenders.inc();
        Self {
            head,
            wal,
            min_time,
            late: LateBounds::now(head),
            scratch: scratch.unwrap_or_default(),
            durability,
            slab: None,
            new_series: 0,
        }
    }

    fn slab_of(&mut self, row: u32) -> Option<&Slab> {
        let number = row / SLAB_ROWS;
        if self
            .slab
            .as_ref()
            .is_none_or(|(cached, _)| *cached != number)
        {
            self.slab = self.head.slab(row).map(|slab| (number, slab));
        }
        self.slab.as_ref().map(|(_, slab)| &**slab)
    }

    /// Takes samples of known series up to the first that is refused, or whose series nobody knows.
    /// Returns how many. A slab is locked once for all samples of it that stand together.
    fn take_floats(&mut self, time: i64, samples: &[(SeriesRef, f64)]) -> usize {
        if time < self.min_time {
            return 0;
        }
        let head = self.head;
        let mut taken = 0;
        while let Some(&(first, _)) = samples.get(taken) {
            let Some(first) = head.row(first.get()) else {
                break;
            };
            let Some(slab) = head.slab(first) else { break };
            let rows = slab.read();
            let before = taken;
            for &(series, value) in samples.get(taken..).unwrap_or_default() {
                if let Some(&(soon, _)) = samples.get(taken + AHEAD) {
                    rows.bring_near(soon.get() as u32);
                }
                let row = head.row(series.get());
                let Some(row) = row.filter(|row| row / SLAB_ROWS == first / SLAB_ROWS) else {
                    break;
                };
                let Some(found) = rows.get(row).filter(|row| row.check(time, value).is_ok()) else {
                    break;
                };
                // Until the commit has logged the batch, it is there.
                found.bring_end_near();
                self.scratch.pending.push(Pending { row, time, value });
                taken += 1;
            }
            if taken == before {
                break;
            }
        }
        taken
    }

    /// What `check` says of the row's series; `None` if there is no such series.
    fn check(
        &mut self,
        row: u32,
        check: impl Fn(&Row) -> Result<(), AppendError>,
    ) -> Option<Result<(), AppendError>> {
        let rows = self.slab_of(row)?.read();
        rows.get(row).map(check)
    }

    /// The row of a sample's series, which is begun if there is none, if `check` lets it pass.
    fn row_for(
        &mut self,
        append: &Append<'_>,
        check: impl Fn(&Row) -> Result<(), AppendError>,
    ) -> Result<u32, AppendError> {
        if append.timestamp < self.min_time {
            return Err(AppendError::OutOfBounds);
        }
        let known = append
            .series
            .and_then(|reference| self.head.row(reference.get()));
        let checked = known.and_then(|row| Some((row, self.check(row, &check)?)));
        let (row, outcome) = match checked {
            Some(checked) => checked,
            None => {
                if append.series.is_some() {
                    self.head.metrics.upkeep.series_not_found.inc();
                }
                let (row, is_new) = (self.head).find_or_create(append.labels, append.new_series)?;
                self.new_series += usize::from(is_new);
                (row, self.check(row, &check).unwrap_or(Ok(())))
            }
        };
        outcome.map(|()| row)
    }
}

impl Appender for HeadAppender<'_> {
    fn append(&mut self, append: Append<'_>) -> Result<SeriesRef, AppendError> {
        let time = append.timestamp;
        let row = match append.value {
            AppendValue::Float(value) => {
                match self.row_for(&append, |row| row.check(time, value)) {
                    Ok(row) => {
                        self.scratch.pending.push(Pending { row, time, value });
                        row
                    }
                    Err(error) => self.append_late(&append, error)?,
                }
            }
            AppendValue::Histogram(histogram) => self.append_histogram(&append, histogram)?,
        };
        if let Some(metadata) = append.metadata {
            self.take_metadata(row, metadata);
        }
        Ok(self.head.reference(row))
    }

    fn append_floats(
        &mut self,
        timestamp: i64,
        samples: &[(SeriesRef, f64)],
        refused: &mut Vec<(usize, AppendError)>,
    ) {
        let mut from = 0;
        while let Some(rest) = samples.get(from..).filter(|rest| !rest.is_empty()) {
            from += self.take_floats(timestamp, rest);
            // What stops the quick way is told why on the long one.
            let Some(&(series, value)) = samples.get(from) else {
                break;
            };
            let append = Append::new(&NO_LABELS, timestamp, value).with_series(series);
            if let Err(error) = self.append(append) {
                refused.push((from, error));
            }
            from += 1;
        }
    }

    fn new_series(&self) -> usize {
        self.new_series
    }

    fn keeps_exemplars(&self) -> bool {
        self.head.exemplars.are_kept()
    }

    fn append_exemplar(&mut self, append: AppendExemplar<'_>) -> Result<(), ExemplarError> {
        self.take_exemplar(append)
    }

    fn commit(mut self: Box<Self>) -> Result<Commit, AppendError> {
        self.commit_batch(self.durability == Durability::Always)
    }

    fn commit_durably(mut self: Box<Self>) -> Result<Commit, AppendError> {
        self.commit_batch(self.durability != Durability::Os)
    }

    fn rollback(self: Box<Self>) {}
}

impl HeadAppender<'_> {
    /// Logs the batch and makes it visible; waits until the disk has it if `waits`.
    fn commit_batch(&mut self, waits: bool) -> Result<Commit, AppendError> {
        let scratch = &mut self.scratch;
        if !scratch.pending.is_sorted_by_key(|sample| sample.row) {
            // Stable: samples of one series keep their order.
            scratch.pending.sort_by_key(|sample| sample.row);
        }
        scratch.histograms.sort_by_key(|sample| sample.row);
        let head = self.head;
        let committing = head
            .committing
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let place = head.log_batch(self.wal, scratch).map_err(append_error)?;
        let mut refused = self.late.takes_late().then(Late::default);
        let mut commit =
            self.head
                .apply_batch(&scratch.pending, &scratch.histograms, refused.as_mut());
        self.head.apply_beside(&scratch.beside);
        drop(committing);
        let late_place = self.commit_late(refused.unwrap_or_default(), &mut commit)?;
        self.head
            .metrics
            .samples_appended
            .add(commit.samples as u64);
        self.head.metrics.out_of_order.add(commit.dropped as u64);
        if waits {
            let synced = self.wal.sync_to(place, || self.head.log_series_again());
            synced.map_err(append_error)?;
            self.sync_late(late_place)?;
        }
        Ok(commit)
    }
}

impl Drop for HeadAppender<'_> {
    fn drop(&mut self) {
        self.head.metrics.upkeep.active_appenders.add(-1.0);
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.pending.clear();
        scratch.histograms.clear();
        scratch.beside.clear();
        scratch.late.clear();
        let mut spare = self
            .head
            .scratch
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE_SCRATCHES && scratch.pending.capacity() <= SPARE_SAMPLES {
            spare.push(scratch);
        }
    }
}

impl Head {
    /// Writes new series and the batch's samples to the log; returns the batch's place there.
    fn log_batch(&self, wal: &Wal, scratch: &mut Scratch) -> Result<u64, WalError> {
        let Scratch {
            pending,
            histograms,
            beside,
            late: _,
            series_record,
            samples_record,
        } = scratch;
        samples_record.clear();
        series_record.clear();
        let mut others = Vec::new();
        match histograms.is_empty() {
            true => self.encode_samples(pending, samples_record),
            false => self.encode_mixed(&runs(pending, histograms), &mut others),
        }
        let (metadata, exemplars) = self.encode_beside(beside);
        let mut writer = wal.lock();
        // Under the log's lock: a series is in the log before any batch's samples of it.
        let new = std::mem::take(&mut *self.unlogged());
        if !new.is_empty() {
            self.encode_series(&new, series_record);
        }
        let outcome = match others.is_empty() {
            true => writer.log(&[series_record, &metadata, samples_record, &exemplars]),
            false => {
                let before = [&*series_record, &metadata].into_iter();
                let records = before.chain(&others).chain([&exemplars]);
                writer.log(&records.map(Vec::as_slice).collect::<Vec<_>>())
            }
        };
        self.metrics
            .wal_segment
            .set(f64::from(writer.segment_number()));
        if outcome.is_err() {
            self.metrics.wal_writes_failed.inc();
            self.unlogged().splice(0..0, new);
        }
        if writer.has_lost() {
            self.log_series_again();
        }
        outcome.map(|()| writer.logged())
    }

    fn encode_samples(&self, pending: &[Pending], out: &mut Vec<u8>) {
        let samples = pending.iter().map(|sample| RefSample {
            series: self.reference(sample.row).get(),
            time: sample.time,
            value: sample.value,
        });
        record::encode_samples(out, samples);
    }

    /// Has every series written to the log with the next batch: what the log had of them may be
    /// lost. Called while nobody else can log.
    pub(crate) fn log_series_again(&self) {
        // Under the catalog's lock: a series that comes meanwhile waits for it and is added then.
        self.with_catalog(|catalog| *self.unlogged() = catalog.rows().to_vec());
    }

    /// Writes series to the log that no record has yet.
    pub(crate) fn log_series(&self, wal: &Wal) -> Result<(), WalError> {
        self.log_record(wal, &[])
    }

    /// Writes a record about known series to the log, behind the series themselves.
    pub(super) fn log_record(&self, wal: &Wal, bytes: &[u8]) -> Result<(), WalError> {
        let mut series_record = Vec::new();
        let mut writer = wal.lock();
        let new = std::mem::take(&mut *self.unlogged());
        if !new.is_empty() {
            self.encode_series(&new, &mut series_record);
        }
        let outcome = writer.log(&[&series_record, bytes]);
        if outcome.is_err() {
            self.metrics.wal_writes_failed.inc();
            self.unlogged().splice(0..0, new);
        }
        outcome.map(|_| ())
    }

    pub(super) fn encode_series(&self, rows: &[u32], out: &mut Vec<u8>) {
        record::begin_series(out);
        self.with_catalog(|catalog| {
            for &row in rows {
                let pairs: Vec<_> = catalog.pairs_of(row).collect();
                if !pairs.is_empty() {
                    record::put_series(out, self.reference(row).get(), pairs.into_iter());
                }
            }
        });
        if out.len() == 1 {
            out.clear();
        }
    }

    /// Adds samples and histograms, each sorted by row, to their series; notes those that they do not
    /// take.
    pub(super) fn apply_batch(
        &self,
        samples: &[Pending],
        histograms: &[PendingHistogram],
        mut refused: Option<&mut Late>,
    ) -> Commit {
        if histograms.is_empty() {
            return self.apply(samples, refused);
        }
        let mut commit = Commit::default();
        for Batch { floats, histograms } in runs(samples, histograms) {
            for done in [
                self.apply(floats, refused.as_deref_mut()),
                self.apply(histograms, refused.as_deref_mut()),
            ] {
                commit.samples += done.samples;
                commit.dropped += done.dropped;
            }
        }
        commit
    }

    /// Adds samples, sorted by row, to their series. Each slab is locked once, so that a reader
    /// sees all samples of one series in this batch or none.
    pub(super) fn apply<S: Waiting>(
        &self,
        samples: &[S],
        mut refused: Option<&mut Late>,
    ) -> Commit {
        let mut commit = Commit::default();
        let mut chunks = 0u64;
        let mut range = TimeRange::new(i64::MAX, i64::MIN);
        for run in samples.chunk_by(|a, b| a.row() / SLAB_ROWS == b.row() / SLAB_ROWS) {
            let Some(slab) = run.first().and_then(|sample| self.slab(sample.row())) else {
                commit.dropped += run.len();
                continue;
            };
            let mut rows = slab.write();
            // Under the slab's lock: whoever cuts a block raises this bound before looking here.
            let min_valid = self.min_valid_time.load(Ordering::Relaxed);
            for (index, sample) in run.iter().enumerate() {
                if index.is_multiple_of(NEAR) {
                    bring_near(run.get(index..).unwrap_or_default(), &rows);
                }
                let time = sample.time();
                let row = rows.row_to_append(sample.row());
                let row = row.filter(|_| time >= min_valid);
                match row.map(|row| sample.append_to(row, self.chunk_range)) {
                    Some(Appended::Added) => {}
                    Some(Appended::AddedChunk) => {
                        chunks += 1;
                        rows.note_finished();
                    }
                    Some(Appended::Present) => {
                        commit.samples += 1;
                        continue;
                    }
                    Some(Appended::Refused) | None => {
                        commit.dropped += 1;
                        if let Some(refused) = &mut refused {
                            sample.refuse(refused);
                        }
                        continue;
                    }
                }
                commit.samples += 1;
                range.min_time = range.min_time.min(time);
                range.max_time = range.max_time.max(time);
            }
        }
        if range.min_time <= range.max_time {
            self.note_times(range);
        }
        self.metrics.chunks_created.add(chunks);
        self.metrics.chunks.add(chunks as f64);
        commit
    }
}

/// Has the processor fetch the ends of some open chunks, all at once: waiting for memory takes longer
/// than adding a sample.
#[inline]
fn bring_near<S: Waiting>(samples: &[S], rows: &SlabRows) {
    let near = samples.iter().take(NEAR);
    near.filter_map(|sample| rows.get(sample.row()))
        .for_each(Row::bring_end_near);
}

/// A sample that waits for its commit, of either kind.
pub(super) trait Waiting {
    fn row(&self) -> u32;
    fn time(&self) -> i64;
    fn append_to(&self, row: &mut Row, chunk_range: i64) -> Appended;
    /// Notes that its row did not take it.
    fn refuse(&self, refused: &mut Late);
}

impl Waiting for Pending {
    #[inline]
    fn row(&self) -> u32 {
        self.row
    }

    #[inline]
    fn time(&self) -> i64 {
        self.time
    }

    #[inline]
    fn append_to(&self, row: &mut Row, chunk_range: i64) -> Appended {
        row.append(self.time, self.value, chunk_range)
    }

    #[cold]
    fn refuse(&self, refused: &mut Late) {
        refused.float(*self);
    }
}

/// Stands for the labels of a series that is known by number.
static NO_LABELS: Labels = Labels::empty();

fn append_error(error: WalError) -> AppendError {
    use std::io::ErrorKind;
    match error.source.kind() {
        ErrorKind::StorageFull
        | ErrorKind::QuotaExceeded
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::PermissionDenied => AppendError::ReadOnly(error.to_string()),
        _ => AppendError::Io {
            path: error.path.display().to_string(),
            source: error.source,
        },
    }
}

/// Rows whose chunks are fetched at once: about as many as a core can wait for.
const NEAR: usize = 16;
/// How many samples before its own a row is fetched.
const AHEAD: usize = 8;
/// Scratches kept for coming batches: about one per thread that appends.
const SPARE_SCRATCHES: usize = 8;
/// A scratch that grew beyond this is not kept.
const SPARE_SAMPLES: usize = 64 * 1024;
