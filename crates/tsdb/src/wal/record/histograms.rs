//! Records of native histograms: one layout for integer and for float counts, each a second time
//! for custom buckets, and each with start timestamps.

use std::sync::Arc;

use model::Histogram;
use model::histogram::schema::CUSTOM_BUCKETS;
use model::histogram::{Buckets, CounterResetHint, Span};

use super::skip_start;
use crate::chunk::histogram::has_integers_only;
use crate::wire::{Cursor, Malformed, put_u64, put_uvarint, put_varint};

/// One histogram of one series, as a record holds it.
#[derive(Clone, Debug)]
pub struct RefHistogram {
    /// Reference of the series, as its record gave it.
    pub series: u64,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    /// The histogram.
    pub histogram: Arc<Histogram>,
}

/// Which of the layouts a record of histograms has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistogramRecord {
    number: u8,
}

impl HistogramRecord {
    /// Those that are written, in the order in which they are.
    pub const WRITTEN: [Self; 4] = [
        Self { number: INTEGERS },
        Self { number: FLOATS },
        Self {
            number: CUSTOM_INTEGERS,
        },
        Self {
            number: CUSTOM_FLOATS,
        },
    ];

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            INTEGERS..=CUSTOM_FLOATS | STARTED_INTEGERS | STARTED_FLOATS => Some(Self { number }),
            _ => None,
        }
    }

    /// The layout that a histogram is written in.
    pub fn of(histogram: &Histogram) -> Self {
        let number = match (histogram.has_custom_buckets(), has_integers_only(histogram)) {
            (false, true) => INTEGERS,
            (false, false) => FLOATS,
            (true, true) => CUSTOM_INTEGERS,
            (true, false) => CUSTOM_FLOATS,
        };
        Self { number }
    }

    const fn has_floats(self) -> bool {
        matches!(self.number, FLOATS | CUSTOM_FLOATS | STARTED_FLOATS)
    }

    const fn has_starts(self) -> bool {
        self.number >= STARTED_INTEGERS
    }
}

/// Writes a record of histograms, all of this layout, into an empty buffer; nothing if there is none.
/// References and times are deltas to the first.
pub fn encode_histograms<'a>(
    kind: HistogramRecord,
    out: &mut Vec<u8>,
    histograms: impl IntoIterator<Item = (u64, i64, &'a Histogram)>,
) {
    let mut first = None;
    for (series, time, histogram) in histograms {
        let (first_series, first_time) = *first.get_or_insert_with(|| {
            out.push(kind.number);
            put_u64(out, series);
            put_u64(out, time.cast_unsigned());
            (series, time)
        });
        put_varint(out, series.wrapping_sub(first_series).cast_signed());
        put_varint(out, time.wrapping_sub(first_time));
        put_histogram(out, kind.has_floats(), histogram);
    }
}

/// Adds a histogram, its counts as floats or as integers.
pub(crate) fn put_histogram(out: &mut Vec<u8>, has_floats: bool, histogram: &Histogram) {
    out.push(match histogram.counter_reset_hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    });
    put_varint(out, i64::from(histogram.schema));
    put_u64(out, histogram.zero_threshold.to_bits());
    for total in [histogram.zero_count, histogram.count] {
        match has_floats {
            true => put_u64(out, total.to_bits()),
            false => put_uvarint(out, total as u64),
        }
    }
    put_u64(out, histogram.sum.to_bits());
    for side in [&histogram.positive, &histogram.negative] {
        put_uvarint(out, side.spans.len() as u64);
        for span in side.spans.iter() {
            put_varint(out, i64::from(span.offset));
            put_uvarint(out, u64::from(span.length));
        }
    }
    for side in [&histogram.positive, &histogram.negative] {
        put_uvarint(out, side.counts.len() as u64);
        let mut before = 0.0;
        for &count in &side.counts {
            match has_floats {
                true => put_u64(out, count.to_bits()),
                false => put_varint(out, (count - before) as i64),
            }
            before = count;
        }
    }
    if histogram.schema == CUSTOM_BUCKETS {
        put_uvarint(out, histogram.custom_values.len() as u64);
        for value in histogram.custom_values.iter() {
            put_u64(out, value.to_bits());
        }
    }
}

/// Decodes a record of histograms, adding them to `histograms`. Start timestamps are passed over.
///
/// # Errors
/// The record ends too early; histograms before that were added.
pub fn decode_histograms(
    kind: HistogramRecord,
    record: &[u8],
    histograms: &mut Vec<RefHistogram>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    if cursor.is_empty() {
        return Ok(());
    }
    let (first_series, first_time) = match kind.has_starts() {
        true => {
            let first = (cursor.varint()?.cast_unsigned(), cursor.varint()?);
            cursor.varint()?;
            first
        }
        false => (cursor.u64()?, cursor.u64()?.cast_signed()),
    };
    let (mut series, mut time) = (first_series, first_time);
    let mut is_first = true;
    while !cursor.is_empty() {
        if !kind.has_starts() {
            series = first_series.wrapping_add(cursor.varint()?.cast_unsigned());
            time = first_time.wrapping_add(cursor.varint()?);
        } else if !is_first {
            series = series.wrapping_add(cursor.varint()?.cast_unsigned());
            time = first_time.wrapping_add(cursor.varint()?);
            skip_start(&mut cursor)?;
        }
        is_first = false;
        let histogram = Arc::new(histogram(&mut cursor, kind.has_floats())?);
        histograms.push(RefHistogram {
            series,
            time,
            histogram,
        });
    }
    Ok(())
}

