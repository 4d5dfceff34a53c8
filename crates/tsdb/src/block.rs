//! Blocks: two hours or more of samples on disk, never changed once written, in Prometheus' format.
//!
//! A block is written into a folder with a temporary name, made durable and then renamed. Reading
//! is by positional reads with every checksum looked at. Layout: `docs/formats/block.md`.

pub(crate) mod chunks;
pub(crate) mod meta;
mod reader;
pub(crate) mod sink;
pub(crate) mod tombstones;
pub(crate) mod writer;

use std::io;
use std::path::{Path, PathBuf};

pub use meta::{BlockCompaction, BlockMeta, BlockParent, BlockStats};
pub(crate) use reader::{Block, BlockSeries};

/// Why a block cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The file system refused. A later try may succeed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are not what they should be; trying again changes nothing.
    #[error("{path} is damaged: {reason}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The block is whole, but we do not read its kind.
    #[error("{path} is not supported: {reason}", path = path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not supported.
        reason: String,
    },
}

impl BlockError {
    /// A missing file is damage: a block has all of its files from its first moment on.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => Self::Damaged {
                path: path.to_owned(),
                reason: source.to_string(),
            },
            _ => Self::Io {
                path: path.to_owned(),
                source,
            },
        }
    }
}

impl From<BlockError> for storage::SelectError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Io { path, source } => Self::Io {
                path: path.display().to_string(),
                source,
            },
            BlockError::Damaged { path, reason } => Self::Damaged {
                path: path.display().to_string(),
                reason,
            },
            BlockError::Unsupported { path, reason } => Self::Damaged {
                path: path.display().to_string(),
                reason: format!("not supported: {reason}"),
            },
        }
    }
}
