//! The time series database: head, log, blocks.
//!
//! [`Db`] keeps samples: [`Db::open`] replays what was there, commits go through the
//! [`storage`] seam, [`Db::sync`] makes them durable and [`Db::maintain`] moves them from memory
//! into blocks and deletes what is too old. [`Options`] say where and how much; [`Status`] is a
//! snapshot for people. On disk everything is byte for byte what Prometheus writes and reads
//! (`docs/formats/`).
//!
//! ```
//! use std::sync::Arc;
//!
//! use exposition::Registry;
//! use host::clock::SimulatedClock;
//! use host::fs::SimulatedFs;
//! use model::{Labels, Matcher, TimeRange};
//! use storage::{Append, Appendable, Queryable, SampleBuffer, Select};
//! use tsdb::{Db, Options};
//!
//! let disk = SimulatedFs::default();
//! let clock = Arc::new(SimulatedClock::at(0));
//! let db = Db::open(Options::new("/data"), Arc::new(disk), clock, &Registry::new()).unwrap();
//! let up = Labels::from_pairs([("__name__", "up")]);
//! let mut appender = db.appender();
//! appender.append(Append::new(&up, 1_000, 1.0)).unwrap();
//! appender.commit().unwrap();
//!
//! let querier = db.querier(TimeRange::ALL).unwrap();
//! let set = querier.select(&Select::new(vec![Matcher::equal("__name__", "up")], TimeRange::ALL)).unwrap();
//! let mut samples = SampleBuffer::default();
//! set.read(0, &mut samples).unwrap();
//! assert_eq!(samples.timestamps(), [1_000]);
//! ```
//!
//! How it hangs together: a commit writes one record of samples to the log (`wal`), then puts them
//! into rows of the head (`head`), each of which has one open chunk (`chunk`). Maintenance moves
//! finished chunks into files beside the log every minute, and every two hours writes the oldest range as a block (`block`, `index`), truncates the head and folds
//! the log into a checkpoint; blocks are merged to longer ones (`compaction`). A selection
//! (`querier`) resolves matchers to sorted lists of rows and block series, joins them by labels and
//! decodes whole chunks into columns. Tools read a directory without a lock (`read_only`,
//! [`inspect`]) and write blocks from elsewhere ([`import`]).
//!
//! **Must not know:** configuration files, PromQL, HTTP, async. Files and time come from `host`;
//! when to sync and to maintain is the owner's business.

pub mod block;
pub mod chunk;
pub(crate) mod compaction;
mod db;
mod exemplars;
mod head;
pub mod import;
mod index;
pub mod inspect;
mod lock;
mod metrics;
mod querier;
mod read_only;
mod retention;
pub mod status;
pub mod wal;
mod wire;

pub use db::{Db, Durability, MaintainError, OpenError, Options, SafeStart};
pub use read_only::{ReadOnly, ReadOnlyError};
pub use retention::Retention;
pub use status::{ReplayProgress, Status};
pub use wal::{Compression, WalError, WalOptions};
