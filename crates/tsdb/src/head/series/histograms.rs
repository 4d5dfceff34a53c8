//! The part of a row that keeps native histograms. A chunk holds floats or histograms of one kind;
//! a change of kind cuts it.

use std::sync::Arc;

use model::histogram::CounterResetHint;
use model::value::{STALE, is_stale};
use model::{Histogram, TimeRange};
use storage::{AppendError, SampleBuffer};

use super::{Appended, ChunkView, ClosedChunk, Row, even_cut, last_cut};
use crate::chunk::ChunkError;
use crate::chunk::encode::NewChunk;
use crate::chunk::histogram::HistogramAppender;

impl Row {
    /// Whether a histogram may follow what the row has.
    pub(crate) fn check_histogram(
        &self,
        time: i64,
        histogram: &Histogram,
    ) -> Result<(), AppendError> {
        let (last, same) = match &self.histograms {
            Some(open) => (open.last_time(), **open.latest() == *histogram),
            None => {
                let ends = histogram.is_stale()
                    && self.open.count() > 0
                    && is_stale(self.open.last_value());
                (self.open.last_time(), ends)
            }
        };
        match time.cmp(&last) {
            std::cmp::Ordering::Greater => Ok(()),
            std::cmp::Ordering::Equal if same => Ok(()),
            std::cmp::Ordering::Equal => Err(AppendError::DuplicateTimestamp),
            std::cmp::Ordering::Less => Err(AppendError::OutOfOrder),
        }
    }

    /// Adds a histogram, beginning a new chunk where one is due. A stale marker is added to the
    /// chunk that is open, whatever it holds.
    pub(crate) fn append_histogram(
        &mut self,
        time: i64,
        histogram: &Arc<Histogram>,
        chunk_range: i64,
    ) -> Appended {
        match self.check_histogram(time, histogram) {
            Err(_) => return Appended::Refused,
            Ok(()) if self.last_time() == Some(time) => return Appended::Present,
            Ok(()) => {}
        }
        let mut hint = CounterResetHint::Unknown;
        if self.histograms.is_some() {
            match self.append_to_open(time, histogram, chunk_range) {
                Ok(()) => return Appended::Added,
                Err(cut) => hint = cut,
            }
            self.close_histograms();
        }
        if histogram.is_stale() {
            return self.append(time, STALE, chunk_range);
        }
        if self.open.count() > 0 {
            self.close();
        }
        self.open_min_time = time;
        self.cut_time = last_cut(time, chunk_range);
        self.histograms = Some(Box::new(HistogramAppender::begin(time, histogram, hint)));
        Appended::AddedChunk
    }

    /// Adds a histogram to the open chunk; if it must begin another, returns what it is there.
    fn append_to_open(
        &mut self,
        time: i64,
        histogram: &Arc<Histogram>,
        chunk_range: i64,
    ) -> Result<(), CounterResetHint> {
        let start = self.open_min_time;
        let Some(open) = &mut self.histograms else {
            return Err(CounterResetHint::Unknown);
        };
        open.check(histogram)?;
        let size = open.bytes().len();
        if !open.has_end && size >= CHUNK_BYTES / 4 {
            self.cut_time = even_cut(start, open.last_time(), self.cut_time);
            open.has_end = true;
        }
        let is_full = time >= self.cut_time || size >= 2 * CHUNK_BYTES;
        let is_worth_it = open.count() >= LEAST_SAMPLES && !histogram.is_stale();
        let cut = (is_full && is_worth_it) || time >= last_cut(start, chunk_range);
        if cut || open.append(time, histogram).is_err() {
            return Err(CounterResetHint::NotReset);
        }
        Ok(())
    }

    pub(super) fn last_time(&self) -> Option<i64> {
        let floats = (self.open.count() > 0).then(|| self.open.last_time());
        floats.or_else(|| self.histograms.as_ref().map(|open| open.last_time()))
    }

    /// Whether a float may follow where no chunk of floats is open.
    #[cold]
    pub(super) fn check_behind_histograms(&self, time: i64, value: f64) -> Result<(), AppendError> {
        let Some(open) = &self.histograms else {
            return Ok(());
        };
        match time.cmp(&open.last_time()) {
            std::cmp::Ordering::Greater => Ok(()),
            std::cmp::Ordering::Equal if is_stale(value) && open.latest().is_stale() => Ok(()),
            std::cmp::Ordering::Equal => Err(AppendError::DuplicateTimestamp),
            std::cmp::Ordering::Less => Err(AppendError::OutOfOrder),
        }
    }

    /// Makes way for a float. If that is a stale marker or comes too late, there is nothing left to
    /// do, and what became of it is returned.
    #[cold]
    pub(super) fn end_histograms(
        &mut self,
        time: i64,
        value: f64,
        chunk_range: i64,
    ) -> Option<Appended> {
        if self.check_behind_histograms(time, value).is_err() {
            return Some(Appended::Refused);
        }
        if is_stale(value) {
            let marker = Arc::new(Histogram::stale());
            return Some(self.append_histogram(time, &marker, chunk_range));
        }
        self.close_histograms();
        None
    }

    pub(super) fn close_histograms(&mut self) {
        if let Some(open) = self.histograms.take() {
            self.closed.push(ClosedChunk::new(NewChunk {
                encoding: open.encoding(),
                range: TimeRange::new(self.open_min_time, open.last_time()),
                bytes: open.into_bytes(),
            }));
        }
    }

    /// The open chunk if it is one of histograms.
    pub(super) fn open_histograms(&self) -> Option<ChunkView<'_>> {
        self.histograms.as_ref().map(|open| ChunkView {
            range: TimeRange::new(self.open_min_time, open.last_time()),
            encoding: open.encoding(),
            count: open.count(),
            bytes: open.bytes(),
        })
    }

    /// Makes the last finished chunk, which is one of histograms, the open one.
    pub(super) fn reopen_histograms(&mut self) -> Result<(), ChunkError> {
        let Some(last) = self.closed.pop() else {
            return Ok(());
        };
        let range = last.range();
        let mut samples = SampleBuffer::default();
        if let Err(error) = last.encoding.decode(&last.bytes, &mut samples) {
            self.closed.push(last);
            return Err(error);
        }
        let histograms = samples.histograms();
        for (&time, histogram) in histograms.timestamps().iter().zip(histograms.values()) {
            self.append_histogram(time, histogram, i64::MAX);
        }
        for &time in samples.timestamps() {
            self.append(time, STALE, i64::MAX);
        }
        // The next sample begins a chunk of its own.
        self.cut_time = range.max_time.saturating_add(1);
        Ok(())
    }
}

/// Bytes that a chunk of histograms should have. Upstream's figure.
const CHUNK_BYTES: usize = 1_024;
/// Samples below which a chunk is not cut because of its size. Upstream's figure.
const LEAST_SAMPLES: u16 = 10;
