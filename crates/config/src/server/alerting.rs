//! `alerting`: which Alertmanagers get alerts, and what becomes of alerts on the way.

use std::path::Path;
use std::time::Duration;

use model::label::NameValidationScheme;
use model::{RelabelRule, duration};

use super::scrape::{Scheme, read_scheme};
use super::sigv4::{self, SigV4Config};
use crate::discovery::{self, ServiceDiscovery};
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter, keys};
use crate::http::{self, Credentials, HttpClientConfig};
use crate::relabel::{read_rules, write_rules};

/// The section `alerting`, effective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertingConfig {
    /// Rules over the labels of every alert, before it goes to any Alertmanager.
    pub alert_relabel_configs: Vec<RelabelRule>,
    /// Groups of Alertmanagers; each one found gets every alert.
    pub alertmanagers: Vec<AlertmanagerConfig>,
}

/// One entry of `alertmanagers`, effective. They speak version 2 of the API, the only one there is.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertmanagerConfig {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Path in front of `/api/v2/alerts`; empty for none.
    pub path_prefix: String,
    /// How long sending may take: 10s.
    pub timeout: Duration,
    /// How Alertmanagers are asked: credentials, TLS, proxy, headers.
    pub http: HttpClientConfig,
    /// Signing of requests for Amazon's services.
    pub sigv4: Option<SigV4Config>,
    /// Rules over discovered labels: which Alertmanagers count, and where they are.
    pub relabel_configs: Vec<RelabelRule>,
    /// Rules over the labels of alerts for these Alertmanagers only, behind those for all.
    pub alert_relabel_configs: Vec<RelabelRule>,
    /// Where the Alertmanagers are.
    pub service_discovery: ServiceDiscovery,
}

impl Default for AlertmanagerConfig {
    fn default() -> Self {
        Self {
            scheme: Scheme::Http,
            path_prefix: String::new(),
            timeout: Duration::from_secs(10),
            http: HttpClientConfig::default(),
            sigv4: None,
            relabel_configs: Vec::new(),
            alert_relabel_configs: Vec::new(),
            service_discovery: ServiceDiscovery::default(),
        }
    }
}

impl AlertingConfig {
    /// True if nothing is said.
    pub fn is_silent(&self) -> bool {
        self.alert_relabel_configs.is_empty() && self.alertmanagers.is_empty()
    }

    /// Makes relative paths start at `folder`.
    pub(super) fn set_directory(&mut self, folder: &Path) {
        for alertmanager in &mut self.alertmanagers {
            alertmanager.http.set_directory(folder);
            alertmanager.service_discovery.set_directory(folder);
        }
    }
}

// ---- reading ----

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &["alert_relabel_configs", "alertmanagers"],
};

const ALERTMANAGER_SCHEMA: Schema = Schema {
    type_name: "config.AlertmanagerConfig",
    keys: keys!(
        &[
            "sigv4",
            "scheme",
            "path_prefix",
            "timeout",
            "api_version",
            "relabel_configs",
            "alert_relabel_configs",
        ],
        &http::KEYS,
        &discovery::KEYS,
    ),
};

/// Reads the section.
pub(super) fn read(
    reader: &Reader,
    node: &Node,
    names: NameValidationScheme,
) -> Option<AlertingConfig> {
    let section = Section::open(reader, node, &SCHEMA)?;
    let alertmanagers = section.items("alertmanagers").iter();
    Some(AlertingConfig {
        alert_relabel_configs: read_rules(
            reader,
            section.items("alert_relabel_configs"),
            "alert relabeling rule",
            names,
        ),
        alertmanagers: alertmanagers
            .filter_map(|item| read_alertmanager(reader, item, names))
            .collect(),
    })
}

fn read_alertmanager(
    reader: &Reader,
    item: &Node,
    names: NameValidationScheme,
) -> Option<AlertmanagerConfig> {
    if item.value == Value::Null {
        return reader.reject(item, "empty or null Alertmanager config section");
    }
    let section = Section::open(reader, item, &ALERTMANAGER_SCHEMA)?;
    let rules = |key: &str, what: &str| read_rules(reader, section.items(key), what, names);
    check_api_version(&section);
    let alertmanager = AlertmanagerConfig {
        scheme: read_scheme(&section),
        path_prefix: section.text("path_prefix").unwrap_or_default(),
        timeout: section
            .duration("timeout")
            .unwrap_or(AlertmanagerConfig::default().timeout),
        http: http::read(&section),
        sigv4: sigv4::read(&section),
        relabel_configs: rules("relabel_configs", "Alertmanager target relabeling rule"),
        alert_relabel_configs: rules(
            "alert_relabel_configs",
            "Alertmanager alert relabeling rule",
        ),
        service_discovery: discovery::read(&section),
    };
    if alertmanager.sigv4.is_some() && alertmanager.http.credentials != Credentials::None {
        reader.invalid(
            section.blame("sigv4").place,
            "at most one of basic_auth, authorization, oauth2, & sigv4 must be configured",
        );
    }
    Some(alertmanager)
}

fn check_api_version(section: &Section<'_>) {
    let stated = section
        .get("api_version")
        .filter(|node| node.value != Value::Null);
    let Some(node) = stated else {
        return;
    };
    if let Some(version) = section.reader.text(node)
        && version != API_VERSION
    {
        section.reader.invalid(
            node.place,
            format_args!(
                "expected Alertmanager api version to be one of [{API_VERSION}] but got {version}"
            ),
        );
    }
}

// ---- writing ----

/// Writes the section, unless it says nothing.
pub(super) fn write(yaml: &mut YamlWriter, alerting: &AlertingConfig) {
    if alerting.is_silent() {
        return;
    }
    yaml.mapping("alerting", |yaml| {
        write_rules(
            yaml,
            "alert_relabel_configs",
            &alerting.alert_relabel_configs,
        );
        if !alerting.alertmanagers.is_empty() {
            yaml.mappings("alertmanagers", &alerting.alertmanagers, write_alertmanager);
        }
    });
}

fn write_alertmanager(yaml: &mut YamlWriter, alertmanager: &AlertmanagerConfig) {
    http::write(yaml, &alertmanager.http);
    sigv4::write(yaml, alertmanager.sigv4.as_ref());
    yaml.entry("scheme", alertmanager.scheme.as_str());
    if !alertmanager.path_prefix.is_empty() {
        yaml.entry("path_prefix", &alertmanager.path_prefix);
    }
    if !alertmanager.timeout.is_zero() {
        yaml.bare("timeout", duration::format(alertmanager.timeout));
    }
    yaml.entry("api_version", API_VERSION);
    write_rules(yaml, "relabel_configs", &alertmanager.relabel_configs);
    write_rules(
        yaml,
        "alert_relabel_configs",
        &alertmanager.alert_relabel_configs,
    );
    discovery::write(yaml, &alertmanager.service_discovery);
}

const API_VERSION: &str = "v2";
