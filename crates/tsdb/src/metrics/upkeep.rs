//! What maintenance tells: chunks of new blocks, truncations, files beside the blocks.

use exposition::Registry;
use exposition::instrument::exponential_buckets;
use exposition::instrument::{Counter, Gauge, Histogram, Summary};
use model::TimeRange;

/// Instruments of what is done every minute, and of who appends meanwhile.
#[derive(Clone)]
pub(crate) struct Upkeep {
    chunk_bytes: Histogram,
    chunk_samples: Histogram,
    chunk_range: Histogram,
    pub(crate) active_appenders: Gauge,
    /// Appends with a reference that stands for no series any more.
    pub(crate) series_not_found: Counter,
    pub(crate) truncations_failed: Counter,
    pub(crate) truncation_seconds: Summary,
    pub(crate) log_truncation_seconds: Summary,
    pub(crate) sync_seconds: Summary,
    pub(crate) checkpoint_deletions: Counter,
    pub(crate) checkpoint_deletions_failed: Counter,
    pub(crate) chunks_filed: Counter,
    pub(crate) chunk_file_corruptions: Counter,
    pub(crate) chunk_file_bytes: Gauge,
    pub(crate) log_bytes: Gauge,
    pub(crate) symbol_bytes: Gauge,
    /// 1 if the process before ended in order, 0 if it did not, -1 if nobody knows.
    pub(crate) clean_start: Gauge,
}

impl Upkeep {
    pub(super) fn new(r: &Registry) -> Self {
        // Nothing switches it off here.
        r.counter(
            "prometheus_tsdb_compactions_skipped_total",
            "Total number of skipped compactions due to disabled auto compaction.",
        );
        Self {
            chunk_bytes: r.histogram(
                "prometheus_tsdb_compaction_chunk_size_bytes",
                "Final size of chunks on their first compaction",
                &exponential_buckets(32.0, 1.5, 12),
            ),
            chunk_samples: r.histogram(
                "prometheus_tsdb_compaction_chunk_samples",
                "Final number of samples on their first compaction",
                &exponential_buckets(4.0, 1.5, 12),
            ),
            chunk_range: r.histogram(
                "prometheus_tsdb_compaction_chunk_range_seconds",
                "Final time range of chunks on their first compaction",
                &exponential_buckets(100.0, 4.0, 10),
            ),
            active_appenders: r.gauge(
                "prometheus_tsdb_head_active_appenders",
                "Number of currently active appender transactions",
            ),
            series_not_found: r.counter(
                "prometheus_tsdb_head_series_not_found_total",
                "Total number of requests for series that were not found.",
            ),
            truncations_failed: r.counter(
                "prometheus_tsdb_head_truncations_failed_total",
                "Total number of head truncations that failed.",
            ),
            truncation_seconds: r.summary(
                "prometheus_tsdb_head_gc_duration_seconds",
                "Runtime of garbage collection in the head block.",
                &[],
            ),
            log_truncation_seconds: r.summary(
                "prometheus_tsdb_wal_truncate_duration_seconds",
                "Duration of WAL truncation.",
                &[],
            ),
            sync_seconds: r.summary(
                "prometheus_tsdb_wal_fsync_duration_seconds",
                "Duration of write log fsync.",
                &[0.5, 0.9, 0.99],
            ),
            checkpoint_deletions: r.counter(
                "prometheus_tsdb_checkpoint_deletions_total",
                "Total number of checkpoint deletions attempted.",
            ),
            checkpoint_deletions_failed: r.counter(
                "prometheus_tsdb_checkpoint_deletions_failed_total",
                "Total number of checkpoint deletions that failed.",
            ),
            chunks_filed: r.counter(
                "prometheus_tsdb_mmap_chunks_total",
                "Total number of chunks that were memory-mapped.",
            ),
            chunk_file_corruptions: r.counter(
                "prometheus_tsdb_mmap_chunk_corruptions_total",
                "Total number of memory-mapped chunk corruptions.",
            ),
            chunk_file_bytes: r.gauge(
                "prometheus_tsdb_head_chunks_storage_size_bytes",
                "Size of the chunks_head directory.",
            ),
            log_bytes: r.gauge(
                "prometheus_tsdb_wal_storage_size_bytes",
                "Size of the write log directory.",
            ),
            symbol_bytes: r.gauge(
                "prometheus_tsdb_symbol_table_size_bytes",
                "Size of symbol table in memory for loaded blocks",
            ),
            clean_start: r.gauge(
                "prometheus_tsdb_clean_start",
                "-1: lockfile is disabled. 0: a lockfile from a previous execution was replaced. \
                 1: lockfile creation was clean",
            ),
        }
    }

    /// A chunk of the head was written into a block.
    pub(crate) fn chunk_written(&self, bytes: usize, samples: u64, range: TimeRange) {
        self.chunk_bytes.observe(bytes as f64);
        self.chunk_samples.observe(samples as f64);
        // Milliseconds whatever the name says, as upstream.
        let span = range.max_time.saturating_sub(range.min_time);
        self.chunk_range.observe(span as f64);
    }
}
