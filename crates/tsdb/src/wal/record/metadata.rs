//! Records of metadata: type, unit and help of series.

use model::MetricType;

use crate::wire::{Cursor, Malformed, put_text, put_uvarint};

/// What a record says of one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefMetadata<'a> {
    /// Reference of the series.
    pub series: u64,
    /// Number of the type.
    pub kind: u8,
    /// Unit, empty if not said.
    pub unit: &'a str,
    /// Help text.
    pub help: &'a str,
}

impl RefMetadata<'_> {
    /// The type; numbers that nobody knows are of no known type.
    pub fn metric_type(&self) -> MetricType {
        metric_type_of(self.kind)
    }
}

/// The type with this number.
pub(crate) fn metric_type_of(number: u8) -> MetricType {
    let known = KINDS.iter().find(|(known, _)| *known == number);
    known.map_or(MetricType::Unknown, |&(_, kind)| kind)
}

/// The number of a type.
pub fn metric_type_number(metric_type: MetricType) -> u8 {
    let known = KINDS.iter().find(|(_, kind)| *kind == metric_type);
    known.map_or(0, |&(number, _)| number)
}

/// Adds what is known of one series to a record, which it begins if the buffer is empty.
pub fn put_metadata(out: &mut Vec<u8>, metadata: RefMetadata<'_>) {
    if out.is_empty() {
        out.push(METADATA);
    }
    put_uvarint(out, metadata.series);
    out.push(metadata.kind);
    put_uvarint(out, 2);
    for (name, value) in [(UNIT, metadata.unit), (HELP, metadata.help)] {
        put_text(out, name);
        put_text(out, value);
    }
}

/// Hands what a record says to `each`, series by series. Fields of names that are not known are
/// passed over.
///
/// # Errors
/// The record ends too early or holds text that is none; series before that were handed over.
pub fn decode_metadata<'a>(
    record: &'a [u8],
    mut each: impl FnMut(RefMetadata<'a>),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record.get(1..).unwrap_or_default());
    while !cursor.is_empty() {
        let mut metadata = RefMetadata {
            series: cursor.uvarint()?,
            kind: cursor.u8()?,
            unit: "",
            help: "",
        };
        for _ in 0..cursor.uvarint()? {
            match (cursor.text()?, cursor.text()?) {
                (UNIT, unit) => metadata.unit = unit,
                (HELP, help) => metadata.help = help,
                _ => {}
            }
        }
        each(metadata);
    }
    Ok(())
}

pub(super) const METADATA: u8 = 6;
const UNIT: &str = "UNIT";
const HELP: &str = "HELP";
const KINDS: [(u8, MetricType); 8] = [
    (0, MetricType::Unknown),
    (1, MetricType::Counter),
    (2, MetricType::Gauge),
    (3, MetricType::Histogram),
    (4, MetricType::GaugeHistogram),
    (5, MetricType::Summary),
    (6, MetricType::Info),
    (7, MetricType::StateSet),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wal::record::RecordKind;

    #[test]
    fn metadata_comes_back() {
        let metadata = |series, kind| RefMetadata {
            series,
            kind,
            unit: "s",
            help: "Hilfe für alle.",
        };
        let written = [metadata(300, 3), metadata(1, 1)];
        let mut record = Vec::new();
        for metadata in written {
            put_metadata(&mut record, metadata);
        }
        assert_eq!(record[..5], [6, 0xac, 0x02, 3, 2]);
        assert_eq!(RecordKind::of(&record), Some(RecordKind::Metadata));
        let mut found = Vec::new();
        decode_metadata(&record, |metadata| found.push(metadata)).unwrap();
        assert_eq!(found, written);
        assert_eq!(found[0].metric_type(), MetricType::Histogram);
        assert!(decode_metadata(&record[..record.len() - 1], |_| {}).is_err());
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        let record = b"\x06\x05\xc8\x02\x04ODOR\x03bad\x04HELP\x01h";
        let mut found = Vec::new();
        decode_metadata(record, |metadata| found.push(metadata)).unwrap();
        assert_eq!((found[0].series, found[0].help), (5, "h"));
        assert_eq!(found[0].metric_type(), MetricType::Unknown);
    }
}
