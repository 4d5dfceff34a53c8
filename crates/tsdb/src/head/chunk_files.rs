//! Files beside the log for finished chunks of the head, so that they need no memory. What is in
//! them the log has, too: they can be lost, and what cannot be read of them comes from there.
//! Layout: `docs/formats/head-chunks.md`.

pub(crate) mod layout;
pub(crate) mod scan;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use hashbrown::HashMap;
use host::fs::{File, Fs};
use model::TimeRange;
use rapidhash::fast::RandomState;

use super::snapshot::FileMark;
use crate::chunk::ChunkEncoding;
use crate::wal::WalError;
use crate::wal::segment::list_segments;
use layout::{HEADER_BYTES, StoredChunk, header};
use scan::{Scan, scan};

/// The files of a head.
#[derive(Debug, Default)]
pub(crate) struct ChunkFiles {
    dir: PathBuf,
    /// By rising number, without a hole.
    files: Vec<Arc<ChunkFile>>,
    next_number: u32,
    current: Option<OpenFile>,
}

/// A file to read from.
#[derive(Debug)]
pub(crate) struct ChunkFile {
    pub(crate) path: PathBuf,
    handle: Box<dyn File>,
    number: u32,
    /// Bytes that are in use.
    len: AtomicU64,
    /// Time of the last sample that is in it.
    max_time: AtomicI64,
}

impl ChunkFile {
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.handle.read_at(buffer, offset)
    }
}

impl ChunkFile {
    /// The four bytes before `end`.
    fn ending(&self, end: u64) -> Result<u32, WalError> {
        let mut bytes = [0; 4];
        let read = self.handle.read_at(&mut bytes, end.saturating_sub(4));
        read.map_err(WalError::at(&self.path))?;
        Ok(u32::from_be_bytes(bytes))
    }
}

/// The file that chunks are written to.
#[derive(Debug)]
struct OpenFile {
    file: Arc<ChunkFile>,
    writer: Box<dyn File>,
    len: u64,
}

/// What the files hold when the head begins.
#[derive(Debug, Default)]
pub(super) struct FoundChunks {
    by_series: HashMap<u64, Vec<FoundChunk>, RandomState>,
    /// The highest reference that a chunk has; the log need not know it.
    pub(super) highest_reference: u64,
    /// Places that could not be read.
    pub(super) damages: usize,
    /// Chunks of encodings that are not read, or out of order.
    pub(super) skipped: usize,
}

/// A chunk in one of the files.
#[derive(Clone, Debug)]
pub(super) struct FoundChunk {
    pub(super) file: Arc<ChunkFile>,
    pub(super) range: TimeRange,
    pub(super) encoding: ChunkEncoding,
    pub(super) place: Range<u32>,
}

impl FoundChunks {
    /// Chunks of the series with this reference, oldest first, if they were not taken yet.
    pub(super) fn take(&mut self, reference: u64) -> Vec<FoundChunk> {
        match self.by_series.is_empty() {
            true => Vec::new(),
            false => self.by_series.remove(&reference).unwrap_or_default(),
        }
    }

    /// True if there are chunks of the series with this reference.
    pub(super) fn has(&self, reference: u64) -> bool {
        self.by_series.contains_key(&reference)
    }

    fn add(
        &mut self,
        file: &Arc<ChunkFile>,
        place: &Range<u64>,
        chunk: &StoredChunk<'_>,
        time: i64,
    ) {
        let (Ok(start), Ok(end)) = (u32::try_from(place.start), u32::try_from(place.end)) else {
            // No program makes files that are so long.
            self.skipped += 1;
            return;
        };
        self.highest_reference = self.highest_reference.max(chunk.series);
        file.max_time
            .fetch_max(chunk.range.max_time, Ordering::Relaxed);
        match ChunkEncoding::from_number(chunk.encoding) {
            None => self.skipped += 1,
            Some(_) if chunk.range.max_time < time => {}
            Some(encoding) => {
                self.by_series
                    .entry(chunk.series)
                    .or_default()
                    .push(FoundChunk {
                        file: Arc::clone(file),
                        range: chunk.range,
                        encoding,
                        place: start..end,
                    });
            }
        }
    }
}

