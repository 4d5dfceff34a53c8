//! Samples of one series back into chunks, where they cannot be copied.

use std::sync::Arc;

use model::histogram::CounterResetHint;
use model::value::is_stale;
use model::{Histogram, TimeRange};
use storage::SampleBuffer;

use super::ChunkEncoding;
use super::histogram::HistogramAppender;
use super::xor::XorAppender;

/// A chunk that was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewChunk {
    pub(crate) encoding: ChunkEncoding,
    pub(crate) range: TimeRange,
    pub(crate) bytes: Box<[u8]>,
}

/// Chunks with the samples of `buffer`, oldest first.
pub(crate) fn encode(buffer: &SampleBuffer) -> Vec<NewChunk> {
    let mut chunks = Chunks::default();
    let histograms = buffer.histograms();
    let mut histograms = histograms.timestamps().iter().zip(histograms.values());
    let mut next = histograms.next();
    for (&time, &value) in buffer.timestamps().iter().zip(buffer.values()) {
        while let Some((&at, histogram)) = next.filter(|&(&at, _)| at < time) {
            chunks.histogram(at, histogram);
            next = histograms.next();
        }
        chunks.float(time, value);
    }
    while let Some((&at, histogram)) = next {
        chunks.histogram(at, histogram);
        next = histograms.next();
    }
    chunks.close();
    chunks.finished
}

/// Finished chunks and the open one, of which there is one kind at most.
#[derive(Default)]
struct Chunks {
    finished: Vec<NewChunk>,
    min_time: i64,
    floats: XorAppender,
    histograms: Option<HistogramAppender>,
}

impl Chunks {
    fn float(&mut self, time: i64, value: f64) {
        if is_stale(value) && self.histograms.is_some() {
            self.histogram(time, &Arc::new(Histogram::stale()));
            return;
        }
        if self.histograms.is_some() || self.floats.count() >= SAMPLES_PER_CHUNK {
            self.close();
        }
        if self.floats.count() == 0 {
            self.min_time = time;
        }
        self.floats.append(time, value);
    }

    fn histogram(&mut self, time: i64, histogram: &Arc<Histogram>) {
        let mut hint = CounterResetHint::Unknown;
        if let Some(open) = &mut self.histograms {
            let fits = open.check(histogram);
            let has_room = open.count() < SAMPLES_PER_CHUNK || histogram.is_stale();
            if fits.is_ok() && has_room && open.append(time, histogram).is_ok() {
                return;
            }
            hint = fits.err().unwrap_or(CounterResetHint::NotReset);
        }
        self.close();
        self.min_time = time;
        self.histograms = Some(HistogramAppender::begin(time, histogram, hint));
    }

    fn close(&mut self) {
        if let Some(open) = self.histograms.take() {
            self.finished.push(NewChunk {
                encoding: open.encoding(),
                range: TimeRange::new(self.min_time, open.last_time()),
                bytes: open.into_bytes(),
            });
        }
        if self.floats.count() > 0 {
            self.finished.push(NewChunk {
                encoding: ChunkEncoding::Xor,
                range: TimeRange::new(self.min_time, self.floats.last_time()),
                bytes: self.floats.take(),
            });
        }
    }
}

/// As many as the head puts into a chunk.
const SAMPLES_PER_CHUNK: u16 = 120;
