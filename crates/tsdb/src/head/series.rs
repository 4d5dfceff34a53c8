//! Rows of series: what appending and reading samples needs.
//!
//! The series of one scrape are created together and so sit together in a slab; a commit takes the
//! lock of each slab once.

mod histograms;
mod resume;

use model::TimeRange;
use storage::{AppendError, SampleBuffer};

pub(crate) use resume::OpenChunk;

use crate::chunk::encode::{NewChunk, encode};
use crate::chunk::histogram::HistogramAppender;
use crate::chunk::xor::{self, XorAppender};
use crate::chunk::{ChunkEncoding, ChunkError};

/// One series: the open chunk and the finished ones, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Row {
    open: XorAppender,
    open_min_time: i64,
    /// The open chunk takes no sample from this time on.
    cut_time: i64,
    closed: Vec<ClosedChunk>,
    /// The open chunk if it is one of histograms; `open` is empty then. Begin and cut hold for it.
    histograms: Option<Box<HistogramAppender>>,
}

/// A finished chunk.
#[derive(Debug)]
struct ClosedChunk {
    min_time: i64,
    /// Milliseconds to the last sample: no chunk spans 49 days, and many chunks are in memory.
    span: u32,
    encoding: ChunkEncoding,
    bytes: Box<[u8]>,
}

impl ClosedChunk {
    fn new(chunk: NewChunk) -> Self {
        let TimeRange { min_time, max_time } = chunk.range;
        Self {
            min_time,
            span: u32::try_from(max_time.saturating_sub(min_time)).unwrap_or(u32::MAX),
            encoding: chunk.encoding,
            bytes: chunk.bytes,
        }
    }

    const fn range(&self) -> TimeRange {
        TimeRange::new(
            self.min_time,
            self.min_time.saturating_add(self.span as i64),
        )
    }
}

/// A chunk of a row, finished or open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkView<'a> {
    pub(crate) range: TimeRange,
    pub(crate) encoding: ChunkEncoding,
    /// Samples inside; the count in front of an open chunk's bytes is not kept up.
    pub(crate) count: u16,
    pub(crate) bytes: &'a [u8],
}

/// What became of a sample at commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is in the open chunk.
    Added,
    /// It is the first of a new chunk.
    AddedChunk,
    /// The series has it already.
    Present,
    /// The series has gone on meanwhile.
    Refused,
}

impl Row {
    /// Whether a sample may follow what the row has.
    #[inline]
    pub(crate) fn check(&self, time: i64, value: f64) -> Result<(), AppendError> {
        if self.open.count() == 0 && self.histograms.is_some() {
            return self.check_behind_histograms(time, value);
        }
        // Of an empty row this is the time from before which it takes nothing.
        if time > self.open.last_time() {
            return Ok(());
        }
        if time < self.open.last_time() {
            return Err(AppendError::OutOfOrder);
        }
        if value.to_bits() == self.open.last_value().to_bits() && self.open.count() > 0 {
            Ok(())
        } else {
            Err(AppendError::DuplicateTimestamp)
        }
    }

    /// Adds a sample, beginning a new chunk where one is due.
    #[inline]
    pub(crate) fn append(&mut self, time: i64, value: f64, chunk_range: i64) -> Appended {
        let count = self.open.count();
        if count > 0 {
            let last = self.open.last_time();
            if time <= last {
                let same = time == last && value.to_bits() == self.open.last_value().to_bits();
                return if same {
                    Appended::Present
                } else {
                    Appended::Refused
                };
            }
            if count == SAMPLES_PER_CHUNK / 4 {
                self.cut_time = even_cut(self.open_min_time, last, self.cut_time);
            }
            let full = count >= 2 * SAMPLES_PER_CHUNK || self.open.bytes().len() > CHUNK_BYTES;
            if time < self.cut_time && !full {
                self.open.append(time, value);
                return Appended::Added;
            }
            self.close();
        } else if self.histograms.is_some() {
            if let Some(done) = self.end_histograms(time, value, chunk_range) {
                return done;
            }
        } else if time <= self.open.last_time() {
            return Appended::Refused;
        }
        self.open_min_time = time;
        self.cut_time = last_cut(time, chunk_range);
        self.open.append(time, value);
        Appended::AddedChunk
    }

