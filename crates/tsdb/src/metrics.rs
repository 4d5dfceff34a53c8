//! What the database tells about itself, under Prometheus' names.

use exposition::Registry;
use exposition::instrument::exponential_buckets;
use exposition::instrument::{Counter, CounterFamily, Gauge, Histogram, Summary};

use crate::exemplars::ExemplarMetrics;
use crate::head::room::RoomMetrics;

mod upkeep;

pub(crate) use upkeep::Upkeep;

/// Instruments of the head and its log.
#[derive(Clone)]
pub(crate) struct HeadMetrics {
    pub(crate) series: Gauge,
    pub(crate) chunks: Gauge,
    pub(crate) series_created: Counter,
    pub(crate) series_removed: Counter,
    pub(crate) chunks_created: Counter,
    pub(crate) chunks_removed: Counter,
    pub(crate) samples_appended: Counter,
    pub(crate) out_of_order: Counter,
    pub(crate) out_of_bound: Counter,
    pub(crate) min_time: Gauge,
    pub(crate) max_time: Gauge,
    pub(crate) truncations: Counter,
    pub(crate) wal_corruptions: Counter,
    pub(crate) wal_writes_failed: Counter,
    pub(crate) wal_truncations: Counter,
    pub(crate) wal_truncations_failed: Counter,
    pub(crate) wal_fsyncs: Counter,
    pub(crate) wal_segment: Gauge,
    pub(crate) wal_unknown_records: CounterFamily,
    pub(crate) checkpoints_created: Counter,
    pub(crate) checkpoints_failed: Counter,
    pub(crate) wal_skipped_records: Counter,
    pub(crate) snapshot_errors: Counter,
    pub(crate) replayed_samples: Counter,
    pub(crate) replay_seconds: Gauge,
    pub(crate) exemplars: ExemplarMetrics,
    pub(crate) room: RoomMetrics,
    pub(crate) upkeep: Upkeep,
    pub(crate) late: OutOfOrderMetrics,
}

impl HeadMetrics {
    pub(crate) fn new(r: &Registry) -> Self {
        let float = |family: CounterFamily| family.with(&["float"]);
        let min_time = r.gauge(
            "prometheus_tsdb_head_min_time",
            "Minimum time bound of the head block. The unit is decided by the library consumer.",
        );
        let max_time = r.gauge(
            "prometheus_tsdb_head_max_time",
            "Maximum timestamp of the head block. The unit is decided by the library consumer.",
        );
        let seconds = |gauge: &Gauge| {
            let gauge = gauge.clone();
            move || gauge.get() / 1e3
        };
        r.gauge_function(
            "prometheus_tsdb_head_min_time_seconds",
            "Minimum time bound of the head block.",
            seconds(&min_time),
        );
        r.gauge_function(
            "prometheus_tsdb_head_max_time_seconds",
            "Maximum timestamp of the head block.",
            seconds(&max_time),
        );
        Self {
            min_time,
            max_time,
            upkeep: Upkeep::new(r),
            series: r.gauge(
                "prometheus_tsdb_head_series",
                "Total number of series in the head block.",
            ),
            chunks: r.gauge(
                "prometheus_tsdb_head_chunks",
                "Total number of chunks in the head block.",
            ),
            series_created: r.counter(
                "prometheus_tsdb_head_series_created_total",
                "Total number of series created in the head",
            ),
            series_removed: r.counter(
                "prometheus_tsdb_head_series_removed_total",
                "Total number of series removed in the head",
            ),
            chunks_created: r.counter(
                "prometheus_tsdb_head_chunks_created_total",
                "Total number of chunks created in the head",
            ),
            chunks_removed: r.counter(
                "prometheus_tsdb_head_chunks_removed_total",
                "Total number of chunks removed in the head",
            ),
            samples_appended: float(r.counter_family(
                "prometheus_tsdb_head_samples_appended_total",
                "Total number of appended samples.",
                &["type"],
            )),
            out_of_order: float(r.counter_family(
                "prometheus_tsdb_out_of_order_samples_total",
                "Total number of out of order samples ingestion failed attempts.",
                &["type"],
            )),
            out_of_bound: float(r.counter_family(
                "prometheus_tsdb_out_of_bound_samples_total",
                "Total number of out of bound samples ingestion failed attempts.",
                &["type"],
            )),
            truncations: r.counter(
                "prometheus_tsdb_head_truncations_total",
                "Total number of head truncations attempted.",
            ),
            wal_corruptions: r.counter(
                "prometheus_tsdb_wal_corruptions_total",
                "Total number of WAL corruptions.",
            ),
            wal_writes_failed: r.counter(
                "prometheus_tsdb_wal_writes_failed_total",
                "Total number of write log writes that failed.",
            ),
            wal_truncations: r.counter(
                "prometheus_tsdb_wal_truncations_total",
                "Total number of write log truncations attempted.",
            ),
            wal_truncations_failed: r.counter(
                "prometheus_tsdb_wal_truncations_failed_total",
                "Total number of write log truncations that failed.",
            ),
            wal_fsyncs: r.counter(
                "narthex_tsdb_wal_fsyncs_total",
                "Total number of times that the log was made durable.",
            ),
            wal_segment: r.gauge(
                "prometheus_tsdb_wal_segment_current",
                "Write log segment index that TSDB is currently writing to.",
            ),
            wal_unknown_records: r.counter_family(
                "prometheus_tsdb_wal_replay_unknown_refs_total",
                "Total number of unknown series references encountered during WAL replay.",
                &["type"],
            ),
            wal_skipped_records: r.counter(
                "narthex_tsdb_wal_replay_skipped_records_total",
                "Total number of records in the log of kinds that are not known, passed over during WAL replay.",
            ),
            snapshot_errors: r.counter(
                "prometheus_tsdb_snapshot_replay_error_total",
                "Total number snapshot replays that failed.",
            ),
            replayed_samples: r.counter(
                "narthex_tsdb_wal_replay_samples_total",
                "Total number of samples that the start took from the log.",
            ),
            checkpoints_created: r.counter(
                "prometheus_tsdb_checkpoint_creations_total",
                "Total number of checkpoint creations attempted.",
            ),
            checkpoints_failed: r.counter(
                "prometheus_tsdb_checkpoint_creations_failed_total",
                "Total number of checkpoint creations that failed.",
            ),
            replay_seconds: r.gauge(
                "prometheus_tsdb_data_replay_duration_seconds",
                "Time taken to replay the data on disk.",
            ),
            room: RoomMetrics::new(r),
            exemplars: ExemplarMetrics::new(r),
            late: OutOfOrderMetrics::new(r),
        }
    }
}

