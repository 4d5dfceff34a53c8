//! Where the configuration comes from, how it is read, and the one in force.

mod files;
mod shown;
#[cfg(test)]
mod tests;

pub(super) use files::fingerprint;
pub(crate) use files::{add_jobs, read_file};
pub(super) use shown::Shown;

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use config::server::{Config, FloatEncoding, RetentionConfig};
use host::Fs;
use tsdb::Retention;

use super::storage;

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub(crate) enum ConfigSource {
    /// A file, read again at each reload.
    File(PathBuf),
    /// Text of our own, under the name that messages give it.
    Text {
        /// Stands where a file name would.
        name: String,
        /// YAML.
        text: String,
    },
}

impl ConfigSource {
    /// Reads and checks it, with all files that it names. A start and a reload both come here, so that
    /// they take the same configurations. `flags` say how long samples are kept if it does not.
    ///
    /// # Errors
    /// A file cannot be read, or is no valid configuration; every problem is named with its place.
    pub(crate) fn load(&self, fs: &dyn Fs, flags: Retention) -> anyhow::Result<Config> {
        let mut config = match self {
            Self::File(path) => read_file(fs, path, config::server::load)?,
            Self::Text { name, text } => config::server::load(text, name, environment)
                .map_err(|problems| anyhow!(problems.explained()))?,
        };
        add_jobs(fs, &mut config)?;
        if config.storage.float_encoding == Some(FloatEncoding::Xor2) {
            bail!(
                "'storage.tsdb.chunk_encoding.floats: xor2' requires the xor2-encoding feature flag to be enabled at startup"
            );
        }
        config
            .storage
            .retention
            .get_or_insert_with(|| RetentionConfig {
                time: storage::duration_of(flags.time),
                size: flags.size,
                percentage: flags.percentage,
            });
        Ok(config)
    }
}

/// Takes another configuration, whole or not at all: `load` reads it with all files that it names, and
/// `apply` gets it only when all of it is right.
///
/// # Errors
/// Why it is not taken; the one in force stays.
pub(super) fn take<T>(
    shown: &Shown,
    load: impl FnOnce() -> anyhow::Result<(Config, T)>,
    apply: impl FnOnce(&Config, T),
) -> Result<(), String> {
    match load() {
        Ok((config, beside)) => {
            apply(&config, beside);
            shown.accept(&config);
            tracing::info!("configuration reloaded");
            Ok(())
        }
        Err(error) => {
            shown.refuse();
            let reason = format!("{error:#}");
            tracing::error!(error = %reason, "configuration not reloaded, the old one stays");
            Err(reason)
        }
    }
}

/// The value of a variable of the process' environment.
pub(crate) fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// What of a configuration has no effect, because the component is not there yet.
fn unserved(config: &Config) -> Vec<&'static str> {
    let sections = [
        (
            !config.remote_write.is_empty(),
            "remote_write has no effect: this version does not send samples yet.",
        ),
        (
            !config.remote_read.is_empty(),
            "remote_read has no effect: this version does not ask others for samples yet.",
        ),
        (
            config.tracing.is_some(),
            "tracing has no effect: this version does not send spans yet.",
        ),
        (
            config.otlp != config::server::OtlpConfig::default(),
            "otlp has no effect: this version does not receive OpenTelemetry metrics yet.",
        ),
        (
            config.storage.stale_series_compaction_threshold != 0.0,
            "storage.tsdb.stale_series_compaction_threshold has no effect in this version yet.",
        ),
        (
            !config.global.query_log_file.is_empty(),
            "global.query_log_file has no effect: this version does not log queries to a file yet.",
        ),
    ];
    let stated = sections.into_iter().filter(|(is_stated, _)| *is_stated);
    stated.map(|(_, reason)| reason).collect()
}
