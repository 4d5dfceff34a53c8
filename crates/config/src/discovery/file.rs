//! `file_sd_configs`: target groups in JSON or YAML files that may change at any time.

use std::time::Duration;

/// One entry of `file_sd_configs`, effective.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileDiscovery {
    /// Paths ending in `.json`, `.yml` or `.yaml`; the last part may hold one `*`. Relative paths
    /// start at the configuration file's folder.
    pub files: Vec<String>,
    /// How often the files are read again even if nobody reported a change: 5m.
    pub refresh_interval: Duration,
}