/// Instruments of samples out of order that are taken, and of their log.
#[derive(Clone)]
pub(crate) struct OutOfOrderMetrics {
    pub(crate) appended: CounterFamily,
    pub(crate) too_old: CounterFamily,
    pub(crate) delta: Histogram,
    pub(crate) segment: Gauge,
    pub(crate) log_bytes: Gauge,
    pub(crate) sync_seconds: Summary,
    pub(crate) writes_failed: Counter,
    pub(crate) truncations: Counter,
    pub(crate) truncations_failed: Counter,
    pub(crate) unknown_records: CounterFamily,
}

impl OutOfOrderMetrics {
    fn new(r: &Registry) -> Self {
        let by_type = |family: CounterFamily| {
            for kind in ["float", "histogram"] {
                family.with(&[kind]);
            }
            family
        };
        Self {
            appended: by_type(r.counter_family(
                "prometheus_tsdb_head_out_of_order_samples_appended_total",
                "Total number of appended out of order samples.",
                &["type"],
            )),
            too_old: by_type(r.counter_family(
                "prometheus_tsdb_too_old_samples_total",
                "Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.",
                &["type"],
            )),
            delta: r.histogram(
                "prometheus_tsdb_sample_ooo_delta",
                "Delta in seconds by which a sample is considered out of order (reported regardless of OOO time window and whether sample is accepted or not).",
                &[600.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0],
            ),
            segment: r.gauge(
                "prometheus_tsdb_out_of_order_wbl_segment_current",
                "Write log segment index that TSDB is currently writing to.",
            ),
            log_bytes: r.gauge(
                "prometheus_tsdb_out_of_order_wbl_storage_size_bytes",
                "Size of the write log directory.",
            ),
            sync_seconds: r.summary(
                "prometheus_tsdb_out_of_order_wbl_fsync_duration_seconds",
                "Duration of write log fsync.",
                &[0.5, 0.9, 0.99],
            ),
            writes_failed: r.counter(
                "prometheus_tsdb_out_of_order_wbl_writes_failed_total",
                "Total number of write log writes that failed.",
            ),
            truncations: r.counter(
                "prometheus_tsdb_out_of_order_wbl_truncations_total",
                "Total number of write log truncations attempted.",
            ),
            truncations_failed: r.counter(
                "prometheus_tsdb_out_of_order_wbl_truncations_failed_total",
                "Total number of write log truncations that failed.",
            ),
            unknown_records: r.counter_family(
                "prometheus_tsdb_wbl_replay_unknown_refs_total",
                "Total number of unknown series references encountered during WBL replay.",
                &["type"],
            ),
        }
    }
}

