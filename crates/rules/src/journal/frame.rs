//! Records as bytes: length, checksum, JSON.

use super::Record;

/// The first bytes of a journal.
pub(super) const HEADER: &[u8; 8] = b"NXALERT\x01";

/// A record with its length and checksum.
pub(super) fn frame(record: &Record) -> Vec<u8> {
    let json = serde_json::to_vec(record).expect("a record has only texts and numbers");
    let length = u32::try_from(json.len()).expect("the alerts of a rule are below 4 GiB");
    let mut bytes = Vec::with_capacity(json.len() + FRAME);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&json).to_le_bytes());
    bytes.extend(json);
    bytes
}

/// The records up to the first one that is torn or damaged; `None` if this is no journal.
pub(super) fn read_records(bytes: &[u8]) -> Option<Vec<Record>> {
    let mut rest = bytes.strip_prefix(HEADER)?;
    let mut records = Vec::new();
    while let Some((record, after)) = read_record(rest) {
        records.push(record);
        rest = after;
    }
    if !rest.is_empty() {
        tracing::warn!(
            bytes = rest.len(),
            "the end of the journal of alerts is left out"
        );
    }
    Some(records)
}

fn read_record(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (json, after) = rest.split_at_checked(length)?;
    if crc32c::crc32c(json) != u32::from_le_bytes(*checksum) {
        return None;
    }
    Some((serde_json::from_slice(json).ok()?, after))
}

/// Bytes before the JSON of a record.
const FRAME: usize = 8;
