//! What maintenance waits for, and what is told of it.

use exposition::Collector as _;
use host::fs::SimulatedFs;
use model::{MetricValue, SeriesRef};
use storage::{Append, Appendable as _};
use tsdb::Options;

use crate::fixture::{Fixture, HOUR, START, labels, open, open_with, options};

#[test]
fn a_block_that_is_due_waits_as_long_as_chance_says() {
    let fs = SimulatedFs::default();
    let delayed = Options {
        compaction_delay_percent: 100,
        ..options()
    };
    let f = open_with(&fs, delayed).unwrap();
    f.fill(3, START, START + 4 * HOUR, 60_000);
    // No time passes here, and the delay is hardly ever none.
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 0.0);
    drop(f);
    let f = open(&fs);
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
}

#[test]
fn chunks_of_new_blocks_are_told() {
    let f = open(&SimulatedFs::default());
    f.fill(10, START, START + 4 * HOUR, 60_000);
    f.db.maintain().unwrap();
    let chunks = f.db.block_metas()[0].stats.num_chunks;
    for name in ["size_bytes", "samples", "range_seconds"] {
        let name = format!("prometheus_tsdb_compaction_chunk_{name}");
        assert_eq!(observations(&f, &name), chunks, "{name}");
    }
    assert_eq!(
        observations(&f, "prometheus_tsdb_head_gc_duration_seconds"),
        1
    );
    assert!(f.metric("prometheus_tsdb_wal_storage_size_bytes") > 1_000.0);
    let millis = f.metric("prometheus_tsdb_head_max_time");
    assert_eq!(
        f.metric("prometheus_tsdb_head_max_time_seconds"),
        millis / 1e3
    );
}

#[test]
fn who_starts_learns_how_the_process_before_ended() {
    let fs = SimulatedFs::default();
    for (closes, clean) in [(true, 1.0), (false, 1.0), (true, 0.0), (true, 1.0)] {
        let f = open(&fs);
        assert_eq!(f.metric("prometheus_tsdb_clean_start"), clean);
        if closes {
            f.db.close().unwrap();
        }
    }
    let unlocked = Options {
        no_lockfile: true,
        ..options()
    };
    let f = open_with(&fs, unlocked).unwrap();
    assert_eq!(f.metric("prometheus_tsdb_clean_start"), -1.0);
}

#[test]
fn batches_that_are_open_are_counted() {
    let f = open(&SimulatedFs::default());
    let open_batches = || f.metric("prometheus_tsdb_head_active_appenders");
    let mut first = f.db.appender();
    let second = f.db.appender();
    assert_eq!(open_batches(), 2.0);
    let labels = labels(0);
    let stale = Append::new(&labels, START, 1.0).with_series(SeriesRef::new(99));
    first.append(stale).unwrap();
    assert_eq!(f.metric("prometheus_tsdb_head_series_not_found_total"), 1.0);
    first.commit().unwrap();
    second.rollback();
    assert_eq!(open_batches(), 0.0);
}

/// How often a histogram or summary was told something.
fn observations(f: &Fixture, name: &str) -> u64 {
    let mut families = Vec::new();
    f.registry.collect(&mut families);
    let family = families.iter().find(|family| family.name == name).unwrap();
    match &family.metrics[0].value {
        MetricValue::Histogram { count, .. } | MetricValue::Summary { count, .. } => *count as u64,
        other => panic!("{name}: {other:?}"),
    }
}
