//! The server's configuration file, `prometheus.yml`.

mod data_size;
mod expand;
mod global;
mod protocol;
mod scrape;
mod scrape_limits;
mod storage;
#[cfg(test)]
mod tests;

pub use global::GlobalConfig;
pub use protocol::{EscapingScheme, ScrapeProtocol};
pub use scrape::{HistogramOptions, Scheme, ScrapeConfig};
pub use scrape_limits::{Limit, ScrapeLimits};
pub use storage::{ExemplarsConfig, RetentionConfig, StorageConfig};

use std::path::Path;

use crate::document::{self, Node, Reader, Schema, Section, YamlWriter};
use crate::problem::Problems;

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

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &["global", "scrape_configs", "storage"],
    later: &[
        "runtime",
        "rule_files",
        "scrape_config_files",
        "alerting",
        "remote_write",
        "remote_read",
        "otlp",
        "tracing",
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
    let document = document::parse(text, file_name)?;
    let reader = Reader::new(file_name);
    let config = read(&reader, &document, &environment).unwrap_or_default();
    reader.finish(config)
}

fn read(
    reader: &Reader,
    document: &Node,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Option<Config> {
    let section = Section::open(reader, document, &SCHEMA)?;
    let global = section
        .get("global")
        .and_then(|node| global::read(reader, node, environment));
    let global = global.unwrap_or_default();
    let scrape_configs = scrape::read_all(reader, section.items("scrape_configs"), &global);
    let storage = section
        .get("storage")
        .and_then(|node| storage::read(reader, node));
    Some(Config {
        global,
        scrape_configs,
        storage: storage.unwrap_or_default(),
    })
}

impl Config {
    /// Makes relative paths start at `folder`: the configuration file's own, as users expect.
    pub fn set_directory(&mut self, folder: &Path) {
        let join = |path: &mut String| {
            if !path.is_empty() {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            }
        };
        join(&mut self.global.query_log_file);
        join(&mut self.global.scrape_failure_log_file);
        for job in &mut self.scrape_configs {
            join(&mut job.scrape_failure_log_file);
            job.http.set_directory(folder);
            let discoveries = &mut job.service_discovery.file_sd_configs;
            discoveries
                .iter_mut()
                .flat_map(|discovery| &mut discovery.files)
                .for_each(join);
        }
    }

    /// The configuration with all defaults, in upstream's order of keys: what
    /// `/api/v1/status/config` shows. Loads again to an equal configuration.
    pub fn to_yaml(&self) -> String {
        let mut yaml = YamlWriter::default();
        yaml.mapping("global", |yaml| global::write(yaml, &self.global));
        if !self.scrape_configs.is_empty() {
            yaml.mappings("scrape_configs", &self.scrape_configs, scrape::write);
        }
        storage::write(&mut yaml, &self.storage);
        yaml.finish()
    }
}
