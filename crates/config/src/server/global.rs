//! `global`: settings of the server, and the defaults of all jobs.

use std::time::Duration;

use model::Labels;
use model::label::NameValidationScheme;

use super::{EscapingScheme, HistogramOptions, ScrapeLimits, ScrapeProtocol};

/// The section `global`, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalConfig {
    /// How often to scrape: 1m.
    pub scrape_interval: Duration,
    /// How long a scrape may take: 10s, or the interval if that is shorter.
    pub scrape_timeout: Duration,
    /// Protocols to ask for, best first; empty if not stated, then each job has its own.
    pub scrape_protocols: Vec<ScrapeProtocol>,
    /// How often to evaluate rules: 1m.
    pub evaluation_interval: Duration,
    /// How far back rules look, so that late samples are there: 0s.
    pub rule_query_offset: Duration,
    /// Labels that every series and alert gets when it leaves this server.
    pub external_labels: Labels,
    /// File that queries are logged to; empty for none.
    pub query_log_file: String,
    /// File that failed scrapes are logged to; empty for none.
    pub scrape_failure_log_file: String,
    /// Limits of jobs that state none.
    pub limits: ScrapeLimits,
    /// Names that scraped metrics and labels may have.
    pub metric_name_validation_scheme: NameValidationScheme,
    /// How names outside the legacy scheme are asked for.
    pub metric_name_escaping_scheme: EscapingScheme,
    /// What becomes of histograms in jobs that do not say.
    pub histograms: HistogramOptions,
    /// Also record `scrape_timeout_seconds`, `scrape_sample_limit`, `scrape_body_size_bytes`.
    pub extra_scrape_metrics: bool,
}

impl Default for GlobalConfig {
    fn default() -> Self {
        Self {
            scrape_interval: Duration::from_secs(60),
            scrape_timeout: Duration::from_secs(10),
            scrape_protocols: Vec::new(),
            evaluation_interval: Duration::from_secs(60),
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            query_log_file: String::new(),
            scrape_failure_log_file: String::new(),
            limits: ScrapeLimits::default(),
            metric_name_validation_scheme: NameValidationScheme::Utf8,
            metric_name_escaping_scheme: EscapingScheme::AllowUtf8,
            histograms: HistogramOptions::default(),
            extra_scrape_metrics: false,
        }
    }
}