    #[cold]
    fn close(&mut self) {
        let range = TimeRange::new(self.open_min_time, self.open.last_time());
        self.closed.push(ClosedChunk::new(NewChunk {
            encoding: ChunkEncoding::Xor,
            range,
            bytes: self.open.take(),
        }));
    }

    /// Lets go of the oldest finished chunks, which are in a file now.
    pub(crate) fn forget_finished(&mut self, count: usize) {
        self.closed.drain(..count.min(self.closed.len()));
        self.closed.shrink_to_fit();
    }

    /// Takes chunks that were in files, oldest first; they are older than what the row has.
    pub(crate) fn put_in_front(&mut self, chunks: Vec<NewChunk>) {
        let chunks = chunks.into_iter().map(ClosedChunk::new);
        self.closed.splice(0..0, chunks);
    }

    /// Refuses samples up to `time` from here on: an empty row whose samples are in files.
    pub(crate) fn resume_after(&mut self, time: i64) {
        self.open = XorAppender::behind(time);
    }

    /// Makes the last finished chunk the open one if none is, so that the row knows which sample
    /// was its last.
    pub(crate) fn ensure_open(&mut self) -> Result<(), ChunkError> {
        match self.open.count() == 0 && self.histograms.is_none() {
            true => self.reopen(),
            false => Ok(()),
        }
    }

