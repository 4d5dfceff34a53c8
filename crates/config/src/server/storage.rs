//! `storage`: settings of the store that can change on reload and win over the flags.

use std::time::Duration;

/// The section `storage`, effective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageConfig {
    /// `storage.tsdb.retention`.
    pub retention: RetentionConfig,
}

/// How long data is kept. Zero says nothing: the flag holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetentionConfig {
    /// Age at which data goes.
    pub time: Duration,
    /// Bytes that blocks may take.
    pub size: u64,
    /// Share of the disk in percent that blocks may take, 0 to 100.
    pub percentage: f64,
}
