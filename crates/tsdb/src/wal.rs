//! The write-ahead log: segments of pages of records, in Prometheus' format.
//!
//! A commit is one buffered write; [`Wal::sync`] makes all commits before it durable and is called
//! every second by the owner. Damage is left behind page by page when reading and never stops the
//! start. Layout: `docs/formats/wal.md`.

pub(crate) mod checkpoint;
mod compression;
pub(crate) mod page;
pub(crate) mod reader;
pub mod record;
pub(crate) mod segment;
mod syncs;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exposition::instrument::Summary;
use host::clock::Clock;
use host::fs::{File, Fs};

pub use compression::Compression;
use syncs::{Syncs, Turn};
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
    /// How records are compressed.
    pub compression: Compression,
}

impl Default for WalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 128 << 20,
            compression: Compression::Snappy,
        }
    }
}

/// The log of a running database.
pub(crate) struct Wal {
    writer: Mutex<Writer>,
    syncs: Syncs,
    syncing: Syncing,
}

/// How long syncs take: by which clock, and who is told.
pub(crate) struct Syncing {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) seconds: Summary,
}

impl Syncing {
    fn sync(&self, file: &dyn File) -> io::Result<()> {
        let begun = self.clock.monotonic();
        let outcome = file.sync();
        let took = self.clock.monotonic().saturating_sub(begun);
        self.seconds.observe(took.as_secs_f64());
        outcome
    }
}

impl Wal {
    /// Begins a new segment behind the last one in `dir`.
    pub(crate) fn open(
        fs: Arc<dyn Fs>,
        dir: &Path,
        options: WalOptions,
        syncing: Syncing,
    ) -> Result<Self, WalError> {
        Ok(Self {
            writer: Mutex::new(Writer::open(fs, dir, options)?),
            syncs: Syncs::default(),
            syncing,
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything logged so far durable. Commits go on meanwhile. `on_loss` is called, before
    /// anything else can be logged, if that fails.
    pub(crate) fn sync(&self, on_loss: impl Fn()) -> Result<(), WalError> {
        let place = self.lock().logged();
        self.sync_to(place, on_loss)
    }

    /// Makes the batch at `place` durable, and those before. Many callers share one sync: who comes
    /// while one runs waits for the next, which covers all of them.
    pub(crate) fn sync_to(&self, place: u64, on_loss: impl Fn()) -> Result<(), WalError> {
        loop {
            match self.syncs.wait_for_turn(place) {
                Turn::Settled(outcome) => return outcome,
                Turn::Sync => {
                    let (place, outcome) = self.sync_once(&on_loss);
                    self.syncs.settle(place, outcome);
                }
            }
        }
    }

    /// One sync, and the place of the last batch that it decided on.
    fn sync_once(&self, on_loss: &impl Fn()) -> (u64, Result<(), WalError>) {
        let (place, unsynced, lost) = {
            let mut writer = self.lock();
            let lost = writer.take_lost();
            if lost.is_some() {
                on_loss();
            }
            (writer.logged(), writer.take_unsynced(), lost)
        };
        let outcome = match unsynced {
            None => Ok(()),
            Some((path, handle)) => self.syncing.sync(handle.as_ref()).map_err(|source| {
                // What a failed sync covered must be taken as lost; the next record begins afresh.
                let mut writer = self.lock();
                writer.abandon_segment(&path);
                on_loss();
                WalError { path, source }
            }),
        };
        (place, lost.map_or(outcome, Err))
    }
}
