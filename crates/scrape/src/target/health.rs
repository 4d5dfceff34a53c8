//! How a target did when it was last scraped.

use std::time::Duration;

/// What the last scrape says about a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Not scraped yet.
    #[default]
    Unknown,
    /// The last scrape brought samples.
    Up,
    /// The last scrape failed.
    Down,
}

impl Health {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How much a scrape brought; nothing if it failed before there was a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrapeSize {
    /// Samples of the page.
    pub samples: usize,
    /// Samples that metric relabeling left.
    pub samples_kept: usize,
    /// Bytes of the page after decompression.
    pub body_bytes: usize,
}

/// The last scrape of a target.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastScrape {
    pub(crate) health: Health,
    /// Why it failed; empty if it did not.
    pub(crate) error: String,
    /// What was left out of it; empty if nothing was.
    pub(crate) warning: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub(crate) started: Option<i64>,
    pub(crate) duration: Duration,
    pub(crate) size: ScrapeSize,
}
