//! Why a scrape failed: what `lastError` of a target shows.

use host::pool::Panicked;

use crate::append::PageError;
use crate::fetch::{ContentTypeError, FetchError};

/// A scrape failed. The next one may succeed; other targets are not touched.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    /// No page came, or not in time.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The page's format is not known.
    #[error(transparent)]
    ContentType(#[from] ContentTypeError),
    /// The page is refused.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The job has too many targets.
    #[error("{0}")]
    Forced(String),
    /// A fault of ours.
    #[error(transparent)]
    Internal(#[from] Panicked),
}
