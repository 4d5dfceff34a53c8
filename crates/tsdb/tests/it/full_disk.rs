//! A disk that is full or read-only, at start and while running.

use host::fs::SimulatedFs;
use storage::AppendError;

use crate::fixture::{HOUR, START, labels, open, open_with, options};

fn used(fs: &SimulatedFs) -> u64 {
    fs.files().iter().map(|(_, len)| len).sum()
}

#[test]
fn appends_are_refused_while_the_disk_is_full_and_go_on_after() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(10, START, START + 60_000, 15_000);
    fs.set_capacity(Some(used(&fs) + 20));
    for time in [60_000, 75_000] {
        let error = f.append(&[(labels(11), START + time, 1.0)]).unwrap_err();
        assert!(matches!(error, AppendError::ReadOnly(_)));
        assert!(error.to_string().contains("/data/wal/00000000"), "{error}");
    }
    assert_eq!(f.all().len(), 10);
    fs.set_capacity(None);
    f.append(&[(labels(11), START + 90_000, 1.0)]).unwrap();
    let before = f.all();
    assert_eq!(before.len(), 11);
    drop(f);
    let f = open(&fs);
    assert_eq!(f.all(), before);
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 0.0);
}

#[test]
fn a_block_that_does_not_fit_is_tried_again() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(30, START, START + 4 * HOUR, 15_000);
    let before = f.all();
    fs.set_capacity(Some(used(&fs) + 2_000));
    f.db.maintain().unwrap_err();
    assert!(f.paths("tmp-for-creation").is_empty());
    assert_eq!(f.metric("prometheus_tsdb_compactions_failed_total"), 1.0);
    assert!(f.all() == before);
    fs.set_capacity(None);
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
    assert!(f.all() == before);
}

#[test]
fn retention_frees_a_disk_on_which_no_block_can_be_cut() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    for part in 0..3 {
        let from = START + part * 2 * HOUR;
        f.fill(100, from, from + 2 * HOUR, 15_000);
        f.db.maintain().unwrap();
    }
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 2.0);
    f.fill(100, START + 6 * HOUR, START + 8 * HOUR, 15_000);
    drop(f);

    let mut limited = options();
    limited.retention.size = 1;
    let f = open_with(&fs, limited).unwrap();
    fs.set_capacity(Some(used(&fs) + 2_000));
    f.db.maintain().unwrap_err();
    assert_eq!(f.metric("prometheus_tsdb_compactions_failed_total"), 1.0);
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 1.0);
}

#[test]
fn a_full_disk_at_start_is_no_reason_not_to_start() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(3, START, START + 60_000, 15_000);
    let before = f.all();
    drop(f);
    fs.set_capacity(Some(used(&fs)));
    let f = open(&fs);
    assert_eq!(f.all(), before);
    assert!(f.append(&[(labels(1), START + 90_000, 1.0)]).is_err());
}

#[test]
fn a_read_only_directory_is_refused_by_name() {
    let fs = SimulatedFs::default();
    drop(open(&fs));
    fs.set_read_only(true);
    let error = open_with(&fs, options()).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("/data") && text.contains("not writable"),
        "{text}"
    );
}

#[test]
fn a_disk_that_turns_read_only_heals() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(3, START, START + 60_000, 15_000);
    fs.set_read_only(true);
    let error = f.append(&[(labels(1), START + 60_000, 1.0)]).unwrap_err();
    assert!(matches!(error, AppendError::ReadOnly(_)), "{error}");
    fs.set_read_only(false);
    f.append(&[(labels(1), START + 60_000, 1.0)]).unwrap();
}
