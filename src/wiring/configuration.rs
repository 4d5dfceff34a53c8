//! Where the configuration comes from, and the one in force.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, anyhow};
use config::server::Config;
use host::{Clock, Fs};
use web::services::ConfigurationState;

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
    /// Reads and checks it.
    ///
    /// # Errors
    /// The file cannot be read, or is no valid configuration; every problem is named with its place.
    pub(crate) fn load(&self, fs: &dyn Fs) -> anyhow::Result<Config> {
        let (name, text) = match self {
            Self::File(path) => {
                let name = path.display().to_string();
                let bytes = fs.read(path).with_context(|| format!("reading {name}"))?;
                (
                    name,
                    String::from_utf8(bytes).context("the configuration is not UTF-8")?,
                )
            }
            Self::Text { name, text } => (name.clone(), text.clone()),
        };
        let environment = |variable: &str| std::env::var(variable).ok();
        let mut config = config::server::load(&text, &name, environment)
            .map_err(|problems| anyhow!("{problems}"))?;
        if let Self::File(path) = self {
            config.set_directory(path.parent().unwrap_or(Path::new("")));
        }
        Ok(config)
    }
}

/// The configuration in force, as the surface shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    state: Arc<RwLock<ConfigurationState>>,
    clock: Arc<dyn Clock>,
}

impl Shown {
    /// Nothing in force yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Arc::default(),
            clock,
        }
    }

    /// What the surface reads.
    pub(super) fn state(&self) -> Arc<RwLock<ConfigurationState>> {
        Arc::clone(&self.state)
    }

    /// Shows `config` as the one in force.
    pub(super) fn accept(&self, config: &Config) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = ConfigurationState {
            yaml: config.to_yaml(),
            reload_success: true,
            refused_millis: 0,
            loaded_millis: self.clock.now_millis(),
        };
    }

    /// Shows that the last reload was refused; the one in force stays.
    pub(super) fn refuse(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.reload_success = false;
        state.refused_millis = self.clock.now_millis();
    }
}
