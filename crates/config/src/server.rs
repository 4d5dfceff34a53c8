//! The server's configuration file, `prometheus.yml`.

mod alerting;
mod data_size;
mod expand;
mod global;
mod headers;
mod named_files;
mod otlp;
mod protocol;
mod remote_read;
mod remote_write;
mod runtime;
mod scrape;
mod scrape_files;
mod scrape_limits;
mod sigv4;
mod storage;
#[cfg(test)]
mod tests;
mod tracing;

pub use alerting::{AlertingConfig, AlertmanagerConfig};
pub use global::GlobalConfig;
pub use named_files::{NamedFiles, named_files};
pub use otlp::{OtlpConfig, TranslationStrategy};
pub use protocol::{EscapingScheme, ScrapeProtocol};
pub use remote_read::RemoteReadConfig;
pub use remote_write::{
    AzureAdConfig, AzureCloud, AzureIdentity, GoogleIamConfig, MetadataConfig, QueueConfig,
    RemoteWriteConfig, RemoteWriteMessage,
};
pub use runtime::RuntimeConfig;
pub use scrape::{HistogramOptions, Scheme, ScrapeConfig};
pub use scrape_limits::{Limit, ScrapeLimits};
pub use sigv4::SigV4Config;
pub use storage::{ExemplarsConfig, FloatEncoding, RetentionConfig, StorageConfig};
pub use tracing::{TracingClient, TracingConfig};

use std::path::Path;

use crate::document::{self, Reader, Schema, Section, YamlWriter};
use crate::problem::Problems;

/// The whole file, effective: defaults applied, global settings handed down to each job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `global`: settings of all jobs and of the server.
    pub global: GlobalConfig,
    /// `runtime`: settings that only upstream's language runtime has.
    pub runtime: RuntimeConfig,
    /// `alerting`: where alerts go.
    pub alerting: AlertingConfig,
    /// `rule_files`: paths of rule files, with `*` at most in the last part.
    pub rule_files: Vec<String>,
    /// `scrape_config_files`: paths of files with further jobs, with `*` at most in the last part.
    pub scrape_config_files: Vec<String>,
    /// `scrape_configs`: the jobs of the file itself, in its order; names are unique.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// The jobs of the files that `scrape_config_files` names, see [`Config::add_jobs`].
    pub further_jobs: Vec<ScrapeConfig>,
    /// `storage`: settings of the store that win over the flags.
    pub storage: StorageConfig,
    /// `tracing`: where spans go.
    pub tracing: Option<TracingConfig>,
    /// `remote_write`: where samples are sent.
    pub remote_write: Vec<RemoteWriteConfig>,
    /// `remote_read`: who else is asked for samples.
    pub remote_read: Vec<RemoteReadConfig>,
    /// `otlp`: how OpenTelemetry's metrics are taken.
    pub otlp: OtlpConfig,
}

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "global",
        "runtime",
        "alerting",
        "rule_files",
        "scrape_config_files",
        "scrape_configs",
        "storage",
        "tracing",
        "remote_write",
        "remote_read",
        "otlp",
    ],
};

/// Reads and checks a configuration. An empty file gives the defaults and no job. `environment`
/// gives the values of `${VAR}` in external labels.
///
/// # Errors
/// Everything that is wrong in the file, each with its place. Nothing of the file counts then.
pub fn load(
    text: &str,
    file_name: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    load_checked(text, file_name, &environment, |_, _| {})
}

/// As [`load`], for a server that only collects and sends: sections that it has no use for are
/// refused.
///
/// # Errors
/// As [`load`].
pub fn load_for_agent(
    text: &str,
    file_name: &str,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    load_checked(text, file_name, &environment, refuse_for_agent)
}

