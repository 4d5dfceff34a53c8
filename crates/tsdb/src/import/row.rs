//! Samples of one series in one span of time: finished chunks, an open one, and which samples are
//! refused.

use model::TimeRange;

use crate::chunk::ChunkEncoding;
use crate::chunk::encode::NewChunk;
use crate::chunk::xor::XorAppender;

/// The samples of a series that one block will have.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) series: u32,
    batch: u32,
    min_time: i64,
    last: (i64, u64),
    /// The last sample of earlier batches.
    committed: Option<(i64, u64)>,
    open: XorAppender,
    finished: Vec<NewChunk>,
}

/// Why a sample is refused. The texts are upstream's.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// It is earlier than one that its series has already.
    #[error("out of order sample")]
    OutOfOrder,
    /// Its series has another value at this time.
    #[error("duplicate sample for timestamp")]
    Duplicate,
}

impl Row {
    pub(super) fn new(series: u32, batch: u32, time: i64, value: f64) -> Self {
        let mut open = XorAppender::new();
        open.append(time, value);
        Self {
            series,
            batch,
            min_time: time,
            last: (time, value.to_bits()),
            committed: None,
            open,
            finished: Vec::new(),
        }
    }

    /// Adds a sample; returns the bytes of the chunk that it finished, if it did. What is not later
    /// than the last sample is refused if that came in an earlier batch and left out if in the
    /// same, as in Prometheus, which looks at it only when it commits.
    #[inline]
    pub(super) fn push(&mut self, batch: u32, time: i64, value: f64) -> Result<usize, Refusal> {
        let bits = value.to_bits();
        if time <= self.last.0 {
            return self.judge(batch, time, bits).map(|()| 0);
        }
        if batch != self.batch {
            self.batch = batch;
            self.committed = Some(self.last);
        }
        let mut grown = 0;
        if self.open.count() >= SAMPLES_PER_CHUNK {
            grown = self.close();
        }
        if self.open.count() == 0 {
            self.min_time = time;
        }
        self.open.append(time, value);
        self.last = (time, bits);
        Ok(grown)
    }

    #[cold]
    fn judge(&mut self, batch: u32, time: i64, bits: u64) -> Result<(), Refusal> {
        if batch != self.batch {
            self.batch = batch;
            self.committed = Some(self.last);
        }
        match self.committed {
            Some((last, _)) if time < last => Err(Refusal::OutOfOrder),
            Some((last, value)) if time == last && bits != value => Err(Refusal::Duplicate),
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> usize {
        let range = TimeRange::new(self.min_time, self.open.last_time());
        let bytes = self.open.take();
        let len = bytes.len();
        self.finished.push(NewChunk {
            encoding: ChunkEncoding::Xor,
            range,
            bytes,
        });
        len + CHUNK_BYTES
    }

    /// All chunks, oldest first.
    pub(super) fn into_chunks(mut self) -> Vec<NewChunk> {
        if self.open.count() > 0 {
            self.close();
        }
        self.finished
    }
}

/// As many as the head puts into a chunk.
const SAMPLES_PER_CHUNK: u16 = 120;
/// Bytes of memory beside those of a finished chunk.
const CHUNK_BYTES: usize = size_of::<NewChunk>() + 16;
/// Bytes of memory of a row whose chunk is half full.
pub(super) const ROW_BYTES: usize = size_of::<Row>() + 256;
