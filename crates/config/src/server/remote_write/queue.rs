//! `queue_config` and `metadata_config`: how much is on its way at once.

use std::time::Duration;

use model::duration;

use crate::document::{Schema, Section, Value, YamlWriter};

/// The section `queue_config`, effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Samples that a shard holds before reading from the log waits: 10000.
    pub capacity: i64,
    /// Most shards, which send at the same time: 50.
    pub max_shards: i64,
    /// Fewest shards: 1.
    pub min_shards: i64,
    /// Samples of a message: 2000.
    pub max_samples_per_send: i64,
    /// How long a sample waits for its message to be full: 5s.
    pub batch_send_deadline: Duration,
    /// First pause before a message is sent again: 30ms. It doubles.
    pub min_backoff: Duration,
    /// Longest pause: 5s.
    pub max_backoff: Duration,
    /// A receiver that answers 429 is asked again.
    pub retry_on_http_429: bool,
    /// Older samples are not sent; zero for any age.
    pub sample_age_limit: Duration,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            capacity: 10_000,
            max_shards: 50,
            min_shards: 1,
            max_samples_per_send: 2000,
            batch_send_deadline: Duration::from_secs(5),
            min_backoff: Duration::from_millis(30),
            max_backoff: Duration::from_secs(5),
            retry_on_http_429: false,
            sample_age_limit: Duration::ZERO,
        }
    }
}

/// The section `metadata_config`, effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataConfig {
    /// Types and help texts are sent, where the message has no place for them: true.
    pub send: bool,
    /// How often: 1m.
    pub send_interval: Duration,
    /// Entries of a message: 2000.
    pub max_samples_per_send: i64,
}

impl Default for MetadataConfig {
    fn default() -> Self {
        Self {
            send: true,
            send_interval: Duration::from_secs(60),
            max_samples_per_send: 2000,
        }
    }
}

// ---- reading ----

const QUEUE_SCHEMA: Schema = Schema {
    type_name: "config.QueueConfig",
    keys: &[
        "capacity",
        "max_shards",
        "min_shards",
        "max_samples_per_send",
        "batch_send_deadline",
        "min_backoff",
        "max_backoff",
        "retry_on_http_429",
        "sample_age_limit",
    ],
};

const METADATA_SCHEMA: Schema = Schema {
    type_name: "config.MetadataConfig",
    keys: &["send", "send_interval", "max_samples_per_send"],
};

/// Reads `queue_config`. As upstream, one without a value has no defaults, and so is refused.
pub(super) fn read_queue(section: &Section<'_>) -> QueueConfig {
    let defaults = QueueConfig::default();
    let Some(node) = section.get("queue_config") else {
        return defaults;
    };
    if node.value == Value::Null {
        let reason = "remote write queue max_shards must be positive";
        section.reader.invalid(node.place, reason);
        return defaults;
    }
    let Some(queue) = Section::open(section.reader, node, &QUEUE_SCHEMA) else {
        return defaults;
    };
    let count = |key: &str, default: i64| queue.integer(key).unwrap_or(default);
    let time = |key: &str, default: Duration| queue.duration(key).unwrap_or(default);
    let read = QueueConfig {
        capacity: count("capacity", defaults.capacity),
        max_shards: count("max_shards", defaults.max_shards),
        min_shards: count("min_shards", defaults.min_shards),
        max_samples_per_send: count("max_samples_per_send", defaults.max_samples_per_send),
        batch_send_deadline: time("batch_send_deadline", defaults.batch_send_deadline),
        min_backoff: time("min_backoff", defaults.min_backoff),
        max_backoff: time("max_backoff", defaults.max_backoff),
        retry_on_http_429: queue.boolean("retry_on_http_429").unwrap_or_default(),
        sample_age_limit: time("sample_age_limit", defaults.sample_age_limit),
    };
    check_queue(&queue, &read);
    read
}

fn check_queue(section: &Section<'_>, queue: &QueueConfig) {
    let counts = [
        ("max_samples_per_send", queue.max_samples_per_send),
        ("max_shards", queue.max_shards),
        ("min_shards", queue.min_shards),
        ("capacity", queue.capacity),
    ];
    for (key, _) in counts.iter().filter(|(_, count)| *count <= 0) {
        section.reader.invalid(
            section.blame(key).place,
            format_args!("remote write queue {key} must be positive"),
        );
    }
    if queue.min_shards > queue.max_shards && queue.max_shards > 0 {
        section.reader.invalid(
            section.blame("min_shards").place,
            "remote write queue min_shards must not be greater than max_shards",
        );
    }
    if queue.max_backoff < queue.min_backoff {
        section.reader.invalid(
            section.blame("max_backoff").place,
            "remote write queue max_backoff must not be less than min_backoff",
        );
    }
}

/// Reads `metadata_config`. As upstream, one without a value sends nothing.
pub(super) fn read_metadata(section: &Section<'_>) -> MetadataConfig {
    let defaults = MetadataConfig::default();
    let Some(node) = section.get("metadata_config") else {
        return defaults;
    };
    if node.value == Value::Null {
        return MetadataConfig {
            send: false,
            send_interval: Duration::ZERO,
            max_samples_per_send: 0,
        };
    }
    let Some(metadata) = Section::open(section.reader, node, &METADATA_SCHEMA) else {
        return defaults;
    };
    MetadataConfig {
        send: metadata.boolean("send").unwrap_or(defaults.send),
        send_interval: metadata
            .duration("send_interval")
            .unwrap_or(defaults.send_interval),
        max_samples_per_send: metadata
            .integer("max_samples_per_send")
            .unwrap_or(defaults.max_samples_per_send),
    }
}

// ---- writing ----

/// Writes `queue_config`.
pub(super) fn write_queue(yaml: &mut YamlWriter, queue: &QueueConfig) {
    let time = |yaml: &mut YamlWriter, key: &str, time: Duration| {
        if !time.is_zero() {
            yaml.bare(key, duration::format(time));
        }
    };
    yaml.mapping("queue_config", |yaml| {
        yaml.bare("capacity", queue.capacity);
        yaml.bare("max_shards", queue.max_shards);
        yaml.bare("min_shards", queue.min_shards);
        yaml.bare("max_samples_per_send", queue.max_samples_per_send);
        time(yaml, "batch_send_deadline", queue.batch_send_deadline);
        time(yaml, "min_backoff", queue.min_backoff);
        time(yaml, "max_backoff", queue.max_backoff);
        if queue.retry_on_http_429 {
            yaml.bare("retry_on_http_429", true);
        }
        time(yaml, "sample_age_limit", queue.sample_age_limit);
    });
}

/// Writes `metadata_config`, unless it says nothing.
pub(super) fn write_metadata(yaml: &mut YamlWriter, metadata: &MetadataConfig) {
    let silent =
        !metadata.send && metadata.send_interval.is_zero() && metadata.max_samples_per_send == 0;
    if silent {
        return;
    }
    yaml.mapping("metadata_config", |yaml| {
        yaml.bare("send", metadata.send);
        yaml.bare("send_interval", duration::format(metadata.send_interval));
        if metadata.max_samples_per_send != 0 {
            yaml.bare("max_samples_per_send", metadata.max_samples_per_send);
        }
    });
}
