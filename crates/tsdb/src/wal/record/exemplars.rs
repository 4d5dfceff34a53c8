//! Records of exemplars.

use crate::wire::{Cursor, Malformed, put_text, put_u64, put_uvarint, put_varint};

/// An exemplar as a record holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefExemplar<'a> {
    /// Reference of the series.
    pub series: u64,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    /// The value.
    pub value: f64,
    /// The labels as [`put_labels`] writes them.
    pub labels: &'a [u8],
}

/// Writes a record of exemplars into an empty buffer. References and times are deltas to the first.
pub fn encode_exemplars<'a>(
    out: &mut Vec<u8>,
    exemplars: impl IntoIterator<Item = RefExemplar<'a>>,
) {
    let mut exemplars = exemplars.into_iter().peekable();
    let Some(&first) = exemplars.peek() else {
        return;
    };
    out.push(EXEMPLARS);
    put_u64(out, first.series);
    put_u64(out, first.time.cast_unsigned());
    for exemplar in exemplars {
        let series = exemplar.series.wrapping_sub(first.series);
        put_varint(out, series.cast_signed());
        put_varint(out, exemplar.time.wrapping_sub(first.time));
        put_u64(out, exemplar.value.to_bits());
        out.extend_from_slice(exemplar.labels);
    }
}

/// Hands the exemplars of a record to `each`.
///
/// # Errors
/// The record ends too early or holds text that is none; exemplars before that were handed over.
pub fn decode_exemplars<'a>(
    record: &'a [u8],
    mut each: impl FnMut(RefExemplar<'a>),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    if cursor.is_empty() {
        return Ok(());
    }
    let first_series = cursor.u64()?;
    let first_time = cursor.u64()?.cast_signed();
    while !cursor.is_empty() {
        let series = first_series.wrapping_add(cursor.varint()?.cast_unsigned());
        let time = first_time.wrapping_add(cursor.varint()?);
        let value = f64::from_bits(cursor.u64()?);
        let from = cursor.rest();
        for _ in 0..cursor.uvarint()? {
            cursor.text()?;
            cursor.text()?;
        }
        let len = from.len() - cursor.rest().len();
        each(RefExemplar {
            series,
            time,
            value,
            labels: from.get(..len).unwrap_or_default(),
        });
    }
    Ok(())
}

/// Appends labels: their number, then each name and value behind its length.
pub fn put_labels<'a>(
    out: &mut Vec<u8>,
    labels: impl IntoIterator<Item = (&'a str, &'a str), IntoIter: Clone>,
) {
    let labels = labels.into_iter();
    put_uvarint(out, labels.clone().count() as u64);
    for (name, value) in labels {
        put_text(out, name);
        put_text(out, value);
    }
}

/// Hands labels that [`put_labels`] wrote to `each`.
///
/// # Errors
/// The bytes end too early or hold text that is none; labels before that were handed over.
pub fn decode_labels<'a>(
    bytes: &'a [u8],
    mut each: impl FnMut(&'a str, &'a str),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(bytes);
    for _ in 0..cursor.uvarint()? {
        each(cursor.text()?, cursor.text()?);
    }
    Ok(())
}

pub(super) const EXEMPLARS: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wal::record::RecordKind;

    #[test]
    fn exemplars_come_back() {
        let (mut trace, mut none) = (Vec::new(), Vec::new());
        put_labels(&mut trace, [("trace_id", "ü")]);
        put_labels(&mut none, []);
        let exemplar = |series, time, labels| RefExemplar {
            series,
            time,
            value: 0.5,
            labels,
        };
        let written = [
            exemplar(7, 1_000, &trace[..]),
            exemplar(5, 999, &none),
            exemplar(9, i64::MIN, &trace),
        ];
        let mut record = Vec::new();
        encode_exemplars(&mut record, written);
        assert_eq!(
            record[..19],
            [4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 3, 0xe8, 0, 0]
        );
        assert_eq!(RecordKind::of(&record), Some(RecordKind::Exemplars));
        let mut found = Vec::new();
        decode_exemplars(&record, |exemplar| found.push(exemplar)).unwrap();
        assert_eq!(found, written);
        found.clear();
        let cut = &record[..record.len() - 1];
        assert!(decode_exemplars(cut, |exemplar| found.push(exemplar)).is_err());
        assert_eq!(found, written[..2]);
        let mut labels = Vec::new();
        decode_labels(&trace, |name, value| labels.push((name, value))).unwrap();
        assert_eq!(labels, [("trace_id", "ü")]);
    }
}