    /// Finished chunks, oldest first.
    pub(crate) fn finished_chunks(&self) -> impl Iterator<Item = ChunkView<'_>> {
        self.closed.iter().map(|chunk| ChunkView {
            range: chunk.range(),
            encoding: chunk.encoding,
            count: chunk.encoding.count(&chunk.bytes),
            bytes: &chunk.bytes,
        })
    }

    /// Chunks in memory, oldest first.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = ChunkView<'_>> {
        let open = self.open_floats().or_else(|| self.open_histograms());
        self.finished_chunks().chain(open)
    }

    /// The open chunk if it is one of floats.
    fn open_floats(&self) -> Option<ChunkView<'_>> {
        (self.open.count() > 0).then(|| ChunkView {
            range: TimeRange::new(self.open_min_time, self.open.last_time()),
            encoding: ChunkEncoding::Xor,
            count: self.open.count(),
            bytes: self.open.bytes(),
        })
    }

    /// True if a chunk may have samples in `range`.
    #[inline]
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        let open = TimeRange::new(self.open_min_time, self.open.last_time());
        (self.open.count() > 0 && open.overlaps(&range))
            || self
                .closed
                .iter()
                .any(|chunk| chunk.range().overlaps(&range))
            || self
                .open_histograms()
                .is_some_and(|chunk| chunk.range.overlaps(&range))
    }

    /// Adds the samples of all chunks that touch `range`.
    pub(crate) fn read(
        &self,
        range: TimeRange,
        buffer: &mut SampleBuffer,
    ) -> Result<(), ChunkError> {
        for chunk in &self.closed {
            if chunk.range().overlaps(&range) {
                chunk.encoding.decode(&chunk.bytes, buffer)?;
            }
        }
        let open = TimeRange::new(self.open_min_time, self.open.last_time());
        if self.open.count() > 0 && open.overlaps(&range) {
            xor::decode_first(self.open.count(), self.open.bytes(), buffer)?;
        }
        if let Some(chunk) = self.open_histograms()
            && chunk.range.overlaps(&range)
        {
            chunk.encoding.decode(chunk.bytes, buffer)?;
        }
        Ok(())
    }

    /// The latest sample, if it is in `range`. None if that is not known without decoding.
    #[inline]
    pub(crate) fn latest(&self, range: TimeRange) -> Option<(i64, f64)> {
        let time = self.open.last_time();
        let is_latest = self.open.count() > 0 && range.contains(time);
        is_latest.then(|| (time, self.open.last_value()))
    }

    /// Some of the open chunk's bytes, one of each cache line that most have.
    #[inline]
    pub(crate) fn touch(&self) -> u8 {
        let bytes = self.open.bytes();
        let ends = [bytes.first(), bytes.last()].into_iter().flatten();
        ends.fold(0, |sum, byte| sum ^ byte)
    }

    /// Has the processor fetch the open chunk's end, where the next sample goes.
    #[inline]
    pub(crate) fn bring_end_near(&self) {
        if let Some(end) = self.open.bytes().last() {
            host::memory::bring_near(end);
        }
    }

    /// First and last sample's time, unless there is none.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let ranges = self.chunks().map(|chunk| chunk.range);
        ranges.reduce(|a, b| TimeRange::new(a.min_time.min(b.min_time), a.max_time.max(b.max_time)))
    }

    /// Takes out the samples in `range`.
    pub(crate) fn delete(&mut self, range: TimeRange) -> Result<(), ChunkError> {
        self.close_histograms();
        let mut kept = Vec::with_capacity(self.closed.len());
        let mut outcome = Ok(());
        for chunk in std::mem::take(&mut self.closed) {
            if !chunk.range().overlaps(&range) {
                kept.push(chunk);
                continue;
            }
            let mut samples = SampleBuffer::default();
            if let Err(error) = chunk.encoding.decode(&chunk.bytes, &mut samples) {
                outcome = Err(error);
                kept.push(chunk);
                continue;
            }
            samples.retain(|time, _| !range.contains(time));
            kept.extend(encode(&samples).into_iter().map(ClosedChunk::new));
        }
        self.closed = kept;
        let has = TimeRange::new(self.open_min_time, self.open.last_time());
        if self.open.count() > 0 && has.overlaps(&range) {
            let mut samples = SampleBuffer::default();
            xor::decode_first(self.open.count(), self.open.bytes(), &mut samples)?;
            (self.open, self.open_min_time) = without(&samples, range);
        }
        if self.open.count() == 0 {
            self.reopen()?;
        }
        outcome
    }

    /// Takes up finished chunks, oldest first, that begin behind what the row has. Returns how many
    /// there are more, and the range of their samples.
    pub(crate) fn adopt(
        &mut self,
        chunks: Vec<NewChunk>,
        chunk_range: i64,
    ) -> (usize, Result<Option<TimeRange>, ChunkError>) {
        if self.open.count() > 0 {
            self.close();
        }
        self.close_histograms();
        let before = self.closed.len();
        let mut outcome = Ok(());
        for chunk in chunks {
            let is_behind = |last: &ClosedChunk| last.range().max_time < chunk.range.min_time;
            if !self.closed.last().is_none_or(is_behind) {
                continue;
            }
            match at_borders(chunk, chunk_range) {
                Ok(parts) => self.closed.extend(parts.into_iter().map(ClosedChunk::new)),
                Err(error) => outcome = Err(error),
            }
        }
        let adopted = self.closed.get(before..).unwrap_or_default();
        let count = adopted.len();
        let ends = adopted.first().zip(adopted.last());
        let range = ends.map(|(a, b)| TimeRange::new(a.min_time, b.range().max_time));
        (count, self.reopen().and(outcome).map(|()| range))
    }

    /// Makes the last finished chunk the open one, so that the row knows which sample was its last.
    fn reopen(&mut self) -> Result<(), ChunkError> {
        // Whatever an empty one said of a last time.
        self.open = XorAppender::new();
        let Some(last) = self.closed.last() else {
            return Ok(());
        };
        if !last.encoding.has_floats() {
            return self.reopen_histograms();
        }
        let mut samples = SampleBuffer::default();
        last.encoding.decode(&last.bytes, &mut samples)?;
        (self.open, self.open_min_time) = without(&samples, TimeRange::new(i64::MAX, i64::MIN));
        // The next sample begins a chunk of its own.
        self.cut_time = self.open.last_time().saturating_add(1);
        self.closed.pop();
        Ok(())
    }

    /// Drops chunks that end before `time`; returns how many.
    pub(crate) fn truncate(&mut self, time: i64) -> usize {
        let before = self.closed.len();
        self.closed.retain(|chunk| chunk.range().max_time >= time);
        if self.closed.is_empty() {
            self.closed = Vec::new();
        }
        let mut dropped = before - self.closed.len();
        if self.open.count() > 0 && self.open.last_time() < time {
            self.open = XorAppender::new();
            dropped += 1;
        }
        let ended = |open: &mut Box<HistogramAppender>| open.last_time() < time;
        if self.histograms.take_if(ended).is_some() {
            dropped += 1;
        }
        dropped
    }

    /// True if there is no sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.open.count() == 0 && self.histograms.is_none()
    }

    /// Time of the first sample.
    pub(crate) fn min_time(&self) -> Option<i64> {
        self.chunks().next().map(|chunk| chunk.range.min_time)
    }
}