fn histogram(cursor: &mut Cursor<'_>, has_floats: bool) -> Result<Histogram, Malformed> {
    let counter_reset_hint = match cursor.u8()? {
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    };
    let schema = i32::try_from(cursor.varint()?).map_err(|_| Malformed)?;
    let float = |cursor: &mut Cursor<'_>| cursor.u64().map(f64::from_bits);
    let zero_threshold = float(cursor)?;
    let total = |cursor: &mut Cursor<'_>| match has_floats {
        true => float(cursor),
        false => cursor.uvarint().map(|count| count as f64),
    };
    let (zero_count, count) = (total(cursor)?, total(cursor)?);
    let sum = float(cursor)?;
    let (positive, negative) = (spans(cursor)?, spans(cursor)?);
    let positive = Buckets::new(positive, counts(cursor, has_floats)?);
    let negative = Buckets::new(negative, counts(cursor, has_floats)?);
    let custom_values = match schema == CUSTOM_BUCKETS {
        true => list(cursor, float)?.into(),
        false => Arc::default(),
    };
    Ok(Histogram {
        counter_reset_hint,
        schema,
        zero_threshold,
        zero_count,
        count,
        sum,
        positive,
        negative,
        custom_values,
    })
}

fn spans(cursor: &mut Cursor<'_>) -> Result<Vec<Span>, Malformed> {
    list(cursor, |cursor| {
        Ok(Span {
            offset: i32::try_from(cursor.varint()?).map_err(|_| Malformed)?,
            length: u32::try_from(cursor.uvarint()?).map_err(|_| Malformed)?,
        })
    })
}

/// Counts, integers as differences to the bucket before.
fn counts(cursor: &mut Cursor<'_>, has_floats: bool) -> Result<Vec<f64>, Malformed> {
    let mut count = 0i64;
    list(cursor, |cursor| match has_floats {
        true => cursor.u64().map(f64::from_bits),
        false => {
            count = count.wrapping_add(cursor.varint()?);
            Ok(count as f64)
        }
    })
}

fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    mut read: impl FnMut(&mut Cursor<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let len = cursor.size()?;
    if len > cursor.rest().len() {
        return Err(Malformed);
    }
    (0..len).map(|_| read(cursor)).collect()
}

const INTEGERS: u8 = 7;
const FLOATS: u8 = 8;
const CUSTOM_INTEGERS: u8 = 9;
const CUSTOM_FLOATS: u8 = 10;
const STARTED_INTEGERS: u8 = 12;
const STARTED_FLOATS: u8 = 13;

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(factor: f64, schema: i32) -> Histogram {
        Histogram {
            counter_reset_hint: CounterResetHint::Gauge,
            schema,
            zero_threshold: 0.25,
            zero_count: 3.0 * factor,
            count: 17.0 * factor,
            sum: -2.5,
            positive: Buckets::from_offset(-3, vec![1.0 * factor, 9.0, 2.0]),
            negative: Buckets::from_offset(4, vec![2.0]),
            custom_values: match schema == CUSTOM_BUCKETS {
                true => vec![0.5, 1.0].into(),
                false => Arc::default(),
            },
        }
    }

    #[test]
    fn histograms_come_back_in_each_layout() {
        for (factor, schema, number) in [(1.0, 2, 7), (0.5, 2, 8), (1.0, -53, 9), (0.5, -53, 10)] {
            let histogram = sample(factor, schema);
            let kind = HistogramRecord::of(&histogram);
            assert_eq!(kind.number, number);
            let mut record = Vec::new();
            encode_histograms(
                kind,
                &mut record,
                [(7, 1_000, &histogram), (5, 1_001, &histogram)],
            );
            assert_eq!(record[0], number);
            let mut found = Vec::new();
            decode_histograms(kind, &record, &mut found).unwrap();
            let places: Vec<_> = found.iter().map(|h| (h.series, h.time)).collect();
            assert_eq!(places, [(7, 1_000), (5, 1_001)]);
            for read in &found {
                assert_eq!(*read.histogram, histogram);
                assert_eq!(read.histogram.counter_reset_hint, CounterResetHint::Gauge);
            }
            for end in 18..record.len() {
                let _ = decode_histograms(kind, &record[..end], &mut Vec::new());
            }
            // The same with start timestamps: one in front of the first, a byte before each other.
            let started = HistogramRecord {
                number: if kind.has_floats() { 13 } else { 12 },
            };
            let mut record = vec![started.number];
            for number in [7, 1_000, 5] {
                put_varint(&mut record, number);
            }
            put_histogram(&mut record, kind.has_floats(), &histogram);
            for number in [-2, 1] {
                put_varint(&mut record, number);
            }
            record.push(2);
            put_varint(&mut record, 9);
            put_histogram(&mut record, kind.has_floats(), &histogram);
            found.clear();
            decode_histograms(started, &record, &mut found).unwrap();
            let places: Vec<_> = found.iter().map(|h| (h.series, h.time)).collect();
            assert_eq!(places, [(7, 1_000), (5, 1_001)]);
        }
    }
}
