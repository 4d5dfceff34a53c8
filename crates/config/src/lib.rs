//! Every file a user writes, as data: as written, then effective.
//!
//! A file is read into a document whose nodes know their place, and from there into an effective
//! type: [`server::Config`] for `prometheus.yml`, with each [`server::ScrapeConfig`] complete,
//! [`discovery`] for what finds targets, [`http`] for how others are asked, [`rules::RuleFile`] for a
//! file of rules. Whatever is wrong is told as [`Problems`], all at once, each with file, line and
//! column.
//!
//! ```
//! let text = "
//! scrape_configs:
//!   - job_name: node
//!     static_configs:
//!       - targets: ['web:9100']
//! ";
//! let config = config::server::load(text, "prometheus.yml", |_| None).unwrap();
//! assert_eq!(config.scrape_configs[0].metrics_path, "/metrics");
//!
//! let problems = config::server::load("scrape_config: []\n", "prometheus.yml", |_| None).unwrap_err();
//! assert!(problems.to_string().contains("did you mean \"scrape_configs\"?"));
//! ```
//!
//! **Must not know:** the file system (it is given text), the environment, any component that runs.

pub mod discovery;
mod document;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;

mod problem;
mod relabel;
pub mod rule_tests;
pub mod rules;
mod secret;

pub mod server;
pub mod url;
pub mod web;

pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use url::Url;