/// The chunk or, if it crosses multiples of `chunk_range`, its parts between them: whoever cut it
/// may have made longer blocks, and what crosses the end of a block would get into none.
fn at_borders(chunk: NewChunk, chunk_range: i64) -> Result<Vec<NewChunk>, ChunkError> {
    let TimeRange { min_time, max_time } = chunk.range;
    if last_cut(min_time, chunk_range) > max_time {
        return Ok(vec![chunk]);
    }
    let mut samples = SampleBuffer::default();
    chunk.encoding.decode(&chunk.bytes, &mut samples)?;
    let mut parts = Vec::new();
    let first = |samples: &SampleBuffer| {
        let floats = samples.timestamps().first();
        let histograms = samples.histograms().timestamps().first();
        floats.into_iter().chain(histograms).min().copied()
    };
    // By the samples, whatever the chunk says of its range.
    while let Some(start) = first(&samples) {
        let end = last_cut(start, chunk_range);
        let mut part = samples.clone();
        part.retain(|time, _| time < end);
        samples.retain(|time, _| time >= end);
        if part.is_empty() {
            break;
        }
        parts.extend(encode(&part));
    }
    Ok(parts)
}

/// A chunk of the samples outside `range`, and the first one's time.
fn without(samples: &SampleBuffer, range: TimeRange) -> (XorAppender, i64) {
    let mut appender = XorAppender::new();
    let mut min_time = 0;
    for (&time, &value) in samples.timestamps().iter().zip(samples.values()) {
        if range.contains(time) {
            continue;
        }
        if appender.count() == 0 {
            min_time = time;
        }
        appender.append(time, value);
    }
    (appender, min_time)
}

/// End of the aligned range of time that `time` is in.
pub(crate) fn range_end(time: i64, range: i64) -> i64 {
    time.div_euclid(range)
        .saturating_add(1)
        .saturating_mul(range)
}

/// The latest time at which a chunk must be cut that begins at `time`.
fn last_cut(time: i64, range: i64) -> i64 {
    range_end(time, range).min(time.saturating_add(i64::from(u32::MAX)))
}

/// Where to cut so that the chunks until `end` come out equally long, guessed when a quarter of a
/// chunk spans `start` to `current`. Upstream's estimate.
fn even_cut(start: i64, current: i64, end: i64) -> i64 {
    let chunks = (end - start) / (4 * (current - start + 1)).max(1);
    if chunks <= 1 {
        end
    } else {
        start + (end - start) / chunks
    }
}

