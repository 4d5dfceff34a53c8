//! `scrape_configs`: the jobs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::label::NameValidationScheme;
use model::number::general;
use model::{RelabelRule, duration};

use super::global::read_name_schemes;
use super::{EscapingScheme, GlobalConfig, ScrapeLimits, ScrapeProtocol, join_path, protocol};
use crate::discovery::{self, ServiceDiscovery};
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter, keys};
use crate::http::{self, HttpClientConfig};
use crate::relabel::{read_rules, write_rules};

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
    /// How targets are asked: credentials, TLS, proxy, headers.
    pub http: HttpClientConfig,
    /// Where the targets come from.
    pub service_discovery: ServiceDiscovery,
    /// The file that the job stands in, if it is one of `scrape_config_files`; else empty.
    pub origin: String,
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
            metric_name_escaping_scheme: EscapingScheme::AllowUtf8,
            histograms: global.histograms,
            extra_scrape_metrics: global.extra_scrape_metrics,
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
            http: HttpClientConfig::default(),
            service_discovery: ServiceDiscovery::default(),
            origin: String::new(),
        }
    }

    /// Makes relative paths start at `folder`.
    pub(super) fn set_directory(&mut self, folder: &Path) {
        join_path(folder, &mut self.scrape_failure_log_file);
        self.http.set_directory(folder);
        self.service_discovery.set_directory(folder);
    }
}

// ---- reading ----

const SCHEMA: Schema = Schema {
    type_name: "config.ScrapeConfig",
    keys: keys!(
        &[
            "job_name",
            "honor_labels",
            "honor_timestamps",
            "track_timestamps_staleness",
            "params",
            "scrape_interval",
            "scrape_timeout",
            "scrape_protocols",
            "fallback_scrape_protocol",
            "scrape_native_histograms",
            "always_scrape_classic_histograms",
            "convert_classic_histograms_to_nhcb",
            "extra_scrape_metrics",
            "scrape_failure_log_file",
            "metrics_path",
            "scheme",
            "enable_compression",
            "body_size_limit",
            "sample_limit",
            "target_limit",
            "label_limit",
            "label_name_length_limit",
            "label_value_length_limit",
            "native_histogram_bucket_limit",
            "native_histogram_min_bucket_factor",
            "keep_dropped_targets",
            "metric_name_validation_scheme",
            "metric_name_escaping_scheme",
            "relabel_configs",
            "metric_relabel_configs",
        ],
        &http::KEYS,
        &discovery::KEYS,
    ),
};

/// Reads all jobs; names must differ, and be none of those that are `taken` by a file.
pub(super) fn read_all(
    reader: &Reader,
    items: &[Node],
    global: &GlobalConfig,
    taken: &[(String, String)],
) -> Vec<ScrapeConfig> {
    let mut jobs: Vec<ScrapeConfig> = Vec::with_capacity(items.len());
    for item in items {
        if item.value == Value::Null {
            reader.invalid(item.place, "empty or null scrape config section");
            continue;
        }
        let Some(section) = Section::open(reader, item, &SCHEMA) else {
            continue;
        };
        let job = read(&section, global);
        if job.job_name.is_empty() {
            section.invalid_if_scalar("job_name", "job_name is empty");
        } else if let Some((name, file)) = taken.iter().find(|(name, _)| *name == job.job_name) {
            reader.invalid(
                section.blame("job_name").place,
                format_args!(
                    "found multiple scrape configs with job name {name:?}, first found in {file}"
                ),
            );
        } else if jobs.iter().any(|earlier| earlier.job_name == job.job_name) {
            let name = &job.job_name;
            reader.invalid(
                section.blame("job_name").place,
                format_args!("found multiple scrape configs with job name {name:?}"),
            );
        }
        jobs.push(job);
    }
    jobs
}

