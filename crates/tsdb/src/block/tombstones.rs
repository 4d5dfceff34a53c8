//! The tombstones file: ranges of time that were deleted from series of a block.

use std::path::Path;

use hashbrown::HashMap;
use host::fs::Fs;
use model::TimeRange;
use rapidhash::fast::RandomState;

use super::BlockError;
use super::meta::replace;
use crate::wire::{Cursor, Malformed, put_checksum, put_u32, put_uvarint, put_varint};

/// Deleted ranges by number of the series in the index.
pub(crate) type Tombstones = HashMap<u64, Vec<TimeRange>, RandomState>;

/// Reads the tombstones of the block in `dir`; none if the file is missing, as upstream has it.
pub(crate) fn read(fs: &dyn Fs, dir: &Path) -> Result<(Tombstones, u64), BlockError> {
    let path = dir.join(FILE_NAME);
    let bytes = match fs.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((Tombstones::default(), 0));
        }
        Err(error) => return Err(BlockError::io(&path)(error)),
    };
    let parsed = parse(&bytes).map_err(|reason| BlockError::Damaged {
        path: path.clone(),
        reason: reason.to_owned(),
    })?;
    Ok((parsed, bytes.len() as u64))
}

fn parse(bytes: &[u8]) -> Result<Tombstones, &'static str> {
    let (header, rest) = bytes.split_at_checked(5).ok_or("file ends too early")?;
    let mut cursor = Cursor::new(header);
    if cursor.u32() != Ok(MAGIC) || cursor.u8() != Ok(VERSION) {
        return Err("not a tombstones file of version 1");
    }
    let (entries, checksum) = rest.split_last_chunk::<4>().ok_or("file ends too early")?;
    if crc32c::crc32c(entries).to_be_bytes() != *checksum {
        return Err("checksum does not match");
    }
    let mut tombstones = Tombstones::default();
    let mut cursor = Cursor::new(entries);
    let mut entry = || -> Result<bool, Malformed> {
        if cursor.is_empty() {
            return Ok(false);
        }
        let series = cursor.uvarint()?;
        let range = TimeRange::new(cursor.varint()?, cursor.varint()?);
        add(tombstones.entry(series).or_default(), range);
        Ok(true)
    };
    while entry().map_err(|_| "entry is malformed")? {}
    Ok(tombstones)
}

/// Writes the tombstones of a block into `dir`, in the place of those that are there, and makes them
/// durable.
pub(crate) fn write(fs: &dyn Fs, dir: &Path, tombstones: &Tombstones) -> Result<(), BlockError> {
    let path = dir.join(FILE_NAME);
    let mut bytes = Vec::new();
    put_u32(&mut bytes, MAGIC);
    bytes.push(VERSION);
    let mut series: Vec<_> = tombstones.iter().collect();
    series.sort_unstable_by_key(|(series, _)| **series);
    for (&series, ranges) in series {
        for range in ranges {
            put_uvarint(&mut bytes, series);
            put_varint(&mut bytes, range.min_time);
            put_varint(&mut bytes, range.max_time);
        }
    }
    put_checksum(&mut bytes, 5);
    replace(fs, dir, FILE_NAME, &bytes).map_err(BlockError::io(&path))
}

/// Adds a range to sorted ones; those that it touches become one with it.
pub(crate) fn add(ranges: &mut Vec<TimeRange>, mut range: TimeRange) {
    let first = ranges.partition_point(|before| before.max_time < range.min_time.saturating_sub(1));
    let behind =
        ranges.partition_point(|before| before.min_time <= range.max_time.saturating_add(1));
    for touched in ranges.get(first..behind).unwrap_or_default() {
        range.min_time = range.min_time.min(touched.min_time);
        range.max_time = range.max_time.max(touched.max_time);
    }
    ranges.splice(first..behind.max(first), [range]);
}

/// Number of deleted ranges.
pub(crate) fn count(tombstones: &Tombstones) -> u64 {
    tombstones.values().map(|ranges| ranges.len() as u64).sum()
}

const FILE_NAME: &str = "tombstones";
const MAGIC: u32 = 0x0130_BA30;
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_become_one() {
        type Ranges = &'static [(i64, i64)];
        let cases: [(Ranges, Ranges); 6] = [
            (&[(5, 9), (1, 2)], &[(1, 2), (5, 9)]),
            (&[(1, 2), (3, 4)], &[(1, 4)]),
            (&[(1, 2), (5, 6), (3, 4)], &[(1, 6)]),
            (&[(1, 2), (5, 6), (0, 9)], &[(0, 9)]),
            (&[(0, 9), (3, 4)], &[(0, 9)]),
            (
                &[(1, 2), (4, 5), (i64::MIN, i64::MAX)],
                &[(i64::MIN, i64::MAX)],
            ),
        ];
        for (added, want) in cases {
            let mut ranges = Vec::new();
            for &(min, max) in added {
                add(&mut ranges, TimeRange::new(min, max));
            }
            let found: Vec<_> = ranges.iter().map(|r| (r.min_time, r.max_time)).collect();
            assert_eq!(found, want, "{added:?}");
        }
    }
}
