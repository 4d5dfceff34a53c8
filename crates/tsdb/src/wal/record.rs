//! Records: what the log says. Numbers and layouts are Prometheus'.

mod exemplars;
mod histograms;
mod metadata;

use model::TimeRange;

use crate::wire::{Cursor, Malformed, put_text, put_u64, put_uvarint, put_varint};

/// One sample of one series, as a record holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefSample {
    /// Reference of the series, as its record gave it.
    pub series: u64,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    /// The value.
    pub value: f64,
}

use exemplars::EXEMPLARS;
pub use exemplars::{RefExemplar, decode_exemplars, decode_labels, encode_exemplars, put_labels};
pub(crate) use histograms::put_histogram;
pub use histograms::{HistogramRecord, RefHistogram, decode_histograms, encode_histograms};
use metadata::METADATA;
pub(crate) use metadata::metric_type_of;
pub use metadata::{RefMetadata, decode_metadata, metric_type_number, put_metadata};

/// A range of time that was deleted from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Reference of the series.
    pub series: u64,
    /// Deleted milliseconds.
    pub range: TimeRange,
}

/// What a record is about: its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Series with their labels. Number 1.
    Series,
    /// Float samples. Number 2.
    Samples,
    /// Float samples, some with start timestamps. Number 11.
    StartedSamples,
    /// Native histograms. Numbers 7 to 10, 12 and 13.
    Histograms(HistogramRecord),
    /// Deleted ranges. Number 3.
    Tombstones,
    /// Type, help and unit of series. Number 6.
    Metadata,
    /// Exemplars of series. Number 4.
    Exemplars,
    /// Everything unknown; skipped and counted.
    Other(u8),
}

impl RecordKind {
    /// The kind of a record.
    pub fn of(record: &[u8]) -> Option<Self> {
        record.first().map(|&number| match number {
            SERIES => Self::Series,
            SAMPLES => Self::Samples,
            TOMBSTONES => Self::Tombstones,
            METADATA => Self::Metadata,
            EXEMPLARS => Self::Exemplars,
            STARTED_SAMPLES => Self::StartedSamples,
            other => match HistogramRecord::from_number(other) {
                Some(kind) => Self::Histograms(kind),
                None => Self::Other(other),
            },
        })
    }
}

/// Begins a record of series in an empty buffer; [`put_series`] follows.
pub fn begin_series(out: &mut Vec<u8>) {
    out.push(SERIES);
}

/// Adds a series to a record.
pub fn put_series<'a>(
    out: &mut Vec<u8>,
    series: u64,
    labels: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) {
    put_u64(out, series);
    put_uvarint(out, labels.clone().count() as u64);
    for (name, value) in labels {
        put_text(out, name);
        put_text(out, value);
    }
}

/// A decoder of a record of series: each call of `each` gets a reference and the labels.
///
/// # Errors
/// The record ends too early or holds text that is none; series before that were handed over.
pub fn decode_series<'a>(
    record: &'a [u8],
    mut each: impl FnMut(u64, &[(&'a str, &'a str)]),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    let mut labels = Vec::new();
    while !cursor.is_empty() {
        let series = cursor.u64()?;
        labels.clear();
        for _ in 0..cursor.uvarint()? {
            labels.push((cursor.text()?, cursor.text()?));
        }
        each(series, &labels);
    }
    Ok(())
}

/// Writes a record of samples into an empty buffer. References and times are deltas to the first.
pub fn encode_samples(out: &mut Vec<u8>, samples: impl IntoIterator<Item = RefSample>) {
    let mut samples = samples.into_iter().peekable();
    let Some(&first) = samples.peek() else { return };
    out.push(SAMPLES);
    put_u64(out, first.series);
    put_u64(out, first.time.cast_unsigned());
    for sample in samples {
        let series = sample.series.wrapping_sub(first.series).cast_signed();
        let time = sample.time.wrapping_sub(first.time);
        let value = sample.value.to_bits();
        if time == 0 && (0..NEARBY).contains(&series) {
            put_nearby(out, series.cast_unsigned() << 1, value);
        } else {
            put_varint(out, series);
            put_varint(out, time);
            put_u64(out, value);
        }
    }
}

