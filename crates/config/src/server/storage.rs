//! `storage`: settings of the store that can change on reload and win over the flags.

use std::time::Duration;

use model::duration;

use super::data_size;
use crate::document::{Node, Reader, Schema, Section, YamlWriter};

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
}

const SCHEMA: Schema = Schema {
    type_name: "config.StorageConfig",
    keys: &["tsdb"],
    later: &["exemplars"],
};

const TSDB_SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &["retention"],
    later: &[
        "out_of_order_time_window",
        "stale_series_compaction_threshold",
        "chunk_encoding",
    ],
};

const RETENTION_SCHEMA: Schema = Schema {
    type_name: "config.TSDBRetentionConfig",
    keys: &["time", "size", "percentage"],
    later: &[],
};

/// Reads the section.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<StorageConfig> {
    let storage = Section::open(reader, node, &SCHEMA)?;
    let tsdb = Section::open(reader, storage.get("tsdb")?, &TSDB_SCHEMA)?;
    let retention = Section::open(reader, tsdb.get("retention")?, &RETENTION_SCHEMA)?;
    check_percentage(&retention);
    let time = retention.duration("time").unwrap_or_default();
    Some(StorageConfig {
        retention: RetentionConfig {
            time,
            size: read_size(&retention),
        },
    })
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

/// A share of the disk is upstream's, and refused for now; zero means none.
fn check_percentage(retention: &Section<'_>) {
    let Some(node) = retention.get("percentage") else {
        return;
    };
    match retention.float("percentage") {
        Some(percentage) if !(0.0..=100.0).contains(&percentage) => retention.reader.invalid(
            node.place,
            "'storage.tsdb.retention.percentage' must be in the range [0, 100]",
        ),
        Some(percentage) if percentage > 0.0 => {
            retention
                .reader
                .unsupported(node.place, "storage.tsdb.retention.percentage");
        }
        _ => {}
    }
}

/// Writes what is stated.
pub(super) fn write(yaml: &mut YamlWriter, storage: &StorageConfig) {
    let RetentionConfig { time, size } = storage.retention;
    if time.is_zero() && size == 0 {
        return;
    }
    yaml.mapping("storage", |yaml| {
        yaml.mapping("tsdb", |yaml| {
            yaml.mapping("retention", |yaml| {
                if !time.is_zero() {
                    yaml.bare("time", duration::format(time));
                }
                if size > 0 {
                    yaml.bare("size", data_size::format(size));
                }
            });
        });
    });
}
