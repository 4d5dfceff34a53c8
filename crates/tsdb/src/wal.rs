//! The write-ahead log: segments of pages of records, in Prometheus' format.
//!
//! A commit is one buffered write; [`Wal::sync`] makes all commits before it durable and is called
//! every second by the owner. Damage is left behind page by page when reading and never stops the
//! start. Layout: `docs/formats/wal.md`.

pub(crate) mod checkpoint;
pub(crate) mod page;
pub(crate) mod reader;
pub mod record;
pub(crate) mod segment;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::fs::{File, Fs};

pub(crate) use writer::Writer;

/// Reading or writing the log failed.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct WalError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl WalError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self {
            path: path.to_owned(),
            source,
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalOptions {
    /// Bytes of a segment, a multiple of 32 KiB; upstream's default is 128 MiB.
    pub segment_bytes: u64,
    /// Whether records are compressed with Snappy.
    pub compression: bool,
}

impl Default for WalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 128 << 20,
            compression: true,
        }
    }
}

/// The log of a running database.
#[derive(Debug)]
pub(crate) struct Wal {
    writer: Mutex<Writer>,
}

impl Wal {
    /// Begins a new segment behind the last one in `dir`.
    pub(crate) fn open(fs: Arc<dyn Fs>, dir: &Path, options: WalOptions) -> Result<Self, WalError> {
        Ok(Self {
            writer: Mutex::new(Writer::open(fs, dir, options)?),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything logged so far durable. Commits go on meanwhile.
    pub(crate) fn sync(&self) -> Result<(), WalError> {
        let Some((path, handle)) = self.lock().take_unsynced() else {
            return Ok(());
        };
        let outcome: io::Result<()> = File::sync(handle.as_ref());
        outcome.map_err(|source| {
            // What a failed sync covered must be taken as lost; the next record begins afresh.
            self.lock().abandon_segment(&path);
            WalError { path, source }
        })
    }
}
