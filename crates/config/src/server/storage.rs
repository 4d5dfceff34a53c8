//! `storage`: settings of the store that can change on reload and win over the flags.

use std::time::Duration;

use model::duration;
use model::number::general;

use super::data_size;
use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

/// The section `storage`, effective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageConfig {
    /// `storage.tsdb.out_of_order_time_window`: how far behind the newest sample others may come out of
    /// order; zero: none may.
    pub out_of_order_time_window: Duration,
    /// `storage.tsdb.stale_series_compaction_threshold`: share of series that have ended, from 0 to 1,
    /// from which on they are written as a block early; 0 for never.
    pub stale_series_compaction_threshold: f64,
    /// `storage.tsdb.chunk_encoding.floats`: how floats are written, if that is stated.
    pub float_encoding: Option<FloatEncoding>,
    /// `storage.tsdb.retention`. If it is there the flags do not count, even if it says nothing.
    pub retention: Option<RetentionConfig>,
    /// `storage.exemplars`, if it is there.
    pub exemplars: Option<ExemplarsConfig>,
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

/// How floats are written in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatEncoding {
    /// `xor`
    Xor,
    /// `xor2`, which has start timestamps too.
    Xor2,
}

impl FloatEncoding {
    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xor => "xor",
            Self::Xor2 => "xor2",
        }
    }
}

/// How long data is kept. Zero is no limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetentionConfig {
    /// Age at which data goes.
    pub time: Duration,
    /// Bytes that blocks may take.
    pub size: u64,
    /// Share of the disk that blocks may take, in percent; goes before `size`.
    pub percentage: f64,
}

const SCHEMA: Schema = Schema {
    type_name: "config.StorageConfig",
    keys: &["tsdb", "exemplars"],
};

const TSDB_SCHEMA: Schema = Schema {
    type_name: "config.plain",
    // The last one is what Prometheus shows beside the first; it says nothing, there as here.
    keys: &[
        "out_of_order_time_window",
        "stale_series_compaction_threshold",
        "chunk_encoding",
        "retention",
        "outofordertimewindow",
    ],
};

const CHUNK_ENCODING_SCHEMA: Schema = Schema {
    type_name: "config.ChunkEncodingConfig",
    keys: &["floats"],
};

const EXEMPLARS_SCHEMA: Schema = Schema {
    type_name: "config.ExemplarsConfig",
    keys: &["max_exemplars"],
};

const RETENTION_SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &["time", "size", "percentage"],
};

/// Reads the section.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<StorageConfig> {
    let storage = Section::open(reader, node, &SCHEMA)?;
    let mut config = StorageConfig {
        exemplars: stated(&storage, "exemplars").and_then(|node| read_exemplars(reader, node)),
        ..StorageConfig::default()
    };
    let tsdb = storage
        .get("tsdb")
        .and_then(|node| Section::open(reader, node, &TSDB_SCHEMA));
    if let Some(tsdb) = tsdb {
        config.out_of_order_time_window = tsdb
            .duration("out_of_order_time_window")
            .unwrap_or_default();
        config.stale_series_compaction_threshold = tsdb
            .float("stale_series_compaction_threshold")
            .unwrap_or_default();
        config.float_encoding = read_float_encoding(&tsdb);
        config.retention = stated(&tsdb, "retention").and_then(|node| read_retention(reader, node));
    }
    Some(config)
}

/// A subsection that is there: `key:` without a value counts as none.
fn stated<'d>(section: &Section<'d>, key: &str) -> Option<&'d Node> {
    section.get(key).filter(|node| node.value != Value::Null)
}

fn read_float_encoding(tsdb: &Section<'_>) -> Option<FloatEncoding> {
    let reader = tsdb.reader;
    let encoding = Section::open(
        reader,
        stated(tsdb, "chunk_encoding")?,
        &CHUNK_ENCODING_SCHEMA,
    )?;
    let node = encoding.get("floats")?;
    let name = reader.text(node).filter(|name| !name.is_empty())?;
    let known = [FloatEncoding::Xor, FloatEncoding::Xor2];
    known
        .into_iter()
        .find(|known| known.as_str() == name)
        .or_else(|| {
            reader.reject(
                node,
                format_args!(
                    "'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be omitted entirely, got {name:?}"
                ),
            )
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
        let without_store = StorageConfig {
            exemplars: storage.exemplars.clone(),
            ..StorageConfig::default()
        };
        if *storage != without_store {
            yaml.mapping("tsdb", |yaml| write_tsdb(yaml, storage));
        }
        if let Some(exemplars) = &storage.exemplars {
            yaml.mapping("exemplars", |yaml| {
                if exemplars.max_exemplars != 0 {
                    yaml.bare("max_exemplars", exemplars.max_exemplars);
                }
            });
        }
    });
}

fn write_tsdb(yaml: &mut YamlWriter, storage: &StorageConfig) {
    let window = storage.out_of_order_time_window;
    yaml.bare("outofordertimewindow", window.as_millis());
    if !window.is_zero() {
        yaml.bare("out_of_order_time_window", duration::format(window));
    }
    let threshold = storage.stale_series_compaction_threshold;
    if threshold != 0.0 {
        yaml.bare("stale_series_compaction_threshold", general(threshold));
    }
    if let Some(encoding) = storage.float_encoding {
        yaml.mapping("chunk_encoding", |yaml| {
            yaml.entry("floats", encoding.as_str());
        });
    }
    if let Some(retention) = &storage.retention {
        yaml.mapping("retention", |yaml| write_retention(yaml, retention));
    }
}

fn write_retention(yaml: &mut YamlWriter, retention: &RetentionConfig) {
    if !retention.time.is_zero() {
        yaml.bare("time", duration::format(retention.time));
    }
    if retention.size > 0 {
        yaml.bare("size", data_size::format(retention.size));
    }
    if retention.percentage > 0.0 {
        yaml.bare("percentage", general(retention.percentage));
    }
}
