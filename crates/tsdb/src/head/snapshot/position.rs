//! Which snapshots there are, and whether the log is the one that a snapshot was made behind.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::Fs;

use super::Unfit;
use crate::wal::WalError;
use crate::wal::page::PAGE_BYTES;
use crate::wal::segment::{list_checkpoints, list_segments, segment_path};

/// A place in the log, which a snapshot is named after: it has all that stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogPosition {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
}

impl LogPosition {
    /// Where the log in `wal` ends now, if it has begun.
    pub(super) fn end(fs: &dyn Fs, wal: &Path) -> Result<Option<Self>, WalError> {
        let Some(&segment) = list_segments(fs, wal)?.last() else {
            return Ok(None);
        };
        let path = segment_path(wal, segment);
        let offset = fs.metadata(&path).map_err(WalError::at(&path))?.len;
        Ok(Some(Self { segment, offset }))
    }

    /// The newest place that a snapshot in the data directory is named after.
    pub(super) fn of_newest_snapshot(fs: &dyn Fs, dir: &Path) -> Result<Option<Self>, WalError> {
        Ok(list(fs, dir)?.last().copied())
    }

    /// The folder of the snapshot.
    pub(super) fn folder(self, dir: &Path) -> PathBuf {
        dir.join(format!("{PREFIX}{:06}.{:010}", self.segment, self.offset))
    }

    fn from_name(name: &str) -> Option<Self> {
        let (segment, offset) = name.strip_prefix(PREFIX)?.split_once('.')?;
        Some(Self {
            segment: segment.parse().ok()?,
            offset: offset.parse().ok()?,
        })
    }

    /// Whether the log in `wal` goes on from here without a hole. It has to end here in its segment
    /// if `at_end`.
    pub(super) fn check(self, fs: &dyn Fs, wal: &Path, at_end: bool) -> Result<(), Unfit> {
        let checkpoints = list_checkpoints(fs, wal)?;
        if checkpoints.last().is_some_and(|&last| last >= self.segment) {
            return Err(Unfit::Outdated("the log was folded behind it"));
        }
        let segments = list_segments(fs, wal)?;
        let Ok(at) = segments.binary_search(&self.segment) else {
            return Err(Unfit::Outdated("its segment of the log is missing"));
        };
        let behind = segments.get(at..).unwrap_or_default();
        if !behind
            .iter()
            .copied()
            .eq((self.segment..).take(behind.len()))
        {
            return Err(Unfit::Outdated("a segment of the log behind it is missing"));
        }
        let path = segment_path(wal, self.segment);
        let len = fs.metadata(&path).map_err(WalError::at(&path))?.len;
        if len < self.offset || (at_end && len > self.offset) {
            return Err(Unfit::Outdated("its segment of the log has another length"));
        }
        match self.offset.is_multiple_of(PAGE_BYTES as u64) {
            true => Ok(()),
            false => Err(Unfit::Outdated("it does not stand at the end of a page")),
        }
    }

    /// Checksum of the last page of the log before this place: another log has another one. 0 if there
    /// is none.
    pub(super) fn checksum_before(self, fs: &dyn Fs, wal: &Path) -> Result<u32, WalError> {
        let mut segments = list_segments(fs, wal)?;
        segments.retain(|&number| number <= self.segment);
        for &number in segments.iter().rev() {
            let path = segment_path(wal, number);
            let end = match number == self.segment {
                true => self.offset,
                false => fs.metadata(&path).map_err(WalError::at(&path))?.len,
            };
            if end == 0 {
                continue;
            }
            let mut page = vec![0; PAGE_BYTES];
            let start = (end - 1) / PAGE_BYTES as u64 * PAGE_BYTES as u64;
            let file = fs.open(&path).map_err(WalError::at(&path))?;
            let count = file
                .read_at(&mut page, start)
                .map_err(WalError::at(&path))?;
            return Ok(crc32c::crc32c(page.get(..count).unwrap_or_default()));
        }
        Ok(0)
    }
}

fn list(fs: &dyn Fs, dir: &Path) -> Result<Vec<LogPosition>, WalError> {
    let entries = fs.read_dir(dir).map_err(WalError::at(dir))?;
    let folders = entries.iter().filter(|entry| entry.is_dir);
    let mut found: Vec<_> = folders
        .filter_map(|entry| LogPosition::from_name(&entry.name))
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Removes the snapshots in the data directory that are meant. What cannot be removed stays, and is
/// out of date or damaged at the next start as well.
pub(crate) fn remove(fs: &dyn Fs, dir: &Path, is_meant: impl Fn(LogPosition) -> bool) {
    let found = list(fs, dir).unwrap_or_default();
    for position in found.into_iter().filter(|&position| is_meant(position)) {
        let folder = position.folder(dir);
        if let Err(error) = fs.remove_dir_all(&folder) {
            tracing::warn!(folder = %folder.display(), error = %error, "snapshot of the head not removed");
        }
    }
}

/// True of snapshots that are of no use any more once the log was folded up to a segment.
pub(crate) fn folded(until: u32) -> impl Fn(LogPosition) -> bool {
    move |position| position.segment <= until
}

/// Deletes what an earlier process did not finish.
pub(crate) fn remove_left_overs(fs: &dyn Fs, dir: &Path) -> io::Result<()> {
    let entries = fs.read_dir(dir)?;
    let is_left = |name: &str| name.starts_with(PREFIX) && name.ends_with(UNFINISHED);
    let left = entries.iter().filter(|e| e.is_dir && is_left(&e.name));
    left.into_iter()
        .try_for_each(|entry| fs.remove_dir_all(&dir.join(&entry.name)))
}

const PREFIX: &str = "chunk_snapshot.";
/// Ending of a folder that is being written.
pub(super) const UNFINISHED: &str = ".tmp";
