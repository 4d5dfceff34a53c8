//! Every file a user writes, as data: as written, then effective.
//!
//! A file is read into a document whose nodes know their place, and from there into an effective
//! type: [`server::Config`] for `prometheus.yml`, with each [`server::ScrapeConfig`] complete, and
//! [`discovery`] for what finds targets. Whatever is wrong is told as [`Problems`], all at once,
//! each with file, line and column.
//!
//! ```
//! let job = config::server::ScrapeConfig::named("node");
//! assert_eq!(job.metrics_path, "/metrics");
//! ```
//!
//! **Must not know:** the file system (it is given text), the environment, any component that runs.

pub mod discovery;

mod problem;

pub mod server;

pub use problem::{Problem, ProblemKind, Problems};
