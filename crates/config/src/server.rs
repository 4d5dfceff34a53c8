//! The server's configuration file, `prometheus.yml`.

mod global;
mod protocol;
mod scrape;
mod scrape_limits;
mod storage;

pub use global::GlobalConfig;
pub use protocol::{EscapingScheme, ScrapeProtocol};
pub use scrape::{HistogramOptions, Scheme, ScrapeConfig};
pub use scrape_limits::{Limit, ScrapeLimits};
pub use storage::{RetentionConfig, StorageConfig};

/// The whole file, effective: defaults applied, global settings handed down to each job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Settings of all jobs and of the server.
    pub global: GlobalConfig,
    /// The jobs, in the order of the file; names are unique.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// Settings of the store that win over the flags.
    pub storage: StorageConfig,
}
