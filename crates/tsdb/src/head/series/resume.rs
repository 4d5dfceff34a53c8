//! A row that a snapshot has goes on with the chunk that was open.

use std::sync::Arc;

use model::{Histogram, TimeRange};
use storage::SampleBuffer;

use super::{ChunkView, ClosedChunk, Row, SAMPLES_PER_CHUNK, at_borders, even_cut, last_cut};
use crate::chunk::encode::NewChunk;
use crate::chunk::histogram::{HistogramAppender, hint_in_front};
use crate::chunk::xor::XorAppender;
use crate::chunk::{ChunkEncoding, ChunkError};

/// A chunk that was open, ready for the next sample, but for a row to be in.
#[derive(Debug)]
pub(crate) struct OpenChunk {
    /// Times of the samples, whatever was said of them.
    pub(crate) range: TimeRange,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Floats {
        open: XorAppender,
        cut_time: i64,
    },
    Histograms(Box<HistogramAppender>),
    /// It takes no more samples: its encoding is none that is written.
    Finished(NewChunk),
    /// What cannot go on as it is, and its samples.
    Samples(SampleBuffer),
}

impl OpenChunk {
    /// Reads the chunk once. `None` if it is empty.
    pub(crate) fn read(
        encoding: ChunkEncoding,
        bytes: &[u8],
        chunk_range: i64,
        samples: &mut SampleBuffer,
    ) -> Result<Option<Self>, ChunkError> {
        samples.clear();
        let mut floats = None;
        match encoding {
            ChunkEncoding::Xor => floats = Some(XorAppender::resume(bytes, samples)?),
            _ => encoding.decode(bytes, samples)?,
        }
        let Some(range) = range_of(samples) else {
            return Ok(None);
        };
        let end = last_cut(range.min_time, chunk_range);
        let kind = match (floats, encoding) {
            _ if end <= range.max_time => Kind::Samples(samples.clone()),
            (Some(open), _) => {
                // As it was estimated when the chunk had a quarter of its samples.
                let quarter = usize::from(SAMPLES_PER_CHUNK / 4);
                let estimated = samples.timestamps().get(quarter).is_some();
                let at = samples.timestamps().get(quarter - 1).filter(|_| estimated);
                let cut_time = at.map_or(end, |&at| even_cut(range.min_time, at, end));
                Kind::Floats { open, cut_time }
            }
            (None, ChunkEncoding::Histogram | ChunkEncoding::FloatHistogram) => {
                match resumed_histograms(encoding, bytes, samples) {
                    Some(open) => Kind::Histograms(open),
                    None => Kind::Samples(samples.clone()),
                }
            }
            (None, _) => Kind::Finished(NewChunk {
                encoding,
                range,
                bytes: bytes.into(),
            }),
        };
        Ok(Some(Self { range, kind }))
    }
}

/// The appender of a chunk of histograms, if it comes out as the same bytes.
fn resumed_histograms(
    encoding: ChunkEncoding,
    bytes: &[u8],
    samples: &SampleBuffer,
) -> Option<Box<HistogramAppender>> {
    let histograms = samples.histograms();
    let mut each = histograms.timestamps().iter().zip(histograms.values());
    let (&first_time, first) = each.next()?;
    let hint = hint_in_front(bytes);
    let mut open = Box::new(HistogramAppender::begin(first_time, first, hint));
    for (&time, histogram) in each {
        open.append(time, histogram).ok()?;
    }
    // Markers stand at the end.
    let marker = Arc::new(Histogram::stale());
    for &time in samples.timestamps() {
        if time <= open.last_time() {
            return None;
        }
        open.append(time, &marker).ok()?;
    }
    (open.encoding() == encoding && open.bytes() == bytes).then_some(open)
}

fn range_of(samples: &SampleBuffer) -> Option<TimeRange> {
    let (floats, histograms) = (samples.timestamps(), samples.histograms().timestamps());
    let first = floats.first().into_iter().chain(histograms.first()).min();
    let last = floats.last().into_iter().chain(histograms.last()).max();
    Some(TimeRange::new(*first?, *last?))
}

impl Row {
    /// Goes on with a chunk that was open, as far as it is behind what the row has already and not
    /// before `min_time`. Returns how many chunks there are more.
    pub(crate) fn resume(
        &mut self,
        chunk: OpenChunk,
        min_time: i64,
        chunk_range: i64,
    ) -> Result<usize, ChunkError> {
        let TimeRange {
            min_time: first,
            max_time: last,
        } = chunk.range;
        // Of a row without chunks in memory this is the last time of those in files.
        let has_until = self.last_time().unwrap_or(self.open.last_time());
        if last <= has_until || last < min_time {
            return Ok(0);
        }
        let is_whole = first > has_until && first >= min_time;
        if is_whole && self.open.count() > 0 {
            self.close();
        }
        if is_whole {
            self.close_histograms();
        }
        let samples = match chunk.kind {
            Kind::Floats { open, cut_time } if is_whole => {
                (self.open, self.open_min_time, self.cut_time) = (open, first, cut_time);
                return Ok(1);
            }
            Kind::Histograms(open) if is_whole => {
                self.open = XorAppender::new();
                self.open_min_time = first;
                self.cut_time = last_cut(first, chunk_range);
                self.histograms = Some(open);
                return Ok(1);
            }
            Kind::Finished(chunk) if is_whole => {
                let parts = at_borders(chunk, chunk_range)?;
                let count = parts.len();
                self.closed.extend(parts.into_iter().map(ClosedChunk::new));
                self.resume_after(last);
                return Ok(count);
            }
            Kind::Floats { mut open, .. } => {
                let mut samples = SampleBuffer::default();
                ChunkEncoding::Xor.decode(&open.take(), &mut samples)?;
                samples
            }
            Kind::Histograms(open) => {
                let mut samples = SampleBuffer::default();
                open.encoding().decode(open.bytes(), &mut samples)?;
                samples
            }
            Kind::Finished(chunk) => {
                let mut samples = SampleBuffer::default();
                chunk.encoding.decode(&chunk.bytes, &mut samples)?;
                samples
            }
            Kind::Samples(samples) => samples,
        };
        Ok(self.append_all(samples, min_time, chunk_range))
    }

    /// Adds samples one by one; those that it has are refused.
    fn append_all(&mut self, mut samples: SampleBuffer, min_time: i64, chunk_range: i64) -> usize {
        samples.retain(|time, _| time >= min_time);
        let before = self.chunks().count();
        let histograms = samples.histograms();
        let mut histograms = histograms.timestamps().iter().zip(histograms.values());
        let mut next = histograms.next();
        for (&time, &value) in samples.timestamps().iter().zip(samples.values()) {
            while let Some((&at, histogram)) = next.filter(|&(&at, _)| at < time) {
                self.append_histogram(at, histogram, chunk_range);
                next = histograms.next();
            }
            self.append(time, value, chunk_range);
        }
        while let Some((&at, histogram)) = next {
            self.append_histogram(at, histogram, chunk_range);
            next = histograms.next();
        }
        self.chunks().count() - before
    }

    /// The chunk that takes the next sample, if there is one, and the last histogram in it.
    pub(crate) fn open_chunk(&self) -> Option<(ChunkView<'_>, Option<&Arc<Histogram>>)> {
        match &self.histograms {
            Some(open) => Some((self.open_histograms()?, Some(open.latest()))),
            None => Some((self.open_floats()?, None)),
        }
    }

    /// Value of the last sample, if that is a float in the open chunk.
    pub(crate) fn last_float(&self) -> f64 {
        match self.open.count() {
            0 => 0.0,
            _ => self.open.last_value(),
        }
    }
}