/// Adds a sample of the first one's time, whose number comes soon behind the first one's, as most
/// do: the same bytes, as one piece.
#[inline]
fn put_nearby(out: &mut Vec<u8>, zigzag: u64, value: u64) {
    let [low, high, ..] = (zigzag & 0x7f | (zigzag & !0x7f) << 1).to_le_bytes();
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    match high {
        0 => out.extend_from_slice(&[low, 0, a, b, c, d, e, f, g, h]),
        _ => out.extend_from_slice(&[low | 0x80, high, 0, a, b, c, d, e, f, g, h]),
    }
}

/// Distances between numbers of series below this take two bytes at most.
const NEARBY: i64 = 1 << 13;

/// Decodes a record of samples, adding them to `samples`.
///
/// # Errors
/// The record ends too early; samples before that were added.
pub fn decode_samples(record: &[u8], samples: &mut Vec<RefSample>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    if cursor.is_empty() {
        return Ok(());
    }
    let first_series = cursor.u64()?;
    let first_time = cursor.u64()?.cast_signed();
    while !cursor.is_empty() {
        samples.push(RefSample {
            series: first_series.wrapping_add(cursor.varint()?.cast_unsigned()),
            time: first_time.wrapping_add(cursor.varint()?),
            value: f64::from_bits(cursor.u64()?),
        });
    }
    Ok(())
}

/// Decodes a record of samples with start timestamps, which are passed over, adding the samples to
/// `samples`. References are deltas to the sample before, times to the first.
///
/// # Errors
/// The record ends too early; samples before that were added.
pub fn decode_started_samples(
    record: &[u8],
    samples: &mut Vec<RefSample>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    if cursor.is_empty() {
        return Ok(());
    }
    let mut series = cursor.varint()?.cast_unsigned();
    let first_time = cursor.varint()?;
    cursor.varint()?;
    let mut time = first_time;
    loop {
        let value = f64::from_bits(cursor.u64()?);
        samples.push(RefSample {
            series,
            time,
            value,
        });
        if cursor.is_empty() {
            return Ok(());
        }
        series = series.wrapping_add(cursor.varint()?.cast_unsigned());
        time = first_time.wrapping_add(cursor.varint()?);
        skip_start(&mut cursor)?;
    }
}

/// Passes over a start timestamp: a byte that says whether there is one, or that it is that of the
/// sample before, or that it follows.
fn skip_start(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    if cursor.u8()? > SAME_START {
        cursor.varint()?;
    }
    Ok(())
}

/// Writes a record of deleted ranges into an empty buffer; nothing if there is none.
pub fn encode_tombstones(out: &mut Vec<u8>, tombstones: impl IntoIterator<Item = Tombstone>) {
    for Tombstone { series, range } in tombstones {
        if out.is_empty() {
            out.push(TOMBSTONES);
        }
        put_u64(out, series);
        put_varint(out, range.min_time);
        put_varint(out, range.max_time);
    }
}

/// Decodes a record of deleted ranges, adding them to `tombstones`.
///
/// # Errors
/// The record ends too early; ranges before that were added.
pub fn decode_tombstones(record: &[u8], tombstones: &mut Vec<Tombstone>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    while !cursor.is_empty() {
        tombstones.push(Tombstone {
            series: cursor.u64()?,
            range: TimeRange::new(cursor.varint()?, cursor.varint()?),
        });
    }
    Ok(())
}