fn read(section: &Section<'_>, global: &GlobalConfig) -> ScrapeConfig {
    let job_name = section.text("job_name").unwrap_or_default();
    let context = format!("for scrape config with job name {job_name:?}");
    let defaults = ScrapeConfig::named(job_name);
    let flag = |key: &str, default: bool| section.boolean(key).unwrap_or(default);
    let (scrape_interval, scrape_timeout) = read_times(section, global, &context);
    let (validation, escaping) = read_name_schemes(section, global);
    let histograms = HistogramOptions::read(section, global.histograms);
    let rules =
        |key: &str, what: &str| read_rules(section.reader, section.items(key), what, validation);
    ScrapeConfig {
        scrape_interval,
        scrape_timeout,
        scrape_protocols: read_protocols(section, global, &context, histograms),
        fallback_scrape_protocol: protocol::read_fallback(section, &context),
        scheme: read_scheme(section),
        metrics_path: section
            .text("metrics_path")
            .unwrap_or(defaults.metrics_path),
        params: read_params(section),
        honor_labels: flag("honor_labels", defaults.honor_labels),
        honor_timestamps: flag("honor_timestamps", defaults.honor_timestamps),
        track_timestamps_staleness: flag("track_timestamps_staleness", false),
        enable_compression: flag("enable_compression", defaults.enable_compression),
        scrape_failure_log_file: section
            .text("scrape_failure_log_file")
            .unwrap_or_else(|| global.scrape_failure_log_file.clone()),
        limits: ScrapeLimits::read(section).or_global(&global.limits),
        metric_name_validation_scheme: validation,
        metric_name_escaping_scheme: escaping,
        histograms,
        extra_scrape_metrics: flag("extra_scrape_metrics", global.extra_scrape_metrics),
        relabel_configs: rules("relabel_configs", "target relabeling rule in scrape config"),
        metric_relabel_configs: rules(
            "metric_relabel_configs",
            "metric relabeling rule in scrape config",
        ),
        http: http::read(section),
        service_discovery: discovery::read(section),
        origin: defaults.origin,
        job_name: defaults.job_name,
    }
}

/// Interval and timeout; a timeout that is not stated never exceeds the interval.
fn read_times(section: &Section<'_>, global: &GlobalConfig, context: &str) -> (Duration, Duration) {
    let interval = section.duration_above_zero("scrape_interval");
    let interval = interval.unwrap_or(global.scrape_interval);
    let Some(timeout) = section.duration_above_zero("scrape_timeout") else {
        return (interval, global.scrape_timeout.min(interval));
    };
    if timeout > interval {
        section.reader.invalid(
            section.blame("scrape_timeout").place,
            format_args!("scrape timeout greater than scrape interval {context}"),
        );
    }
    (interval, timeout)
}

/// The job's protocols, else the global ones, else what fits the wish for native histograms.
fn read_protocols(
    section: &Section<'_>,
    global: &GlobalConfig,
    context: &str,
    histograms: HistogramOptions,
) -> Vec<ScrapeProtocol> {
    match protocol::read_list(section, context) {
        Some(protocols) => protocols,
        None if !global.scrape_protocols.is_empty() => global.scrape_protocols.clone(),
        None if histograms.scrape_native_histograms => {
            ScrapeProtocol::DEFAULT_NATIVE_HISTOGRAMS.to_vec()
        }
        None => ScrapeProtocol::DEFAULT.to_vec(),
    }
}

/// Reads `scheme`.
pub(super) fn read_scheme(section: &Section<'_>) -> Scheme {
    let Some(node) = section.get("scheme") else {
        return Scheme::Http;
    };
    match section.reader.text(node).as_deref() {
        None | Some("" | "http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(other) => {
            let error = format_args!("invalid scheme {other:?}: must be http or https");
            section.reader.reject(node, error).unwrap_or_default()
        }
    }
}

fn read_params(section: &Section<'_>) -> BTreeMap<String, Vec<String>> {
    let Some(node) = section.get("params") else {
        return BTreeMap::new();
    };
    let entries = section.reader.mapping(node);
    entries
        .into_iter()
        .map(|(_, name, values)| (name, section.reader.texts(values)))
        .collect()
}

