//! What a snapshot of ours has beside Prometheus' records, in a file that Prometheus passes over: by
//! what it is known to belong to the log, the files of chunks and the blocks that are there, and what
//! the log before it says that a full replay would have learned.

use std::path::Path;

use host::fs::Fs;
use model::{Metadata, MetricType, TimeRange};

use super::Unfit;
use crate::wal::WalError;
use crate::wal::record::{Tombstone, metric_type_number, metric_type_of};
use crate::wire::{
    Cursor, Malformed, put_checksum, put_text, put_u32, put_u64, put_uvarint, put_varint,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Supplement {
    /// Checksum of the last page of the log before the snapshot.
    pub(super) log_checksum: u32,
    /// How many series there are.
    pub(super) series: u64,
    /// The first reference that was never given out.
    pub(super) next_reference: u64,
    /// Time of the newest sample that the head has seen, deleted or not.
    pub(super) newest: i64,
    /// What is older was dropped, because blocks had it.
    pub(super) dropped_before: i64,
    pub(super) chunk_files: Vec<FileMark>,
    /// What was deleted. Files of chunks may have been written before and so have it still.
    pub(super) deletions: Vec<Tombstone>,
    /// References in the log with the one that stands for the same series now.
    pub(super) aliases: Vec<(u64, u64)>,
    /// What is known of series, each with the references of those of which it is known.
    pub(super) metadata: Vec<(Metadata, Vec<u64>)>,
}

/// By which a file of chunks is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileMark {
    pub(crate) number: u32,
    /// Bytes of it that are in use.
    pub(crate) len: u64,
    /// The last four of them: the checksum of the last chunk.
    pub(crate) ending: u32,
    /// Time of the last sample that is in it.
    pub(crate) max_time: i64,
}

impl Supplement {
    /// Writes it into the folder of a snapshot and makes it durable.
    pub(super) fn write(&self, fs: &dyn Fs, folder: &Path) -> Result<(), WalError> {
        let path = folder.join(FILE_NAME);
        let written = fs.create(&path).and_then(|mut file| {
            file.write_all(&self.encode())?;
            file.sync()
        });
        written.map_err(WalError::at(&path))
    }