const SERIES: u8 = 1;
const SAMPLES: u8 = 2;
const TOMBSTONES: u8 = 3;
const STARTED_SAMPLES: u8 = 11;
/// 0: there is no start; 1: the same as before; above: it follows.
const SAME_START: u8 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn series_come_back() {
        let mut record = Vec::new();
        begin_series(&mut record);
        put_series(&mut record, 7, [("a", "1"), ("b", "ü")].into_iter());
        put_series(&mut record, 9, [].into_iter());
        let mut found = Vec::new();
        decode_series(&record, |series, labels| {
            found.push((series, labels.to_vec()))
        })
        .unwrap();
        assert_eq!(found, [(7, vec![("a", "1"), ("b", "ü")]), (9, vec![])]);
        assert_eq!(RecordKind::of(&record), Some(RecordKind::Series));
        assert!(decode_series(&record[..record.len() - 1], |_, _| {}).is_err());
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let mut record = Vec::new();
        let sample = |series, time| RefSample {
            series,
            time,
            value: 1.0,
        };
        encode_samples(&mut record, [sample(5, 1_000), sample(6, 999)]);
        let value = [0x3f, 0xf0, 0, 0, 0, 0, 0, 0];
        let want = [
            &[2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 3, 0xe8][..],
            &[0, 0],
            &value,
            &[2, 1],
            &value,
        ];
        assert_eq!(record, want.concat());
    }

    #[test]
    fn start_timestamps_are_passed_over() {
        let mut record = vec![11, 14, 20, 6];
        record.extend_from_slice(&1f64.to_bits().to_be_bytes());
        for (series, time, start) in [(2, 4, &[0][..]), (1, 4, &[1]), (4, 6, &[2, 9])] {
            record.extend_from_slice(&[series, time]);
            record.extend_from_slice(start);
            record.extend_from_slice(&2f64.to_bits().to_be_bytes());
        }
        let mut samples = Vec::new();
        decode_started_samples(&record, &mut samples).unwrap();
        let found: Vec<_> = samples
            .iter()
            .map(|s| (s.series, s.time, s.value))
            .collect();
        assert_eq!(
            found,
            [(7, 10, 1.0), (8, 12, 2.0), (7, 12, 2.0), (9, 13, 2.0)]
        );
        assert!(decode_started_samples(&record[..20], &mut samples).is_err());
    }

    #[test]
    fn deleted_ranges_come_back() {
        let tombstone = |series, min, max| Tombstone {
            series,
            range: TimeRange::new(min, max),
        };
        let written = [tombstone(7, -5, 1_000), tombstone(9, 0, i64::MAX)];
        let mut record = Vec::new();
        encode_tombstones(&mut record, written);
        assert_eq!(record[..11], [3, 0, 0, 0, 0, 0, 0, 0, 7, 9, 0xd0]);
        assert_eq!(RecordKind::of(&record), Some(RecordKind::Tombstones));
        let mut found = Vec::new();
        decode_tombstones(&record, &mut found).unwrap();
        assert_eq!(found, written);
        assert!(decode_tombstones(&record[..record.len() - 1], &mut found).is_err());
    }

    proptest! {
        #[test]
        fn samples_come_back(
            parts in prop::collection::vec((any::<u64>(), any::<i64>(), any::<i32>()), 0..50),
        ) {
            let samples: Vec<_> = parts
                .into_iter()
                .map(|(series, time, value)| RefSample { series, time, value: f64::from(value) })
                .collect();
            let mut record = Vec::new();
            encode_samples(&mut record, samples.iter().copied());
            let mut found = Vec::new();
            decode_samples(&record, &mut found).unwrap();
            prop_assert_eq!(found, samples);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode_samples(&bytes, &mut Vec::new());
            let _ = decode_started_samples(&bytes, &mut Vec::new());
            if let Some(RecordKind::Histograms(kind)) = RecordKind::of(&bytes) {
                let _ = decode_histograms(kind, &bytes, &mut Vec::new());
            }
            let _ = decode_series(&bytes, |_, _| {});
            let _ = decode_exemplars(&bytes, |_| {});
            let _ = decode_metadata(&bytes, |_| {});
        }
    }
}
