//! The exposition protocols that a job asks for, and how it wants unusual names escaped.

use std::fmt;

use crate::document::{Section, Value};

/// A protocol in which a target can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScrapeProtocol {
    /// Protobuf, length-delimited metric families.
    PrometheusProto,
    /// Prometheus text 0.0.4.
    PrometheusText004,
    /// Prometheus text 1.0.0, with quoted names.
    PrometheusText100,
    /// OpenMetrics text 0.0.1.
    OpenMetricsText001,
    /// OpenMetrics text 1.0.0.
    OpenMetricsText100,
}

impl ScrapeProtocol {
    /// All protocols, sorted by name as upstream's messages list them.
    pub const ALL: [Self; 5] = [
        Self::OpenMetricsText001,
        Self::OpenMetricsText100,
        Self::PrometheusProto,
        Self::PrometheusText004,
        Self::PrometheusText100,
    ];

    /// What a job asks for unless stated, best first.
    pub const DEFAULT: [Self; 4] = [
        Self::OpenMetricsText100,
        Self::OpenMetricsText001,
        Self::PrometheusText100,
        Self::PrometheusText004,
    ];

    /// What a job asks for unless stated when it wants native histograms.
    pub const DEFAULT_NATIVE_HISTOGRAMS: [Self; 5] = [
        Self::PrometheusProto,
        Self::OpenMetricsText100,
        Self::OpenMetricsText001,
        Self::PrometheusText100,
        Self::PrometheusText004,
    ];

    /// The protocol as a configuration names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrometheusProto => "PrometheusProto",
            Self::PrometheusText004 => "PrometheusText0.0.4",
            Self::PrometheusText100 => "PrometheusText1.0.0",
            Self::OpenMetricsText001 => "OpenMetricsText0.0.1",
            Self::OpenMetricsText100 => "OpenMetricsText1.0.0",
        }
    }

    /// The protocol with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == name)
    }
}

impl fmt::Display for ScrapeProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a target shall write names outside the legacy scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EscapingScheme {
    /// As they are, quoted.
    #[default]
    AllowUtf8,
    /// Each other character as an underscore.
    Underscores,
    /// Dots as `_dot_`, underscores doubled.
    Dots,
    /// `U__` and code points.
    Values,
}

impl EscapingScheme {
    /// All schemes.
    pub const ALL: [Self; 4] = [Self::AllowUtf8, Self::Underscores, Self::Dots, Self::Values];

    /// The scheme as a configuration and the `Accept` header name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }

    /// The scheme with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }
}

// ---- reading ----

/// Reads `scrape_protocols`, if stated; `context` ends the messages.
pub(super) fn read_list(section: &Section<'_>, context: &str) -> Option<Vec<ScrapeProtocol>> {
    let node = section.get("scrape_protocols")?;
    let reader = section.reader;
    if node.value == Value::Null {
        return None;
    }
    let names = section.texts("scrape_protocols");
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        let error = format_args!("scrape_protocols cannot be empty {context}");
        return reader.reject(node, error);
    }
    let mut protocols = Vec::with_capacity(names.len());
    for name in &names {
        match ScrapeProtocol::from_name(name) {
            None => {
                let place = node.find_text(name).unwrap_or(node).place;
                let unknown = unknown(name);
                reader.invalid(place, format_args!("scrape_protocols: {unknown} {context}"));
            }
            Some(protocol) if protocols.contains(&protocol) => {
                let all = names.join(" ");
                reader.invalid(
                    node.place,
                    format_args!("duplicated protocol in scrape_protocols, got [{all}] {context}"),
                );
                break;
            }
            Some(protocol) => protocols.push(protocol),
        }
    }
    (!names.is_empty()).then_some(protocols)
}

/// Reads `fallback_scrape_protocol`, if stated.
pub(super) fn read_fallback(section: &Section<'_>, context: &str) -> Option<ScrapeProtocol> {
    let node = section.get("fallback_scrape_protocol")?;
    let name = section.reader.text(node)?;
    if name.is_empty() {
        return None;
    }
    ScrapeProtocol::from_name(&name).or_else(|| {
        let unknown = unknown(&name);
        section.reader.reject(
            node,
            format_args!("invalid fallback_scrape_protocol {context}: {unknown}"),
        )
    })
}

fn unknown(name: &str) -> String {
    let supported = ScrapeProtocol::ALL.map(ScrapeProtocol::as_str).join(" ");
    format!("unknown scrape protocol {name}, supported: [{supported}]")
}