fn load_checked(
    text: &str,
    file_name: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    check: impl Fn(&Section<'_>, &Config),
) -> Result<Config, Problems> {
    let explain = |problems: Problems| problems.with_excerpts(text);
    let document = document::parse(text, file_name).map_err(explain)?;
    let reader = Reader::new(file_name);
    let config = Section::open(&reader, &document, &SCHEMA).map(|section| {
        let config = read(&section, environment);
        check(&section, &config);
        config
    });
    reader.finish(config.unwrap_or_default()).map_err(explain)
}

fn read(section: &Section<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Config {
    let reader = section.reader;
    let global = section
        .get("global")
        .and_then(|node| global::read(reader, node, environment))
        .unwrap_or_default();
    let names = global.metric_name_validation_scheme;
    Config {
        runtime: section
            .get("runtime")
            .and_then(|node| runtime::read(reader, node))
            .unwrap_or_default(),
        alerting: section
            .get("alerting")
            .and_then(|node| alerting::read(reader, node, names))
            .unwrap_or_default(),
        rule_files: read_paths(section, "rule_files", "rule"),
        scrape_config_files: read_paths(section, "scrape_config_files", "scrape config"),
        scrape_configs: scrape::read_all(reader, section.items("scrape_configs"), &global, &[]),
        further_jobs: Vec::new(),
        storage: section
            .get("storage")
            .and_then(|node| storage::read(reader, node))
            .unwrap_or_default(),
        tracing: section
            .get("tracing")
            .and_then(|node| tracing::read(reader, node)),
        remote_write: remote_write::read_all(reader, section.items("remote_write"), names),
        remote_read: remote_read::read_all(reader, section.items("remote_read")),
        otlp: match section.get("otlp") {
            Some(node) => otlp::read(reader, node, names).unwrap_or_default(),
            None => OtlpConfig::default(),
        },
        global,
    }
}

/// Paths that may have `*` in their last part.
fn read_paths(section: &Section<'_>, key: &str, what: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for item in section.items(key) {
        let Some(path) = section.reader.text(item) else {
            continue;
        };
        let after_star = path.split_once('*').map_or("", |(_, after)| after);
        match after_star.contains(['/', '*']) {
            true => section.reader.invalid(
                item.place,
                format_args!("invalid {what} file path {path:?}"),
            ),
            false => paths.push(path),
        }
    }
    paths
}

/// Sections that a server without a store and rules has no use for.
fn refuse_for_agent(section: &Section<'_>, config: &Config) {
    let sections = [
        ("alerting", !config.alerting.is_silent()),
        ("rule_files", !config.rule_files.is_empty()),
        ("remote_read", !config.remote_read.is_empty()),
    ];
    for (key, _) in sections.iter().filter(|(_, is_stated)| *is_stated) {
        section.reader.invalid(
            section.blame(key).place,
            format_args!("field {key} is not allowed in agent mode"),
        );
    }
}

impl Config {
    /// All jobs: those of the file itself, then those of further files.
    pub fn jobs(&self) -> impl Iterator<Item = &ScrapeConfig> {
        self.scrape_configs.iter().chain(&self.further_jobs)
    }

    /// Makes relative paths start at `folder`: the configuration file's own, as users expect.
    pub fn set_directory(&mut self, folder: &Path) {
        let join = |path: &mut String| join_path(folder, path);
        join(&mut self.global.query_log_file);
        join(&mut self.global.scrape_failure_log_file);
        self.alerting.set_directory(folder);
        self.rule_files.iter_mut().for_each(join);
        self.scrape_config_files.iter_mut().for_each(join);
        for job in &mut self.scrape_configs {
            job.set_directory(folder);
        }
        if let Some(tracing) = &mut self.tracing {
            tracing.set_directory(folder);
        }
        for write in &mut self.remote_write {
            write.set_directory(folder);
        }
        for read in &mut self.remote_read {
            read.set_directory(folder);
        }
    }

    /// The configuration with all defaults, in upstream's order of keys: what
    /// `/api/v1/status/config` shows. Secrets are left out; otherwise it loads again to an equal
    /// configuration.
    pub fn to_yaml(&self) -> String {
        let mut yaml = YamlWriter::default();
        yaml.mapping("global", |yaml| global::write(yaml, &self.global));
        runtime::write(&mut yaml, &self.runtime);
        alerting::write(&mut yaml, &self.alerting);
        for (key, paths) in [
            ("rule_files", &self.rule_files),
            ("scrape_config_files", &self.scrape_config_files),
        ] {
            if !paths.is_empty() {
                yaml.list(key, paths.iter().map(String::as_str));
            }
        }
        if !self.scrape_configs.is_empty() {
            yaml.mappings("scrape_configs", &self.scrape_configs, scrape::write);
        }
        storage::write(&mut yaml, &self.storage);
        tracing::write(&mut yaml, self.tracing.as_ref());
        if !self.remote_write.is_empty() {
            yaml.mappings("remote_write", &self.remote_write, remote_write::write);
        }
        if !self.remote_read.is_empty() {
            yaml.mappings("remote_read", &self.remote_read, remote_read::write);
        }
        otlp::write(&mut yaml, &self.otlp);
        yaml.finish()
    }
}

/// Makes a path start at `folder`, unless it is absolute or empty.
fn join_path(folder: &Path, path: &mut String) {
    if !path.is_empty() {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}
