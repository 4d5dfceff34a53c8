//! The head as it was when the process ended: series and their open chunks, so that the next start
//! reads no more of the log than what came behind it. What is in a snapshot the log has, too: one that
//! does not fit what else is there is left aside. Layout: `docs/formats/memory-snapshot.md`.

mod load;
mod older;
mod position;
mod record;
mod supplement;
mod write;

use crate::wal::WalError;

pub(super) use load::Loaded;
pub(crate) use position::{LogPosition, folded, remove, remove_left_overs};
pub(crate) use supplement::FileMark;
pub(crate) use write::Written;

/// Why a snapshot cannot be what a start goes by.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// The log, the files of chunks or the blocks have gone on without it, or are not the ones that
    /// it was made beside.
    #[error("it is out of date: {0}")]
    Outdated(&'static str),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error(transparent)]
    Unreadable(#[from] WalError),
}

impl Unfit {
    fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }
}