impl ChunkFiles {
    /// Takes up the files in `dir`, which need not be there, and tells what they hold, without
    /// chunks that end before `time`. Nothing behind damage is used; if `repairs`, it is removed.
    pub(super) fn open(
        fs: &dyn Fs,
        dir: &Path,
        time: i64,
        repairs: bool,
    ) -> Result<(Self, FoundChunks), WalError> {
        let mut files = Self {
            dir: dir.to_owned(),
            next_number: 1,
            ..Self::default()
        };
        let mut found = FoundChunks::default();
        let numbers = list_segments(fs, dir)?;
        for (index, &number) in numbers.iter().enumerate() {
            let path = file_path(dir, number);
            let is_hole = index > 0 && number != files.next_number;
            let file = Arc::new(ChunkFile {
                handle: fs.open(&path).map_err(WalError::at(&path))?,
                path: path.clone(),
                number,
                len: AtomicU64::new(0),
                max_time: AtomicI64::new(i64::MIN),
            });
            let scanned = match is_hole {
                true => Scan {
                    good_end: 0,
                    damage: Some("the file before it is missing"),
                },
                false => scan(&*file.handle, &mut |place, chunk| {
                    found.add(&file, &place, chunk, time);
                })
                .map_err(WalError::at(&path))?,
            };
            let Scan { good_end, damage } = scanned;
            let usable = good_end >= HEADER_BYTES as u64;
            if usable {
                file.len.store(good_end, Ordering::Relaxed);
                files.files.push(file);
                files.next_number = number + 1;
            }
            if let Some(reason) = damage {
                found.damages += 1;
                tracing::warn!(
                    file = %path.display(),
                    offset = good_end,
                    reason,
                    "a file of chunks is damaged; the rest of it comes from the log"
                );
            }
            if damage.is_some() || !usable {
                if repairs {
                    let behind = numbers.get(index + usize::from(usable)..);
                    let kept = usable.then_some((&*path, good_end));
                    repair(fs, dir, kept, behind.unwrap_or_default());
                }
                break;
            }
        }
        for chunks in found.by_series.values_mut() {
            chunks.sort_by_key(|chunk| chunk.range.min_time);
        }
        Ok((files, found))
    }

