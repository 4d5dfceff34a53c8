//! Segments: the numbered files of a log, and the checkpoints beside them.

use std::io;
use std::path::{Path, PathBuf};

use host::fs::Fs;

use super::WalError;

/// Numbers of the segments in a folder, rising. A folder that is not there has none.
pub(crate) fn list_segments(fs: &dyn Fs, dir: &Path) -> Result<Vec<u32>, WalError> {
    let entries = entries(fs, dir)?;
    let mut numbers: Vec<u32> = entries
        .into_iter()
        .filter(|(_, is_dir)| !is_dir)
        .filter_map(|(n, _)| number(&n))
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Numbers of the checkpoints in a folder, rising: each stands for all segments up to its number.
pub(crate) fn list_checkpoints(fs: &dyn Fs, dir: &Path) -> Result<Vec<u32>, WalError> {
    let entries = entries(fs, dir)?;
    let mut numbers: Vec<u32> = entries
        .into_iter()
        .filter(|(_, is_dir)| *is_dir)
        .filter_map(|(name, _)| number(name.strip_prefix(CHECKPOINT_PREFIX)?))
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the last of these segments durable: whoever wrote it may have ended before it was.
pub(crate) fn sync_last(fs: &dyn Fs, dir: &Path, segments: &[u32]) -> Result<(), WalError> {
    let Some(&number) = segments.last() else {
        return Ok(());
    };
    let path = segment_path(dir, number);
    let synced = fs.open(&path).and_then(|file| file.sync());
    synced.map_err(WalError::at(&path))
}

fn entries(fs: &dyn Fs, dir: &Path) -> Result<Vec<(String, bool)>, WalError> {
    match fs.read_dir(dir) {
        Ok(entries) => Ok(entries
            .into_iter()
            .map(|entry| (entry.name, entry.is_dir))
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(WalError {
            path: dir.to_owned(),
            source,
        }),
    }
}

fn number(name: &str) -> Option<u32> {
    name.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| name.parse().ok())
        .flatten()
}

/// Path of a segment.
pub(crate) fn segment_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}"))
}

/// Path of a checkpoint.
pub(crate) fn checkpoint_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{CHECKPOINT_PREFIX}{number:08}"))
}

const CHECKPOINT_PREFIX: &str = "checkpoint.";
