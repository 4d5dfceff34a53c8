//! `storage`: settings of the store that can change on reload and win over the flags.

use std::time::Duration;

use model::duration;

use super::data_size;
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

/// The section `storage`, effective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageConfig {
    /// `storage.tsdb.out_of_order_time_window`: how far behind the newest sample others may come out of
    /// order; zero: none may.
    pub out_of_order_time_window: Duration,
    /// `storage.tsdb.retention`.
    pub retention: RetentionConfig,
    /// `storage.exemplars`.
    pub exemplars: ExemplarsConfig,
}

/// How many exemplars are kept, where they are kept at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExemplarsConfig {
    /// The newest of all series together; none if it is not above zero.
    pub max_exemplars: i64,
}

impl Default for ExemplarsConfig {
    fn default() -> Self {
        Self {
            max_exemplars: 100_000,
        }
    }
}

/// How long data is kept. Zero says nothing: the flag holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetentionConfig {
    /// Age at which data goes.
    pub time: Duration,
    /// Bytes that blocks may take.
    pub size: u64,
    /// Share of the disk that blocks may take, in percent; goes before `size`.
    pub percentage: f64,
}

impl RetentionConfig {
    /// True if nothing is said, so that the flags hold.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.StorageConfig",
    keys: &["tsdb", "exemplars"],
    later: &[],
};

const TSDB_SCHEMA: Schema = Schema {
    type_name: "config.plain",
    // The last one is what Prometheus shows beside the first; it says nothing, there as here.
    keys: &[
        "out_of_order_time_window",
        "retention",
        "outofordertimewindow",
    ],
    later: &["stale_series_compaction_threshold", "chunk_encoding"],
};

const EXEMPLARS_SCHEMA: Schema = Schema {
    type_name: "config.ExemplarsConfig",
    keys: &["max_exemplars"],
    later: &[],
};

const RETENTION_SCHEMA: Schema = Schema {
    type_name: "config.TSDBRetentionConfig",
    keys: &["time", "size", "percentage"],
    later: &[],
};

/// Reads the section.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<StorageConfig> {
    let storage = Section::open(reader, node, &SCHEMA)?;
    let tsdb = storage
        .get("tsdb")
        .and_then(|node| Section::open(reader, node, &TSDB_SCHEMA));
    let window = tsdb
        .as_ref()
        .and_then(|tsdb| tsdb.duration("out_of_order_time_window"));
    let retention = tsdb
        .as_ref()
        .and_then(|tsdb| read_retention(reader, tsdb.get("retention")?));
    let exemplars = storage
        .get("exemplars")
        .and_then(|node| read_exemplars(reader, node));
    Some(StorageConfig {
        out_of_order_time_window: window.unwrap_or_default(),
        retention: retention.unwrap_or_default(),
        exemplars: exemplars.unwrap_or_default(),
    })
}

fn read_retention(reader: &Reader, node: &Node) -> Option<RetentionConfig> {
    let retention = Section::open(reader, node, &RETENTION_SCHEMA)?;
    let time = retention.duration("time").unwrap_or_default();
    Some(RetentionConfig {
        time,
        size: read_size(&retention),
        percentage: read_percentage(&retention),
    })
}

/// A section that is there and does not say how many means none, as upstream.
fn read_exemplars(reader: &Reader, node: &Node) -> Option<ExemplarsConfig> {
    let exemplars = Section::open(reader, node, &EXEMPLARS_SCHEMA)?;
    Some(ExemplarsConfig {
        max_exemplars: exemplars.integer("max_exemplars").unwrap_or_default(),
    })
    .filter(|_| node.value != Value::Null)
}

fn read_size(retention: &Section<'_>) -> u64 {
    let size = retention.get("size").and_then(|node| {
        let text = retention
            .reader
            .text(node)
            .filter(|text| !text.is_empty())?;
        let outcome = data_size::parse(&text).and_then(|bytes| {
            let negative = "'storage.tsdb.retention.size' must be greater than or equal to 0";
            u64::try_from(bytes).map_err(|_| negative.to_owned())
        });
        outcome.map_or_else(|error| retention.reader.reject(node, error), Some)
    });
    size.unwrap_or_default()
}

fn read_percentage(retention: &Section<'_>) -> f64 {
    let percentage = retention.float("percentage").unwrap_or_default();
    match retention.get("percentage") {
        Some(node) if !(0.0..=100.0).contains(&percentage) => {
            let reason = "'storage.tsdb.retention.percentage' must be in the range [0, 100]";
            retention.reader.invalid(node.place, reason);
            0.0
        }
        _ => percentage,
    }
}

/// Writes what is stated.
pub(super) fn write(yaml: &mut YamlWriter, storage: &StorageConfig) {
    if *storage == StorageConfig::default() {
        return;
    }
    yaml.mapping("storage", |yaml| {
        let window = storage.out_of_order_time_window;
        if !storage.retention.is_silent() || !window.is_zero() {
            yaml.mapping("tsdb", |yaml| {
                if !window.is_zero() {
                    yaml.bare("outofordertimewindow", window.as_millis());
                    yaml.bare("out_of_order_time_window", duration::format(window));
                }
                if !storage.retention.is_silent() {
                    yaml.mapping("retention", |yaml| {
                        write_retention(yaml, &storage.retention)
                    });
                }
            });
        }
        if storage.exemplars != ExemplarsConfig::default() {
            yaml.mapping("exemplars", |yaml| {
                yaml.bare("max_exemplars", storage.exemplars.max_exemplars);
            });
        }
    });
}

fn write_retention(yaml: &mut YamlWriter, retention: &RetentionConfig) {
    if !retention.time.is_zero() {
        yaml.bare("time", duration::format(retention.time));
    }
    if retention.size > 0 {
        yaml.bare("size", data_size::format(retention.size));
    }
    if retention.percentage > 0.0 {
        yaml.bare("percentage", retention.percentage);
    }
}