/// Samples that a chunk should hold. Upstream's figure: more compress hardly better, and a read
/// decodes whole chunks.
const SAMPLES_PER_CHUNK: u16 = 120;
/// Bytes after which a chunk is cut however few samples it has. Upstream's figure.
const CHUNK_BYTES: usize = 1024 - 19;

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: i64 = 7_200_000;

    fn row(samples: impl IntoIterator<Item = i64>) -> Row {
        let mut row = Row::default();
        for time in samples {
            assert_ne!(row.append(time, 1.0, RANGE), Appended::Refused);
        }
        row
    }

    #[test]
    fn chunks_are_cut_evenly_and_never_across_ranges() {
        let row = row((0..1_000).map(|i| i * 15_000));
        let chunks: Vec<_> = row.chunks().map(|c| (c.range, c.count)).collect();
        let (_, finished) = chunks.split_last().unwrap();
        assert!(
            finished.iter().all(|&(_, count)| count == 120),
            "{chunks:?}"
        );
        for (range, _) in &chunks {
            assert_eq!(
                range_end(range.min_time, RANGE),
                range_end(range.max_time, RANGE)
            );
        }
        let total: usize = chunks.iter().map(|&(_, count)| usize::from(count)).sum();
        assert_eq!(total, 1_000);
    }

    #[test]
    fn the_order_of_samples_decides() {
        let mut row = row([1_000, 2_000]);
        assert!(matches!(
            row.check(1_500, 1.0),
            Err(AppendError::OutOfOrder)
        ));
        assert!(matches!(
            row.check(2_000, 2.0),
            Err(AppendError::DuplicateTimestamp)
        ));
        assert!(row.check(2_000, 1.0).is_ok());
        assert_eq!(row.append(2_000, 1.0, RANGE), Appended::Present);
        assert_eq!(row.append(2_000, 2.0, RANGE), Appended::Refused);
        assert_eq!(row.append(2_001, 2.0, RANGE), Appended::Added);
    }

    #[test]
    fn truncation_drops_whole_chunks() {
        let mut row = row((0..1_000).map(|i| i * 15_000));
        let before = row.chunks().count();
        let dropped = row.truncate(RANGE);
        assert_eq!(row.min_time(), Some(RANGE));
        assert_eq!(row.chunks().count() + dropped, before);
        row.truncate(i64::MAX);
        assert!(row.is_empty());
    }

    #[test]
    fn adopted_chunks_end_at_borders_of_blocks() {
        let mut samples = SampleBuffer::default();
        let all: Vec<i64> = (0..300).map(|i| RANGE - 1_000_000 + i * 60_000).collect();
        all.iter().for_each(|&time| samples.push(time, 1.0));
        let mut row = Row::default();
        let (count, outcome) = row.adopt(encode(&samples), RANGE);
        assert_eq!(outcome.unwrap(), Some(TimeRange::new(all[0], all[299])));
        assert_eq!(count, row.chunks().count());
        for chunk in row.chunks() {
            let TimeRange { min_time, max_time } = chunk.range;
            assert_eq!(range_end(min_time, RANGE), range_end(max_time, RANGE));
        }
        let mut found = SampleBuffer::default();
        row.read(TimeRange::ALL, &mut found).unwrap();
        assert_eq!(found.timestamps(), all);
        // What the row has is not taken up again.
        assert_eq!(row.adopt(encode(&samples), RANGE).0, 0);
        assert_eq!(row.append(all[299], 2.0, RANGE), Appended::Refused);
        assert_ne!(row.append(all[299] + 1, 2.0, RANGE), Appended::Refused);
    }

    #[test]
    fn deleted_samples_are_gone_and_order_holds() {
        let times = |row: &Row| {
            let mut buffer = SampleBuffer::default();
            row.read(TimeRange::ALL, &mut buffer).unwrap();
            buffer.timestamps().to_vec()
        };
        let all: Vec<i64> = (0..1_000).map(|i| i * 15_000).collect();
        let last = 999 * 15_000;
        for (min, max) in [
            (0, 10),
            (15_000, 15_000),
            (1_000_000, 9_000_000),
            (last, last),
            (14_400_000, last),
            (16_000, last),
            (0, last),
            (-5, -1),
        ] {
            let mut row = row(all.iter().copied());
            row.delete(TimeRange::new(min, max)).unwrap();
            let left: Vec<i64> = all
                .iter()
                .copied()
                .filter(|t| !(min..=max).contains(t))
                .collect();
            assert_eq!(times(&row), left, "{min} {max}");
            if let Some(&newest) = left.last() {
                assert_eq!(row.append(newest - 1, 1.0, RANGE), Appended::Refused);
                assert_ne!(row.append(newest + 1, 1.0, RANGE), Appended::Refused);
                assert!(times(&row).is_sorted());
            }
        }
    }
}
