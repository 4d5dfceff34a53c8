//! A database opened without a lock and without writing anything, for tools.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exposition::Registry;
use host::fs::Fs;
use model::TimeRange;
use storage::{Querier, Queryable, SelectError};

use crate::block::{Block, BlockError, BlockMeta};
use crate::db::{View, in_order_end};
use crate::head::{Head, Ways, out_of_order};
use crate::metrics::HeadMetrics;
use crate::querier::DbQuerier;
use crate::status::ReplayProgress;
use crate::wal::WalError;

/// Blocks and log of a directory that another process may be working in.
pub struct ReadOnly {
    pub(crate) head: Head,
    pub(crate) view: Arc<View>,
    damaged: Vec<BlockError>,
}

/// Why a directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadOnlyError {
    /// The directory itself.
    #[error("opening the db dir: {path}", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A block.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The log.
    #[error("read WAL: {0}")]
    Wal(#[from] WalError),
}

impl ReadOnly {
    /// Opens the blocks in `dir`. Those that are damaged are left out and told by
    /// [`damaged`](Self::damaged).
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn open(fs: &dyn Fs, dir: &Path) -> Result<Self, ReadOnlyError> {
        let mut blocks = Vec::new();
        let mut damaged = Vec::new();
        for path in block_dirs(fs, dir)? {
            match Block::open(fs, &path) {
                Ok(block) => blocks.push(Arc::new(block)),
                Err(error) => damaged.push(error),
            }
        }
        blocks.sort_by_key(|block| (block.meta().min_time, block.meta().max_time));
        let holes = Vec::new();
        Ok(Self {
            head: Head::new(HEAD_RANGE, 0, HeadMetrics::new(&Registry::new())),
            view: Arc::new(View { blocks, holes }),
            damaged,
        })
    }

    /// Reads the log as well, if there is one.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn with_log(self, fs: &dyn Fs, dir: &Path) -> Result<Self, ReadOnlyError> {
        if let Some(end) = in_order_end(&self.view.blocks) {
            self.head.raise_min_valid_time(end);
        }
        let mut deleted = Vec::new();
        // The log has everything, and whoever looks closely wants it from there.
        let ways = Ways {
            repairs: false,
            by_snapshot: false,
            share: None,
        };
        let folder = dir.join("wal");
        if fs.metadata(&folder).is_ok() {
            let replay = self
                .head
                .replay(fs, &folder, ways, &ReplayProgress::default())?;
            deleted = replay.tombstones;
        }
        let folder = dir.join(out_of_order::FOLDER);
        self.head
            .replay_out_of_order(fs, &folder, false, &deleted)?;
        Ok(self)
    }

    /// Blocks that cannot be read, and why.
    pub fn damaged(&self) -> &[BlockError] {
        &self.damaged
    }

    /// What each block says about itself with the bytes that it takes, oldest first.
    pub fn blocks(&self) -> impl Iterator<Item = (&BlockMeta, u64)> {
        let blocks = self.view.blocks.iter();
        blocks.map(|block| (block.meta(), block.bytes()))
    }

    pub(crate) fn block(&self, ulid: Option<&str>) -> Option<&Block> {
        let mut blocks = self.view.blocks.iter();
        match ulid {
            Some(ulid) => blocks.find(|block| block.meta().ulid == ulid),
            None => blocks.next_back(),
        }
        .map(|block| &**block)
    }
}

impl Queryable for ReadOnly {
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier + '_>, SelectError> {
        let view = Arc::clone(&self.view);
        Ok(Box::new(DbQuerier::new(&self.head, view, range)))
    }
}

/// Folders of blocks in `dir`, by name.
pub(crate) fn block_dirs(fs: &dyn Fs, dir: &Path) -> Result<Vec<PathBuf>, ReadOnlyError> {
    let entries = fs
        .read_dir(dir)
        .map_err(|source| ReadOnlyError::Directory {
            path: dir.to_owned(),
            source,
        })?;
    let is_block = |name: &str| ulid::Ulid::from_string(name).is_ok();
    let blocks = entries
        .iter()
        .filter(|entry| entry.is_dir && is_block(&entry.name));
    let mut dirs: Vec<PathBuf> = blocks.map(|entry| dir.join(&entry.name)).collect();
    dirs.sort_unstable();
    Ok(dirs)
}

/// Chunks in memory do not cross multiples of two hours.
const HEAD_RANGE: i64 = 2 * 3_600_000;
