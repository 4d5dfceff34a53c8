//! `scrape_configs`: the jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use model::RelabelRule;
use model::label::NameValidationScheme;

use super::{EscapingScheme, ScrapeLimits, ScrapeProtocol};
use crate::discovery::ServiceDiscovery;

/// One job, effective.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeConfig {
    /// Name of the job, unique in the file; the value of the label `job`.
    pub job_name: String,
    /// How often to scrape.
    pub scrape_interval: Duration,
    /// How long a scrape may take; never more than the interval.
    pub scrape_timeout: Duration,
    /// Protocols to ask for, best first; never empty.
    pub scrape_protocols: Vec<ScrapeProtocol>,
    /// Protocol to assume when a target's `Content-Type` is missing or unknown; without one such a
    /// scrape fails.
    pub fallback_scrape_protocol: Option<ScrapeProtocol>,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Path to fetch: `/metrics`.
    pub metrics_path: String,
    /// URL parameters to send.
    pub params: BTreeMap<String, Vec<String>>,
    /// Scraped labels win over target labels of the same name.
    pub honor_labels: bool,
    /// Timestamps of the page are used.
    pub honor_timestamps: bool,
    /// Series with timestamps of their own get staleness markers too.
    pub track_timestamps_staleness: bool,
    /// Ask for compressed pages.
    pub enable_compression: bool,
    /// File that failed scrapes are logged to; empty for none.
    pub scrape_failure_log_file: String,
    /// What a scrape may bring.
    pub limits: ScrapeLimits,
    /// Names that scraped metrics and labels may have.
    pub metric_name_validation_scheme: NameValidationScheme,
    /// How names outside the legacy scheme are asked for.
    pub metric_name_escaping_scheme: EscapingScheme,
    /// What becomes of histograms.
    pub histograms: HistogramOptions,
    /// Also record `scrape_timeout_seconds`, `scrape_sample_limit`, `scrape_body_size_bytes`.
    pub extra_scrape_metrics: bool,
    /// Rules over discovered labels, before the scrape.
    pub relabel_configs: Vec<RelabelRule>,
    /// Rules over scraped labels, before samples are stored.
    pub metric_relabel_configs: Vec<RelabelRule>,
    /// Where the targets come from.
    pub service_discovery: ServiceDiscovery,
}

/// How to reach a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme as a URL has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What becomes of histograms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistogramOptions {
    /// Ask for and keep native histograms.
    pub scrape_native_histograms: bool,
    /// Turn classic histograms into native ones with custom buckets.
    pub convert_classic_histograms_to_nhcb: bool,
    /// Keep classic series where there is a native histogram too.
    pub always_scrape_classic_histograms: bool,
    /// Most buckets of a native histogram before its resolution is reduced; 0 for no limit.
    pub native_histogram_bucket_limit: u64,
    /// Smallest growth factor from bucket to bucket; 0 for none.
    pub native_histogram_min_bucket_factor: f64,
}

impl ScrapeConfig {
    /// The job of this name with all defaults and no targets.
    pub fn named(job_name: impl Into<String>) -> Self {
        let global = super::GlobalConfig::default();
        Self {
            job_name: job_name.into(),
            scrape_interval: global.scrape_interval,
            scrape_timeout: global.scrape_timeout,
            scrape_protocols: ScrapeProtocol::DEFAULT.to_vec(),
            fallback_scrape_protocol: None,
            scheme: Scheme::Http,
            metrics_path: "/metrics".to_owned(),
            params: BTreeMap::new(),
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            enable_compression: true,
            scrape_failure_log_file: String::new(),
            limits: global.limits,
            metric_name_validation_scheme: global.metric_name_validation_scheme,
            metric_name_escaping_scheme: global.metric_name_escaping_scheme,
            histograms: global.histograms,
            extra_scrape_metrics: global.extra_scrape_metrics,
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
            service_discovery: ServiceDiscovery::default(),
        }
    }
}
