//! The records of a snapshot. Numbers and layouts are Prometheus'.

use model::{Labels, TimeRange};

use crate::chunk::ChunkEncoding;
use crate::chunk::xor;
use crate::head::series::Row;
use crate::wal::record::{RefExemplar, Tombstone, encode_exemplars, put_histogram, put_labels};
use crate::wire::{Cursor, Malformed, put_u64, put_uvarint, put_varint};

/// A series as a snapshot has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredSeries<'a> {
    pub(super) reference: u64,
    labels: Cursor<'a>,
    /// Encoding and bytes of the chunk that was open.
    pub(super) chunk: Option<(u8, &'a [u8])>,
}

impl<'a> StoredSeries<'a> {
    pub(super) fn read(record: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
        let reference = cursor.u64()?;
        let labels = cursor;
        for _ in 0..cursor.uvarint()? {
            cursor.text()?;
            cursor.text()?;
        }
        // Once the range of chunks.
        cursor.u64()?;
        let chunk = match cursor.uvarint()? {
            0 => None,
            _ => {
                // Times, which the samples tell better.
                cursor.bytes(2 * 8)?;
                let encoding = cursor.u8()?;
                let len = cursor.size()?;
                Some((encoding, cursor.bytes(len)?))
            }
        };
        Ok(Self {
            reference,
            labels,
            chunk,
        })
    }

    pub(super) fn labels(&self, pairs: &mut Vec<(&'a str, &'a str)>) -> Result<Labels, Malformed> {
        let mut cursor = self.labels;
        pairs.clear();
        for _ in 0..cursor.uvarint()? {
            pairs.push((cursor.text()?, cursor.text()?));
        }
        match pairs.is_sorted_by(|a, b| a.0 < b.0) {
            true => Ok(Labels::from_sorted(pairs.iter().copied())),
            false => Err(Malformed),
        }
    }
}

/// Adds the record of a series.
pub(super) fn put_series(out: &mut Vec<u8>, reference: u64, labels: &[(&str, &str)], row: &Row) {
    out.push(SERIES);
    put_u64(out, reference);
    put_labels(out, labels.iter().copied());
    put_u64(out, 0);
    let Some((chunk, last)) = row.open_chunk() else {
        put_uvarint(out, 0);
        return;
    };
    put_uvarint(out, 1);
    let TimeRange { min_time, max_time } = chunk.range;
    put_u64(out, min_time.cast_unsigned());
    put_u64(out, max_time.cast_unsigned());
    out.push(chunk.encoding.number());
    put_uvarint(out, chunk.bytes.len() as u64);
    let start = out.len();
    out.extend_from_slice(chunk.bytes);
    match last {
        Some(last) => {
            let has_floats = chunk.encoding == ChunkEncoding::FloatHistogram;
            put_histogram(out, has_floats, last);
        }
        None => {
            xor::set_count(out.get_mut(start..).unwrap_or_default(), chunk.count);
            // Once the last four samples; of them the last value is left.
            out.extend_from_slice(&[0; 7 * 8]);
            put_u64(out, row.last_float().to_bits());
        }
    }
}

/// The record of all deletions; there is always one, behind the series.
pub(super) fn tombstones(tombstones: &[Tombstone]) -> Vec<u8> {
    let mut body = vec![TOMBSTONES_VERSION];
    for Tombstone { series, range } in tombstones {
        put_uvarint(&mut body, *series);
        put_varint(&mut body, range.min_time);
        put_varint(&mut body, range.max_time);
    }
    let mut out = vec![TOMBSTONES];
    put_uvarint(&mut out, body.len() as u64);
    out.extend_from_slice(&body);
    out
}

pub(super) fn read_tombstones(record: &[u8]) -> Result<Vec<Tombstone>, Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    let len = cursor.size()?;
    let mut cursor = Cursor::new(cursor.bytes(len)?);
    if cursor.u8()? != TOMBSTONES_VERSION {
        return Err(Malformed);
    }
    let mut tombstones = Vec::new();
    while !cursor.is_empty() {
        tombstones.push(Tombstone {
            series: cursor.uvarint()?,
            range: TimeRange::new(cursor.varint()?, cursor.varint()?),
        });
    }
    Ok(tombstones)
}

/// A record of exemplars; empty if there are none.
pub(super) fn exemplars<'a>(exemplars: impl IntoIterator<Item = RefExemplar<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_exemplars(&mut out, exemplars);
    if let Some(kind) = out.first_mut() {
        *kind = EXEMPLARS;
    }
    out
}

/// The version of the list of deletions inside its record.
const TOMBSTONES_VERSION: u8 = 1;
pub(super) const SERIES: u8 = 1;
pub(super) const TOMBSTONES: u8 = 2;
pub(super) const EXEMPLARS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let mut row = Row::default();
        for time in [1_000, 2_000] {
            row.append(time, 0.5, 7_200_000);
        }
        let mut record = Vec::new();
        put_series(&mut record, 7, &[("a", "b")], &row);
        let chunk = [
            &[0, 2, 0xd0, 0x0f, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0][..],
            &[0xe8, 7, 0],
        ]
        .concat();
        let want = [
            &[1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1, b'a', 1, b'b'][..],
            &[0; 8],
            &[1, 0, 0, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 0, 7, 0xd0],
            &[1, 15],
            &chunk,
            &[0; 56],
            &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0],
        ];
        assert_eq!(record, want.concat());
        let stored = StoredSeries::read(&record).unwrap();
        assert_eq!(stored.reference, 7);
        assert_eq!(stored.chunk, Some((1, &chunk[..])));
        let labels = stored.labels(&mut Vec::new()).unwrap();
        assert_eq!(labels, Labels::from_pairs([("a", "b")]));
        for end in 1..record.len() - 64 {
            assert!(StoredSeries::read(&record[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn deletions_come_back() {
        let tombstone = |series, min, max| Tombstone {
            series,
            range: TimeRange::new(min, max),
        };
        let written = [tombstone(300, -5, 5), tombstone(2, 0, i64::MAX)];
        let record = tombstones(&written);
        assert_eq!(record[..7], [2, 17, 1, 0xac, 2, 9, 10]);
        assert_eq!(read_tombstones(&record).unwrap(), written);
        assert_eq!(tombstones(&[]), [2, 1, 1]);
        assert!(read_tombstones(&[2, 1, 2]).is_err());
    }
}