    /// That of the snapshot in `folder`, if we have written it.
    pub(super) fn read(fs: &dyn Fs, folder: &Path) -> Result<Option<Self>, Unfit> {
        let path = folder.join(FILE_NAME);
        let bytes = match fs.read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(WalError::at(&path))?,
        };
        let (body, checksum) = bytes.split_last_chunk::<4>().unwrap_or((&[], &[0; 4]));
        if crc32c::crc32c(body).to_be_bytes() != *checksum {
            return Err(Unfit::damaged("checksum of its supplement does not match"));
        }
        match Self::decode(body) {
            Ok(Some(supplement)) => Ok(Some(supplement)),
            Ok(None) => Err(Unfit::damaged("its supplement is of another version")),
            Err(Malformed) => Err(Unfit::damaged("its supplement ends too early")),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u32(&mut out, MAGIC);
        out.push(VERSION);
        put_u32(&mut out, self.log_checksum);
        put_uvarint(&mut out, self.series);
        put_u64(&mut out, self.next_reference);
        put_varint(&mut out, self.newest);
        put_varint(&mut out, self.dropped_before);
        put_uvarint(&mut out, self.chunk_files.len() as u64);
        for mark in &self.chunk_files {
            put_uvarint(&mut out, u64::from(mark.number));
            put_uvarint(&mut out, mark.len);
            put_u32(&mut out, mark.ending);
            put_varint(&mut out, mark.max_time);
        }
        put_uvarint(&mut out, self.deletions.len() as u64);
        for Tombstone { series, range } in &self.deletions {
            put_u64(&mut out, *series);
            put_varint(&mut out, range.min_time);
            put_varint(&mut out, range.max_time);
        }
        put_uvarint(&mut out, self.aliases.len() as u64);
        for &(alias, reference) in &self.aliases {
            put_u64(&mut out, alias);
            put_u64(&mut out, reference);
        }
        put_uvarint(&mut out, self.metadata.len() as u64);
        for (metadata, references) in &self.metadata {
            out.push(metric_type_number(metadata.metric_type));
            put_text(&mut out, &metadata.unit);
            put_text(&mut out, &metadata.help);
            put_uvarint(&mut out, references.len() as u64);
            let mut before = 0;
            for &reference in references {
                put_uvarint(&mut out, reference.wrapping_sub(before));
                before = reference;
            }
        }
        put_checksum(&mut out, 0);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut cursor = Cursor::new(bytes);
        if cursor.u32()? != MAGIC || cursor.u8()? != VERSION {
            return Ok(None);
        }
        let mut supplement = Self {
            log_checksum: cursor.u32()?,
            series: cursor.uvarint()?,
            next_reference: cursor.u64()?,
            newest: cursor.varint()?,
            dropped_before: cursor.varint()?,
            ..Self::default()
        };
        for _ in 0..cursor.uvarint()? {
            supplement.chunk_files.push(FileMark {
                number: u32::try_from(cursor.uvarint()?).map_err(|_| Malformed)?,
                len: cursor.uvarint()?,
                ending: cursor.u32()?,
                max_time: cursor.varint()?,
            });
        }
        for _ in 0..cursor.uvarint()? {
            supplement.deletions.push(Tombstone {
                series: cursor.u64()?,
                range: TimeRange::new(cursor.varint()?, cursor.varint()?),
            });
        }
        for _ in 0..cursor.uvarint()? {
            supplement.aliases.push((cursor.u64()?, cursor.u64()?));
        }
        for _ in 0..cursor.uvarint()? {
            let metric_type: MetricType = metric_type_of(cursor.u8()?);
            let metadata = Metadata {
                metric_type,
                unit: cursor.text()?.to_owned(),
                help: cursor.text()?.to_owned(),
            };
            let mut references = Vec::new();
            let mut before = 0u64;
            for _ in 0..cursor.uvarint()? {
                before = before.wrapping_add(cursor.uvarint()?);
                references.push(before);
            }
            supplement.metadata.push((metadata, references));
        }
        Ok(Some(supplement))
    }
}

/// No number, so that nobody takes it for a segment.
const FILE_NAME: &str = "narthex";
const MAGIC: u32 = 0x4e58_5353;
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

    #[test]
    fn a_supplement_comes_back_or_is_damaged() {
        let supplement = Supplement {
            log_checksum: 7,
            series: 300,
            next_reference: 1 << 33 | 5,
            newest: 1_000,
            dropped_before: i64::MIN,
            chunk_files: vec![FileMark {
                number: 3,
                len: 1 << 20,
                ending: u32::MAX,
                max_time: -5,
            }],
            deletions: vec![Tombstone {
                series: 2,
                range: TimeRange::new(-1, 1),
            }],
            aliases: vec![(9, 2)],
            metadata: vec![(
                Metadata {
                    metric_type: MetricType::Counter,
                    unit: "s".to_owned(),
                    help: "Hilfe".to_owned(),
                },
                vec![2, 3, 200],
            )],
        };
        let (fs, folder) = (SimulatedFs::default(), Path::new("/s"));
        assert!(matches!(Supplement::read(&fs, folder), Ok(None)));
        fs.create_dir_all(folder).unwrap();
        supplement.write(&fs, folder).unwrap();
        let found = Supplement::read(&fs, folder).unwrap();
        assert_eq!(found, Some(supplement));
        let path = folder.join(FILE_NAME);
        let bytes = fs.read(&path).unwrap();
        for end in 0..bytes.len() {
            fs.write(&path, &bytes[..end]).unwrap();
            let found = Supplement::read(&fs, folder);
            assert!(matches!(found, Err(Unfit::Damaged(_))), "{end}");
        }
    }
}