    /// Writes chunks that were put one behind the other, up to `max_time`; returns the file and
    /// where in it they begin. On an error nothing of them is kept.
    pub(super) fn append(
        &mut self,
        fs: &dyn Fs,
        bytes: &[u8],
        max_time: i64,
    ) -> io::Result<(Arc<ChunkFile>, u32)> {
        let is_full = |open: &OpenFile| open.len + bytes.len() as u64 > FILE_BYTES;
        if self.current.as_ref().is_some_and(is_full) {
            self.end_file()?;
        }
        if self.current.is_none() {
            self.begin_file(fs)?;
        }
        let open = self.current.as_mut().ok_or(io::ErrorKind::NotFound)?;
        if let Err(error) = open.writer.write_all(bytes) {
            // What of it got there would be damage, and hide what follows.
            if open.writer.set_len(open.len).is_err() {
                self.current = None;
            }
            return Err(error);
        }
        let start = u32::try_from(open.len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        open.len += bytes.len() as u64;
        open.file.len.store(open.len, Ordering::Relaxed);
        open.file.max_time.fetch_max(max_time, Ordering::Relaxed);
        Ok((Arc::clone(&open.file), start))
    }

    fn begin_file(&mut self, fs: &dyn Fs) -> io::Result<()> {
        match self.files.last() {
            None => fs.create_dir_durably(&self.dir)?,
            // One of an earlier process may not be durable: after a power failure what is in the next
            // file alone would stand before what the log has.
            Some(last) => last.handle.sync()?,
        }
        let path = file_path(&self.dir, self.next_number);
        let mut writer = fs.create(&path)?;
        let begun = writer.write_all(&header()).and_then(|()| {
            // Others refuse files with a hole in their numbers.
            fs.sync_dir(&self.dir)?;
            fs.open(&path)
        });
        let handle = match begun {
            Ok(handle) => handle,
            Err(error) => {
                // Tried again under the same name.
                drop(fs.remove_file(&path));
                return Err(error);
            }
        };
        let file = Arc::new(ChunkFile {
            path,
            handle,
            number: self.next_number,
            len: AtomicU64::new(HEADER_BYTES as u64),
            max_time: AtomicI64::new(i64::MIN),
        });
        self.files.push(Arc::clone(&file));
        self.next_number += 1;
        self.current = Some(OpenFile {
            file,
            writer,
            len: HEADER_BYTES as u64,
        });
        Ok(())
    }

    /// Lets go of the file that is written to: the next chunks get another.
    fn end_file(&mut self) -> io::Result<()> {
        match self.current.take() {
            Some(open) => open.writer.sync(),
            None => Ok(()),
        }
    }

    /// Makes all files durable.
    pub(super) fn sync(&self) -> Result<(), WalError> {
        let mut files = self.files.iter();
        files.try_for_each(|file| file.handle.sync().map_err(WalError::at(&file.path)))
    }

    /// By what each file is known again.
    pub(super) fn marks(&self) -> Result<Vec<FileMark>, WalError> {
        let mark = |file: &Arc<ChunkFile>| {
            let len = file.len.load(Ordering::Relaxed);
            Ok(FileMark {
                number: file.number,
                len,
                ending: file.ending(len)?,
                max_time: file.max_time.load(Ordering::Relaxed),
            })
        };
        self.files.iter().map(mark).collect()
    }

    /// True if these files are here with all that was in them, except for those whose samples are
    /// all before `time`.
    pub(super) fn hold(&self, marks: &[FileMark], time: i64) -> Result<bool, WalError> {
        for mark in marks.iter().filter(|mark| mark.max_time >= time) {
            let file = self.files.iter().find(|file| file.number == mark.number);
            let long = |file: &&Arc<ChunkFile>| file.len.load(Ordering::Relaxed) >= mark.len;
            match file.filter(long) {
                Some(file) if file.ending(mark.len)? == mark.ending => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Deletes files of which everything is before `time`, oldest first, as far as there is no hole.
    /// Whoever reads from one still can.
    pub(super) fn remove_before(&mut self, fs: &dyn Fs, time: i64) -> io::Result<()> {
        self.end_file()?;
        while let Some(first) = self.files.first()
            && first.max_time.load(Ordering::Relaxed) < time
        {
            match fs.remove_file(&first.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => drop(self.files.remove(0)),
            }
        }
        Ok(())
    }
}

/// Cuts the file `kept` off where it is good and removes those behind it. If that fails they stay,
/// and are passed over again at the next start.
fn repair(fs: &dyn Fs, dir: &Path, kept: Option<(&Path, u64)>, behind: &[u32]) {
    let cut = kept.map_or(Ok(()), |(path, len)| {
        let mut file = fs.open_append(path)?;
        file.set_len(len)?;
        file.sync()
    });
    let mut removed = behind
        .iter()
        .rev()
        .map(|&number| fs.remove_file(&file_path(dir, number)));
    if let Err(error) = cut.and_then(|()| removed.try_for_each(|outcome| outcome)) {
        tracing::error!(
            folder = %dir.display(),
            error = %error,
            "damaged files of chunks could not be removed"
        );
    }
}

pub(crate) fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}"))
}

/// Folder of these files, beside the log.
pub(crate) const CHUNKS_DIR: &str = "chunks_head";
/// In front of the encoding of chunks with samples out of order.
pub(crate) const OUT_OF_ORDER: u8 = 0x80;
/// Length of a file. Upstream's figure.
const FILE_BYTES: u64 = 128 << 20;

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::layout::put_chunk;
    use super::*;

    fn chunk(series: u64, (min, max): (i64, i64), encoding: u8) -> Vec<u8> {
        let mut out = Vec::new();
        put_chunk(
            &mut out,
            series,
            TimeRange::new(min, max),
            encoding,
            &[0, 1, 7],
        );
        out
    }

    fn ranges(found: &mut FoundChunks, series: u64) -> Vec<(i64, i64)> {
        let chunks = found.take(series).into_iter();
        chunks
            .map(|chunk| (chunk.range.min_time, chunk.range.max_time))
            .collect()
    }

    #[test]
    fn files_are_read_until_damage_and_cut_there() {
        let fs = SimulatedFs::default();
        let dir = Path::new("/data/chunks_head");
        let (_, found) = ChunkFiles::open(&fs, dir, 0, true).unwrap();
        assert_eq!(found.damages, 0);
        fs.create_dir_all(dir).unwrap();
        let parts = [
            header(),
            chunk(7, (50, 60), 1),
            chunk(7, (10, 20), 2),
            chunk(8, (1, 2), 1),
            chunk(9, (50, 60), 0x81),
        ];
        fs.write(
            &dir.join("000001"),
            &[parts.concat(), vec![0; 100]].concat(),
        )
        .unwrap();
        let good = [header(), chunk(8, (50, 60), 1)].concat();
        let mut damaged = [good.clone(), chunk(8, (70, 80), 1)].concat();
        let len = damaged.len();
        damaged[len - 5] ^= 1;
        fs.write(&dir.join("000002"), &damaged).unwrap();
        fs.write(
            &dir.join("000003"),
            &[header(), chunk(8, (90, 99), 1)].concat(),
        )
        .unwrap();
        for repairs in [false, true] {
            let (files, mut found) = ChunkFiles::open(&fs, dir, 5, repairs).unwrap();
            assert_eq!((found.damages, found.skipped), (1, 1));
            assert_eq!((files.files.len(), files.next_number), (2, 3));
            assert_eq!(ranges(&mut found, 7), [(10, 20), (50, 60)]);
            assert_eq!(ranges(&mut found, 8), [(50, 60)]);
            assert_eq!(ranges(&mut found, 9), []);
            assert_eq!(ranges(&mut found, 7), []);
            assert_eq!(fs.read(&dir.join("000003")).is_err(), repairs);
        }
        assert_eq!(fs.read(&dir.join("000002")).unwrap(), good);
        let (_, found) = ChunkFiles::open(&fs, dir, 5, true).unwrap();
        assert_eq!(found.damages, 0);
    }

    #[test]
    fn files_go_oldest_first_and_numbers_have_no_hole() {
        let fs = SimulatedFs::default();
        let dir = Path::new("/data/chunks_head");
        let (mut files, _) = ChunkFiles::open(&fs, dir, 0, true).unwrap();
        for (max, series) in [(60, 1), (90, 2), (70, 3)] {
            let (_, start) = files
                .append(&fs, &chunk(series, (50, max), 1), max)
                .unwrap();
            assert_eq!(start, 8);
            files.remove_before(&fs, 0).unwrap();
        }
        files.remove_before(&fs, 80).unwrap();
        assert_eq!(list_segments(&fs, dir).unwrap(), [2, 3]);
        let (files, mut found) = ChunkFiles::open(&fs, dir, 0, true).unwrap();
        assert_eq!(files.next_number, 4);
        assert_eq!(ranges(&mut found, 3), [(50, 70)]);
        fs.remove_file(&dir.join("000002")).unwrap();
        fs.write(&dir.join("000005"), &header()).unwrap();
        let (files, found) = ChunkFiles::open(&fs, dir, 0, true).unwrap();
        assert_eq!((files.next_number, found.damages), (4, 1));
        assert_eq!(list_segments(&fs, dir).unwrap(), [3]);
    }
}
