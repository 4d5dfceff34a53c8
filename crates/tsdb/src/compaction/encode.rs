//! Samples of one series back into chunks, where they cannot be copied.

use model::TimeRange;
use storage::SampleBuffer;

use crate::chunk::ChunkEncoding;
use crate::chunk::xor::XorAppender;

/// A chunk that was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewChunk {
    pub(crate) encoding: ChunkEncoding,
    pub(crate) range: TimeRange,
    pub(crate) bytes: Box<[u8]>,
}

/// There are native histograms among the samples, which are not encoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Histograms;

/// Chunks with the samples of `buffer`, oldest first.
pub(crate) fn encode(buffer: &SampleBuffer) -> Result<Vec<NewChunk>, Histograms> {
    if !buffer.histograms().is_empty() {
        return Err(Histograms);
    }
    let times = buffer.timestamps().chunks(SAMPLES_PER_CHUNK);
    let values = buffer.values().chunks(SAMPLES_PER_CHUNK);
    let chunks = times.zip(values).filter_map(|(times, values)| {
        let range = TimeRange::new(*times.first()?, *times.last()?);
        let mut appender = XorAppender::new();
        for (&time, &value) in times.iter().zip(values) {
            appender.append(time, value);
        }
        Some(NewChunk {
            encoding: ChunkEncoding::Xor,
            range,
            bytes: appender.take(),
        })
    });
    Ok(chunks.collect())
}

/// As many as the head puts into a chunk.
const SAMPLES_PER_CHUNK: usize = 120;