impl HistogramOptions {
    /// Reads the options that a section states, on top of `defaults`.
    pub(super) fn read(section: &Section<'_>, defaults: Self) -> Self {
        let flag = |key: &str, default: bool| section.boolean(key).unwrap_or(default);
        Self {
            scrape_native_histograms: flag(
                "scrape_native_histograms",
                defaults.scrape_native_histograms,
            ),
            convert_classic_histograms_to_nhcb: flag(
                "convert_classic_histograms_to_nhcb",
                defaults.convert_classic_histograms_to_nhcb,
            ),
            always_scrape_classic_histograms: flag(
                "always_scrape_classic_histograms",
                defaults.always_scrape_classic_histograms,
            ),
            native_histogram_bucket_limit: section
                .unsigned("native_histogram_bucket_limit")
                .unwrap_or(defaults.native_histogram_bucket_limit),
            native_histogram_min_bucket_factor: section
                .float("native_histogram_min_bucket_factor")
                .unwrap_or(defaults.native_histogram_min_bucket_factor),
        }
    }

    /// Writes the options of a job that a global section has too.
    fn write(&self, yaml: &mut YamlWriter) {
        yaml.bare("scrape_native_histograms", self.scrape_native_histograms);
        yaml.bare(
            "always_scrape_classic_histograms",
            self.always_scrape_classic_histograms,
        );
        yaml.bare(
            "convert_classic_histograms_to_nhcb",
            self.convert_classic_histograms_to_nhcb,
        );
    }

    /// Writes the options of the global section.
    pub(super) fn write_global(&self, yaml: &mut YamlWriter) {
        yaml.bare("scrape_native_histograms", self.scrape_native_histograms);
        if self.convert_classic_histograms_to_nhcb {
            yaml.bare("convert_classic_histograms_to_nhcb", true);
        }
        if self.always_scrape_classic_histograms {
            yaml.bare("always_scrape_classic_histograms", true);
        }
    }
}

// ---- writing ----

impl ScrapeConfig {
    /// The job as YAML, as it stands in the effective configuration.
    pub fn to_yaml(&self) -> String {
        let mut yaml = YamlWriter::default();
        write(&mut yaml, self);
        yaml.finish()
    }
}

/// Writes a job in upstream's order of keys.
pub(super) fn write(yaml: &mut YamlWriter, job: &ScrapeConfig) {
    yaml.entry("job_name", &job.job_name);
    if job.honor_labels {
        yaml.bare("honor_labels", true);
    }
    yaml.bare("honor_timestamps", job.honor_timestamps);
    yaml.bare("track_timestamps_staleness", job.track_timestamps_staleness);
    if !job.params.is_empty() {
        yaml.mapping("params", |yaml| {
            for (name, values) in &job.params {
                yaml.list(name, values.iter().map(String::as_str));
            }
        });
    }
    yaml.bare("scrape_interval", duration::format(job.scrape_interval));
    yaml.bare("scrape_timeout", duration::format(job.scrape_timeout));
    yaml.list(
        "scrape_protocols",
        job.scrape_protocols.iter().map(|p| p.as_str()),
    );
    if let Some(fallback) = job.fallback_scrape_protocol {
        yaml.entry("fallback_scrape_protocol", fallback.as_str());
    }
    job.histograms.write(yaml);
    if !job.scrape_failure_log_file.is_empty() {
        yaml.entry("scrape_failure_log_file", &job.scrape_failure_log_file);
    }
    yaml.stated("metrics_path", &job.metrics_path);
    yaml.entry("scheme", job.scheme.as_str());
    yaml.bare("enable_compression", job.enable_compression);
    job.limits.write(yaml);
    if job.histograms.native_histogram_bucket_limit > 0 {
        yaml.bare(
            "native_histogram_bucket_limit",
            job.histograms.native_histogram_bucket_limit,
        );
    }
    if job.histograms.native_histogram_min_bucket_factor > 0.0 {
        let factor = job.histograms.native_histogram_min_bucket_factor;
        yaml.bare("native_histogram_min_bucket_factor", general(factor));
    }
    job.limits.write_keep_dropped(yaml);
    yaml.entry(
        "metric_name_validation_scheme",
        job.metric_name_validation_scheme.as_str(),
    );
    yaml.entry(
        "metric_name_escaping_scheme",
        job.metric_name_escaping_scheme.as_str(),
    );
    yaml.bare("extra_scrape_metrics", job.extra_scrape_metrics);
    http::write(yaml, &job.http);
    write_rules(yaml, "relabel_configs", &job.relabel_configs);
    write_rules(yaml, "metric_relabel_configs", &job.metric_relabel_configs);
    discovery::write(yaml, &job.service_discovery);
}
