//! `global`: settings of the server, and the defaults of all jobs.

use std::time::Duration;

use model::label::NameValidationScheme;
use model::{Labels, duration};

use super::expand::expand;
use super::{EscapingScheme, HistogramOptions, ScrapeLimits, ScrapeProtocol, protocol};
use crate::discovery::read_labels;
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

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
    /// Names of external labels without a value, which are shown only.
    pub empty_external_labels: Vec<String>,
    /// File that queries are logged to; empty for none.
    pub query_log_file: String,
    /// File that failed scrapes are logged to; empty for none.
    pub scrape_failure_log_file: String,
    /// Limits of jobs that state none.
    pub limits: ScrapeLimits,
    /// Names that scraped metrics and labels may have.
    pub metric_name_validation_scheme: NameValidationScheme,
    /// How names outside the legacy scheme are asked for; if not stated, as fits the names that are
    /// taken.
    pub metric_name_escaping_scheme: Option<EscapingScheme>,
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
            empty_external_labels: Vec::new(),
            query_log_file: String::new(),
            scrape_failure_log_file: String::new(),
            limits: ScrapeLimits::default(),
            metric_name_validation_scheme: NameValidationScheme::Utf8,
            metric_name_escaping_scheme: Some(EscapingScheme::AllowUtf8),
            histograms: HistogramOptions::default(),
            extra_scrape_metrics: false,
        }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "scrape_interval",
        "scrape_timeout",
        "scrape_protocols",
        "evaluation_interval",
        "rule_query_offset",
        "external_labels",
        "query_log_file",
        "scrape_failure_log_file",
        "body_size_limit",
        "sample_limit",
        "target_limit",
        "label_limit",
        "label_name_length_limit",
        "label_value_length_limit",
        "keep_dropped_targets",
        "metric_name_validation_scheme",
        "metric_name_escaping_scheme",
        "scrape_native_histograms",
        "convert_classic_histograms_to_nhcb",
        "always_scrape_classic_histograms",
        "extra_scrape_metrics",
    ],
};

