//! How scraping stands: what `/api/v1/targets` shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use config::server::ScrapeConfig;
use model::Labels;

pub use crate::target::TargetId;
pub use crate::target::health::{Health, ScrapeSize};

/// All targets of all jobs.
#[derive(Clone, Debug, Default)]
pub struct ScrapeStatus {
    /// Targets that are scraped, by job, then in the order of their addresses.
    pub active: Vec<TargetStatus>,
    /// Targets that relabeling dropped, as many as are kept.
    pub dropped: Vec<DroppedTarget>,
    /// Number of dropped targets by job.
    pub dropped_counts: BTreeMap<String, usize>,
}

/// One target that is scraped.
#[derive(Clone, Debug)]
pub struct TargetStatus {
    /// Tells it from the others of its job.
    pub id: TargetId,
    /// Labels before relabeling.
    pub discovered_labels: Labels,
    /// Labels that its series get.
    pub labels: Labels,
    /// Name of the job.
    pub scrape_pool: String,
    /// Where it is scraped.
    pub scrape_url: String,
    /// Why the last scrape failed; empty if it did not.
    pub last_error: String,
    /// What was left out of the last scrape for want of room; empty if nothing was.
    pub last_warning: String,
    /// When the last scrape began, in milliseconds since the Unix epoch.
    pub last_scrape: Option<i64>,
    /// How long it took.
    pub last_scrape_duration: Duration,
    /// How much it brought.
    pub last_size: ScrapeSize,
    /// Whether it brought samples.
    pub health: Health,
    /// How often it is scraped.
    pub scrape_interval: Duration,
    /// How long a scrape may take.
    pub scrape_timeout: Duration,
}

/// One target that relabeling dropped.
#[derive(Clone, Debug)]
pub struct DroppedTarget {
    /// Labels before relabeling.
    pub discovered_labels: Labels,
    /// Name of the job.
    pub scrape_pool: String,
}

/// One job as a whole.
#[derive(Clone, Debug)]
pub struct PoolStatus {
    /// Its settings.
    pub config: Arc<ScrapeConfig>,
    /// Number of its targets.
    pub targets: usize,
    /// Number of label sets that relabeling dropped.
    pub dropped: usize,
    /// Bytes that a page may have; the largest number for any.
    pub body_size_limit: usize,
    /// Samples that a page may have; the largest number for any.
    pub sample_limit: usize,
}