/// Instruments of blocks, compaction and retention.
#[derive(Clone)]
pub(crate) struct BlockMetrics {
    pub(crate) loaded: Gauge,
    pub(crate) bytes: Gauge,
    pub(crate) lowest_timestamp: Gauge,
    pub(crate) quarantined: Counter,
    pub(crate) safe_starts: Counter,
    pub(crate) reloads: Counter,
    pub(crate) reloads_failed: Counter,
    pub(crate) compactions: Counter,
    pub(crate) compactions_failed: Counter,
    pub(crate) compactions_triggered: Counter,
    pub(crate) vertical_compactions: Counter,
    pub(crate) compaction_seconds: Histogram,
    pub(crate) populating_block: Gauge,
    pub(crate) tombstone_cleanup_seconds: Histogram,
    pub(crate) time_retentions: Counter,
    pub(crate) size_retentions: Counter,
    pub(crate) retention_limit_bytes: Gauge,
    pub(crate) retention_limit_seconds: Gauge,
    pub(crate) retention_limit_percentage: Gauge,
}

impl BlockMetrics {
    pub(crate) fn new(r: &Registry) -> Self {
        let lowest_timestamp = r.gauge(
            "prometheus_tsdb_lowest_timestamp",
            "Lowest timestamp value stored in the database. The unit is decided by the library consumer.",
        );
        let lowest = lowest_timestamp.clone();
        r.gauge_function(
            "prometheus_tsdb_lowest_timestamp_seconds",
            "Lowest timestamp value stored in the database.",
            move || lowest.get() / 1e3,
        );
        Self {
            lowest_timestamp,
            loaded: r.gauge("prometheus_tsdb_blocks_loaded", "Number of currently loaded data blocks"),
            bytes: r.gauge(
                "prometheus_tsdb_storage_blocks_bytes",
                "The number of bytes that are currently used for local storage by all blocks.",
            ),
            quarantined: r.counter(
                "narthex_tsdb_blocks_quarantined_total",
                "Total number of damaged blocks that were moved aside.",
            ),
            safe_starts: r.counter(
                "narthex_tsdb_safe_starts_total",
                "Total number of starts that made blocks of the log because processes had died over it.",
            ),
            reloads: r.counter(
                "prometheus_tsdb_reloads_total",
                "Number of times the database reloaded block data from disk.",
            ),
            reloads_failed: r.counter(
                "prometheus_tsdb_reloads_failures_total",
                "Number of times the database failed to reloadBlocks block data from disk.",
            ),
            compactions: r.counter(
                "prometheus_tsdb_compactions_total",
                "Total number of compactions that were executed for the partition.",
            ),
            compactions_failed: r.counter(
                "prometheus_tsdb_compactions_failed_total",
                "Total number of compactions that failed for the partition.",
            ),
            compactions_triggered: r.counter(
                "prometheus_tsdb_compactions_triggered_total",
                "Total number of triggered compactions for the partition.",
            ),
            vertical_compactions: r.counter(
                "prometheus_tsdb_vertical_compactions_total",
                "Total number of compactions done on overlapping blocks.",
            ),
            compaction_seconds: r.histogram(
                "prometheus_tsdb_compaction_duration_seconds",
                "Duration of compaction runs",
                &exponential_buckets(1.0, 2.0, 14),
            ),
            populating_block: r.gauge(
                "prometheus_tsdb_compaction_populating_block",
                "Set to 1 when a block is currently being written to the disk.",
            ),
            tombstone_cleanup_seconds: r.histogram(
                "prometheus_tsdb_tombstone_cleanup_seconds",
                "The time taken to recompact blocks to remove tombstones.",
                &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
            ),
            time_retentions: r.counter(
                "prometheus_tsdb_time_retentions_total",
                "The number of times that blocks were deleted because the maximum time limit was exceeded.",
            ),
            size_retentions: r.counter(
                "prometheus_tsdb_size_retentions_total",
                "The number of times that blocks were deleted because the maximum number of bytes was exceeded.",
            ),
            retention_limit_bytes: r.gauge(
                "prometheus_tsdb_retention_limit_bytes",
                "Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled",
            ),
            retention_limit_percentage: r.gauge(
                "prometheus_tsdb_retention_limit_percentage",
                "Max percentage of total storage space to be retained in the tsdb blocks, configured 0 means disabled",
            ),
            retention_limit_seconds: r.gauge(
                "prometheus_tsdb_retention_limit_seconds",
                "How long to retain samples in storage.",
            ),
        }
    }
}
