//! One series' samples out of order: a few in a sorted list, the others in chunks that may overlap.

use std::sync::Arc;

use model::value::STALE;
use model::{Histogram, TimeRange};
use storage::SampleBuffer;

use super::merge;
use crate::chunk::ChunkError;
use crate::chunk::encode::{NewChunk, encode};

/// What a sample holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// The samples of one series, in the order in which they came as far as chunks go.
#[derive(Debug, Default)]
pub(crate) struct Series {
    chunks: Vec<NewChunk>,
    /// Sorted by time, each time once.
    open: Vec<(i64, Value)>,
}

impl Series {
    /// Takes a sample, unless the list has one at its time.
    pub(crate) fn insert(&mut self, time: i64, value: Value) -> bool {
        let value = match value {
            Value::Histogram(histogram) if histogram.is_stale() => Value::Float(STALE),
            value => value,
        };
        match self.open.binary_search_by_key(&time, |sample| sample.0) {
            Ok(_) => return false,
            Err(place) => self.open.insert(place, (time, value)),
        }
        if self.open.len() >= OPEN_SAMPLES {
            self.close();
        }
        true
    }

    fn close(&mut self) {
        let mut samples = SampleBuffer::default();
        put(std::mem::take(&mut self.open), &mut samples);
        self.chunks.extend(encode(&samples));
    }

    /// True if there is no sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.open.is_empty()
    }

    /// First and last sample's time, unless there is none.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let open = self.open.first().zip(self.open.last());
        let open = open.map(|(first, last)| TimeRange::new(first.0, last.0));
        let chunks = self.chunks.iter().map(|chunk| chunk.range);
        chunks.chain(open).reduce(super::united)
    }

    /// True if there may be samples in `range`.
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.chunks.iter().any(|chunk| chunk.range.overlaps(&range))
            || self.open.iter().any(|sample| range.contains(sample.0))
    }

    /// How many chunks end before `time`.
    pub(super) fn chunks_before(&self, time: i64) -> usize {
        let chunks = self.chunks.iter();
        chunks.filter(|chunk| chunk.range.max_time < time).count()
    }

    /// Adds the samples of chunks that touch `range` to `buffer`, which is empty, in order of time.
    pub(crate) fn read(
        &self,
        range: TimeRange,
        buffer: &mut SampleBuffer,
    ) -> Result<(), ChunkError> {
        for chunk in &self.chunks {
            if chunk.range.overlaps(&range) {
                let mut samples = SampleBuffer::default();
                chunk.encoding.decode(&chunk.bytes, &mut samples)?;
                merge(buffer, &samples);
            }
        }
        let open = self.open.iter().filter(|sample| range.contains(sample.0));
        let mut samples = SampleBuffer::default();
        put(open.cloned(), &mut samples);
        merge(buffer, &samples);
        Ok(())
    }

    /// Takes out the samples in `range`.
    pub(crate) fn delete(&mut self, range: TimeRange) -> Result<(), ChunkError> {
        self.open.retain(|sample| !range.contains(sample.0));
        let mut outcome = Ok(());
        for chunk in std::mem::take(&mut self.chunks) {
            if !chunk.range.overlaps(&range) {
                self.chunks.push(chunk);
                continue;
            }
            let mut samples = SampleBuffer::default();
            if let Err(error) = chunk.encoding.decode(&chunk.bytes, &mut samples) {
                outcome = Err(error);
                self.chunks.push(chunk);
                continue;
            }
            samples.retain(|time, _| !range.contains(time));
            self.chunks.extend(encode(&samples));
        }
        outcome
    }
}

fn put(samples: impl IntoIterator<Item = (i64, Value)>, buffer: &mut SampleBuffer) {
    for (time, value) in samples {
        match value {
            Value::Float(value) => buffer.push(time, value),
            Value::Histogram(histogram) => buffer.histograms_mut().push(time, histogram, 0),
        }
    }
}

/// Samples that are kept in a list before they become a chunk. Upstream's figure.
const OPEN_SAMPLES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_in_order_as_upstream_has_them() {
        let mut series = Series::default();
        let all: Vec<i64> = (0..200).map(|i| i * 37 % 200).collect();
        for &time in &all {
            assert!(series.insert(time, Value::Float(time as f64)));
        }
        assert!(!series.insert(all[199], Value::Float(-1.0)));
        // What is in a chunk already gives way.
        assert!(series.insert(all[0], Value::Float(-1.0)));
        assert_eq!(series.range(), Some(TimeRange::new(0, 199)));
        let mut found = SampleBuffer::default();
        series.read(TimeRange::ALL, &mut found).unwrap();
        assert_eq!(found.timestamps(), (0..200).collect::<Vec<i64>>());
        let first = f64::from(-1);
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let values = [&[first][..], &values[1..]].concat();
        assert_eq!(found.values(), values);
        series.delete(TimeRange::new(10, 189)).unwrap();
        let mut found = SampleBuffer::default();
        series.read(TimeRange::ALL, &mut found).unwrap();
        let left: Vec<i64> = (0..10).chain(190..200).collect();
        assert_eq!(found.timestamps(), left);
        series.delete(TimeRange::ALL).unwrap();
        assert!(series.is_empty());
    }
}
