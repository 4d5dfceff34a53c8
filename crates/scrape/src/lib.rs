//! Pools of loops that fetch, parse, relabel and append.
//!
//! A [`Manager`] follows the configuration and what discovery finds. Each job is a pool, each target
//! of it a loop: at its place in the interval it fetches a page over one kept connection, and hands
//! it to a thread that compares it with the last page, appends the samples and adds `up` and the
//! `scrape_*` series, all in one batch. A [`ManagerHandle`] tells how the targets stand
//! ([`ScrapeStatus`]) and what they say about their metrics ([`TargetMetadata`]).
//!
//! Whatever a target sends, the others and the stored data are not touched: pages, label sets and
//! compression have limits ([`limits`]), and each way to fail is a [`ScrapeError`] of its own.
//!
//! ```
//! use std::sync::Arc;
//! use config::server::ScrapeConfig;
//! use scrape::{Manager, ScrapeOptions};
//!
//! let options = ScrapeOptions {
//!     store: Arc::new(storage::memory::MemoryStore::default()),
//!     lanes: Arc::new(host::lanes::Lanes::new("ingest", 1).unwrap()),
//!     pool: Arc::new(host::pool::Pool::new("ingest", 1).unwrap()),
//!     clock: Arc::new(host::clock::RealClock::default()),
//!     fs: Arc::new(host::fs::RealFs),
//!     registry: exposition::Registry::new(),
//!     offset_seed: 0,
//!     limits: scrape::limits::DefaultLimits::default(),
//!     sends_metadata: false,
//!     adds_zeros: false,
//! };
//! let manager = Manager::new(options, vec![Arc::new(ScrapeConfig::named("node"))]);
//! let handle = manager.handle();
//! assert!(handle.status().active.is_empty());
//! // manager.run(target_groups, shutdown).await
//! ```
//!
//! **Must not know:** how targets are discovered, how samples are stored.

mod append;
mod cache;
mod discovered;
mod dry_run;
mod error;
mod failure_log;
mod fetch;
mod ingest;
mod instruments;
mod job;
pub mod limits;
mod manager;
mod metadata;
mod page_appender;
mod pool;
mod report;
mod run;
mod status;
mod target;
mod workspace;

pub use append::{Counts, PageError};
pub use discovered::{Discovered, Fate, PoolDiscovery};
pub use dry_run::{DryRun, FetchedPage, RawPage};
pub use error::ScrapeError;
pub use fetch::{ContentTypeError, FetchError};
pub use manager::{Manager, ManagerHandle, ScrapeOptions};
pub use metadata::TargetMetadata;
pub use page_appender::PageAppender;
pub use status::{
    DroppedTarget, Health, PoolStatus, ScrapeSize, ScrapeStatus, TargetId, TargetStatus,
};
pub use target::labels::{TargetError, check_group, relabel_group};
