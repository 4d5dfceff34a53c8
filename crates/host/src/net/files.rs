//! Files that configurations name: read in Go's words, and noticed when they change.
#![allow(
    clippy::disallowed_methods,
    reason = "small files, read where they are used"
)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use config::http::Source;

use super::reason::io_reason;

/// What a source holds, `None` for none. `what` is put before the error: `unable to read CA cert`.
pub(super) fn read(source: &Source) -> Result<Option<Vec<u8>>, String> {
    match source {
        Source::None => Ok(None),
        Source::Inline(text) => Ok(Some(text.expose().as_bytes().to_vec())),
        Source::File(path) => read_file(path).map(Some),
        Source::Reference(_) => Err(NO_MANAGER.to_owned()),
    }
}

/// As [`read`], for a source of text; space around it is not part of it.
pub(super) fn read_text(source: &Source) -> Result<String, String> {
    let bytes = read(source)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

pub(super) fn read_file(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let reason = io_reason(&error);
        format!("unable to read file {path}: open {path}: {reason}")
    })
}

/// What tells that a file is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// The stamp of the file of a source, if it is one that is there.
    pub(super) fn of(source: &Source) -> Option<Self> {
        let Source::File(path) = source else {
            return None;
        };
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

pub(super) const NO_MANAGER: &str = "cannot use secret ref without manager";
