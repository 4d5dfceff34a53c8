//! A start that does not need the memory which the log takes: after processes have died over it, the
//! log becomes blocks, some of its series at a time, and is put aside.
//!
//! The blocks bear the hint of samples out of order, so that they never stand for all there is of
//! their times: should the process end before the log is aside, the next one makes them again, and
//! merging finds that they are the same.

use std::io;
use std::path::{Path, PathBuf};

use exposition::Registry;
use host::clock::Clock;
use host::fs::Fs;

use super::maintain::ulid_at;
use crate::block::{BlockError, BlockMeta, writer};
use crate::head::chunk_files::CHUNKS_DIR;
use crate::head::filed::HeadReadError;
use crate::head::out_of_order::FOLDER;
use crate::head::{Head, Share, Ways, snapshot};
use crate::metrics::HeadMetrics;
use crate::status::ReplayProgress;
use crate::wal::WalError;
use crate::wal::reader::read_segment;
use crate::wal::record::{RecordKind, decode_series};
use crate::wal::segment::{checkpoint_path, list_checkpoints, list_segments, segment_path};

/// What a safe start has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeStart {
    /// How many blocks there are now.
    pub blocks: usize,
    /// Where the log is, if there was any.
    pub folder: PathBuf,
    /// When that was, in milliseconds since the Unix epoch.
    pub time: i64,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SafeModeError {
    #[error(transparent)]
    Log(#[from] WalError),
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// What is rescued from where.
pub(super) struct Rescue<'a> {
    pub(super) fs: &'a dyn Fs,
    pub(super) clock: &'a dyn Clock,
    pub(super) dir: &'a Path,
    pub(super) block_range: i64,
    /// Blocks have what came in order before this time.
    pub(super) settled: Option<i64>,
    /// Bytes of series and samples at a time.
    pub(super) room: u64,
}

impl Rescue<'_> {
    /// Makes blocks of the logs and puts them aside.
    pub(super) fn run(&self) -> Result<SafeStart, SafeModeError> {
        let unfinished = self.dir.join(UNFINISHED);
        self.remove(&unfinished)?;
        let shares = self.census()?.div_ceil(self.room.max(1)).max(1);
        tracing::warn!(
            shares,
            "processes have died over the log: it becomes blocks, a share of its series at a time"
        );
        let mut metas = Vec::new();
        for number in 0..shares {
            let share = Share { number, of: shares };
            metas.extend(self.rescue(share, &unfinished)?);
            // The next one is not to come on top of this one.
            host::allocator::return_free_pages();
            tracing::info!(
                share = number + 1,
                of = shares,
                "share of the log in blocks"
            );
        }
        for meta in &metas {
            let target = self.dir.join(&meta.ulid);
            let moved = self.fs.rename(&unfinished.join(&meta.ulid), &target);
            moved.map_err(WalError::at(&target))?;
        }
        self.fs.sync_dir(self.dir).map_err(WalError::at(self.dir))?;
        self.remove(&unfinished)?;
        let time = self.clock.now_millis();
        let folder = self.put_aside(time)?;
        tracing::warn!(
            blocks = metas.len(),
            folder = %folder.display(),
            "the log is in blocks, and aside"
        );
        Ok(SafeStart {
            blocks: metas.len(),
            folder,
            time,
        })
    }

    fn remove(&self, folder: &Path) -> Result<(), WalError> {
        match self.fs.remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(WalError::at(folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// About how much memory series and samples of both logs take.
    fn census(&self) -> Result<u64, WalError> {
        let wal = self.dir.join("wal");
        let mut folders = vec![wal.clone(), self.dir.join(FOLDER)];
        let checkpoints = list_checkpoints(self.fs, &wal)?.into_iter();
        folders.extend(checkpoints.map(|number| checkpoint_path(&wal, number)));
        // One that stands in a record twice counts twice: shares are smaller then.
        let (mut bytes, mut series) = (0, 0);
        for folder in &folders {
            for number in list_segments(self.fs, folder)? {
                let path = segment_path(folder, number);
                read_segment(self.fs, &path, &mut |record| match RecordKind::of(record) {
                    Some(RecordKind::Series) => {
                        bytes += record.len() as u64;
                        // What is damaged is passed over by whoever reads it next, too.
                        let _ = decode_series(record, |_, _| series += 1);
                    }
                    _ => bytes += record.len() as u64,
                })?;
            }
        }
        Ok(bytes + series * SERIES_BYTES)
    }

    /// Writes blocks of a share of the series below `to`.
    fn rescue(&self, share: Share, to: &Path) -> Result<Vec<BlockMeta>, SafeModeError> {
        let (fs, dir) = (self.fs, self.dir);
        let head = Head::new(self.block_range, 0, HeadMetrics::new(&Registry::new()));
        if let Some(settled) = self.settled {
            head.begin_at(settled);
        }
        let ways = Ways {
            repairs: false,
            by_snapshot: false,
            share: Some(share),
        };
        let progress = ReplayProgress::default();
        let replay = head.replay(fs, &dir.join("wal"), ways, &progress)?;
        head.replay_out_of_order(fs, &dir.join(FOLDER), false, &replay.tombstones)?;
        drop(replay);
        let mut metas = Vec::new();
        let starts = head.starts(self.block_range).map_err(BlockError::from)?;
        for start in starts {
            fs.create_dir_durably(to).map_err(WalError::at(to))?;
            let range = (start, start.saturating_add(self.block_range));
            let ulid = ulid_at(self.clock.now_millis());
            metas.extend(writer::write_rescued_block(fs, to, &head, range, ulid)?);
        }
        Ok(metas)
    }

    /// Moves the logs, and what is nothing without them, out of the way. What is moved when the
    /// process ends meanwhile is in blocks.
    fn put_aside(&self, time: i64) -> Result<PathBuf, WalError> {
        let folder = self.dir.join(super::open::QUARANTINE);
        let folder = folder.join(format!("log-{time}"));
        self.fs
            .create_dir_durably(&folder)
            .map_err(WalError::at(&folder))?;
        snapshot::remove(self.fs, self.dir, |_| true);
        // Without the log, which names series, the others mean nothing: it goes last.
        for name in [CHUNKS_DIR, FOLDER, "wal"] {
            let (from, to) = (self.dir.join(name), folder.join(name));
            match self.fs.rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WalError::at(&from)(error));
                }
                _ => {}
            }
        }
        for changed in [&folder, self.dir] {
            let synced = self.fs.sync_dir(changed);
            synced.map_err(WalError::at(changed))?;
        }
        Ok(folder)
    }
}

impl From<HeadReadError> for SafeModeError {
    fn from(error: HeadReadError) -> Self {
        Self::Block(error.into())
    }
}

/// Where blocks are until all of them are there.
pub(super) const UNFINISHED: &str = "safe_mode.tmp";
/// What a series takes beside its samples: row, labels, postings, an open chunk with room to grow.
const SERIES_BYTES: u64 = 1_536;