/// Reads the section.
pub(super) fn read(
    reader: &Reader,
    node: &Node,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<GlobalConfig> {
    if node.value == Value::Null {
        return None;
    }
    let section = Section::open(reader, node, &SCHEMA)?;
    let defaults = GlobalConfig::default();
    let (scrape_interval, scrape_timeout) = read_times(&section, &defaults);
    let external_labels = read_external_labels(&section, environment);
    Some(GlobalConfig {
        scrape_interval,
        scrape_timeout,
        scrape_protocols: protocol::read_list(&section, "for global config").unwrap_or_default(),
        evaluation_interval: section
            .duration_above_zero("evaluation_interval")
            .unwrap_or(defaults.evaluation_interval),
        rule_query_offset: section.duration("rule_query_offset").unwrap_or_default(),
        empty_external_labels: empty_names(&section, &external_labels),
        external_labels,
        query_log_file: section.text("query_log_file").unwrap_or_default(),
        scrape_failure_log_file: section.text("scrape_failure_log_file").unwrap_or_default(),
        limits: ScrapeLimits::read(&section),
        metric_name_validation_scheme: read_validation_scheme(&section).unwrap_or_default(),
        metric_name_escaping_scheme: read_escaping_scheme(&section, "global"),
        histograms: HistogramOptions::read(&section, HistogramOptions::default()),
        extra_scrape_metrics: section.boolean("extra_scrape_metrics").unwrap_or_default(),
    })
}

/// Interval and timeout; a timeout that is not stated never exceeds the interval.
fn read_times(section: &Section<'_>, defaults: &GlobalConfig) -> (Duration, Duration) {
    let interval = section.duration_above_zero("scrape_interval");
    let interval = interval.unwrap_or(defaults.scrape_interval);
    let Some(timeout) = section.duration_above_zero("scrape_timeout") else {
        return (interval, defaults.scrape_timeout.min(interval));
    };
    if timeout > interval {
        let place = section.blame("scrape_timeout").place;
        section
            .reader
            .invalid(place, "global scrape timeout greater than scrape interval");
    }
    (interval, timeout)
}

fn read_external_labels(
    section: &Section<'_>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Labels {
    let Some(node) = section.get("external_labels") else {
        return Labels::empty();
    };
    let labels = read_labels(section.reader, node);
    Labels::from_pairs(
        labels
            .iter()
            .map(|(name, value)| (name, expand(value, environment))),
    )
}

/// Names that are stated and have no value, once variables are replaced.
fn empty_names(section: &Section<'_>, labels: &Labels) -> Vec<String> {
    let Some(Value::Mapping(entries)) = section.get("external_labels").map(|node| &node.value)
    else {
        return Vec::new();
    };
    let names = entries.iter().filter_map(|(key, _)| match &key.value {
        Value::Typed(name) | Value::Text(name) => Some(name.clone()),
        _ => None,
    });
    names.filter(|name| labels.get(name).is_none()).collect()
}

/// Reads how a job wants names checked and escaped. What is not stated comes from the global
/// settings; but one that states what names it takes is not bound by how they are escaped there.
pub(super) fn read_name_schemes(
    section: &Section<'_>,
    global: &GlobalConfig,
) -> (NameValidationScheme, EscapingScheme) {
    let fitting = |validation| match validation {
        NameValidationScheme::Utf8 => EscapingScheme::AllowUtf8,
        NameValidationScheme::Legacy => EscapingScheme::Underscores,
    };
    let stated = read_validation_scheme(section);
    let validation = stated.unwrap_or(global.metric_name_validation_scheme);
    let inherited = match stated {
        Some(_) => None,
        None => global.metric_name_escaping_scheme,
    };
    let escaping = read_escaping_scheme(section, "scrape config")
        .or(inherited)
        .unwrap_or_else(|| fitting(validation));
    if validation == NameValidationScheme::Legacy && escaping == EscapingScheme::AllowUtf8 {
        section.reader.invalid(
            section.blame("metric_name_escaping_scheme").place,
            "utf8 metric names requested but validation scheme is not set to UTF8",
        );
    }
    (validation, escaping)
}

fn read_validation_scheme(section: &Section<'_>) -> Option<NameValidationScheme> {
    let node = section.get("metric_name_validation_scheme")?;
    let name = section.reader.text(node)?;
    let schemes = [NameValidationScheme::Utf8, NameValidationScheme::Legacy];
    match schemes.into_iter().find(|scheme| scheme.as_str() == name) {
        None if name.is_empty() => None,
        None => section.reader.reject(
            node,
            format_args!("unrecognized ValidationScheme: {name:?}"),
        ),
        found => found,
    }
}

fn read_escaping_scheme(section: &Section<'_>, what: &str) -> Option<EscapingScheme> {
    let node = section.get("metric_name_escaping_scheme")?;
    let name = section.reader.text(node)?;
    match EscapingScheme::from_name(&name) {
        None if name.is_empty() => None,
        None => section.reader.reject(
            node,
            format_args!(
                "unknown {what} name escaping method specified, must be one of \
                     'allow-utf-8', 'underscores', 'dots', or 'values', got {name:?}"
            ),
        ),
        found => found,
    }
}

/// Writes the section in upstream's order.
pub(super) fn write(yaml: &mut YamlWriter, global: &GlobalConfig) {
    yaml.bare("scrape_interval", duration::format(global.scrape_interval));
    yaml.bare("scrape_timeout", duration::format(global.scrape_timeout));
    if !global.scrape_protocols.is_empty() {
        yaml.list(
            "scrape_protocols",
            global.scrape_protocols.iter().map(|p| p.as_str()),
        );
    }
    yaml.bare(
        "evaluation_interval",
        duration::format(global.evaluation_interval),
    );
    if !global.rule_query_offset.is_zero() {
        yaml.bare(
            "rule_query_offset",
            duration::format(global.rule_query_offset),
        );
    }
    yaml.stated("query_log_file", &global.query_log_file);
    yaml.stated("scrape_failure_log_file", &global.scrape_failure_log_file);
    write_external_labels(yaml, global);
    global.limits.write(yaml);
    global.limits.write_keep_dropped(yaml);
    yaml.entry(
        "metric_name_validation_scheme",
        global.metric_name_validation_scheme.as_str(),
    );
    if let Some(escaping) = global.metric_name_escaping_scheme {
        yaml.entry("metric_name_escaping_scheme", escaping.as_str());
    }
    global.histograms.write_global(yaml);
    yaml.bare("extra_scrape_metrics", global.extra_scrape_metrics);
}

fn write_external_labels(yaml: &mut YamlWriter, global: &GlobalConfig) {
    let empty = global.empty_external_labels.iter();
    let mut labels: Vec<(&str, &str)> = empty.map(|name| (name.as_str(), "")).collect();
    labels.extend(&global.external_labels);
    labels.sort_unstable();
    if labels.is_empty() {
        return;
    }
    yaml.mapping("external_labels", |yaml| {
        for (name, value) in labels {
            yaml.entry(name, value);
        }
    });
}
