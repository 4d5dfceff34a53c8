//! The tombstones file: ranges of time that were deleted from series of a block.

use std::path::Path;

use hashbrown::HashMap;
use host::fs::Fs;
use model::TimeRange;
use rapidhash::fast::RandomState;

use super::BlockError;
use crate::wire::{Cursor, Malformed, put_checksum, put_u32};

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
        tombstones.entry(series).or_default().push(range);
        Ok(true)
    };
    while entry().map_err(|_| "entry is malformed")? {}
    Ok(tombstones)
}

/// Writes an empty tombstones file into `dir` and makes it durable.
pub(crate) fn write_empty(fs: &dyn Fs, dir: &Path) -> Result<(), BlockError> {
    let path = dir.join(FILE_NAME);
    let mut bytes = Vec::new();
    put_u32(&mut bytes, MAGIC);
    bytes.push(VERSION);
    put_checksum(&mut bytes, 5);
    let write = || {
        let mut file = fs.create(&path)?;
        file.write_all(&bytes)?;
        file.sync()
    };
    write().map_err(BlockError::io(&path))
}

const FILE_NAME: &str = "tombstones";
const MAGIC: u32 = 0x0130_BA30;
const VERSION: u8 = 1;
