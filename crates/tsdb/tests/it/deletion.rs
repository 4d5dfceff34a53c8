//! Deleting: at once for those who ask, later on the disk; and snapshots.

use host::fs::{Fs as _, SimulatedFs};
use model::{Matcher, TimeRange};

use crate::fixture::{Fixture, HOUR, START, Series, labels, open, open_with, options};

/// What is left of `all` without the samples in `range` of `pod`.
fn without(all: &[Series], pod: &str, range: TimeRange) -> Vec<Series> {
    let mut left = all.to_vec();
    for (labels, samples) in &mut left {
        if labels.contains(&format!("{pod:?}")) {
            samples.retain(|(time, _)| !range.contains(*time));
        }
    }
    left.retain(|(_, samples)| !samples.is_empty());
    left
}

/// Series with samples.
fn filled(f: &Fixture) -> Vec<Series> {
    let mut all = f.all();
    all.retain(|(_, samples)| !samples.is_empty());
    all
}

fn delete(f: &Fixture, pod: &str, range: TimeRange) {
    f.db.delete(&[Matcher::equal("pod", pod)], range).unwrap();
}

#[test]
fn deleted_samples_stay_deleted() {
    let ranges = [
        ("pod-1", TimeRange::ALL),
        ("pod-2", TimeRange::new(START, START + HOUR)),
        ("pod-3", TimeRange::new(START + HOUR, START + 5 * HOUR + 1)),
        ("pod-4", TimeRange::new(START + 5 * HOUR, i64::MAX)),
        ("pod-5", TimeRange::new(0, START - 1)),
        ("pod-2", TimeRange::new(START + 2 * HOUR, START + 2 * HOUR)),
    ];
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(7, START, START + 6 * HOUR, 15_000);
    f.db.maintain().unwrap();
    let mut want = f.all();
    for (pod, range) in ranges {
        delete(&f, pod, range);
        want = without(&want, pod, range);
        assert!(filled(&f) == want, "{pod}");
    }
    assert!(f.paths(".tmp").is_empty());
    drop(f);
    let f = open(&fs);
    assert!(filled(&f) == want, "after a restart");
    f.db.clean_tombstones().unwrap();
    assert!(filled(&f) == want, "after the bytes went");
    // Time goes on: blocks are cut of what was deleted from the head.
    f.fill(7, START + 6 * HOUR, START + 16 * HOUR, 15_000);
    let want = filled(&f);
    f.db.maintain().unwrap();
    assert!(filled(&f) == want, "after cutting and merging");
    drop(f);
    assert!(filled(&open(&fs)) == want);
}

#[test]
fn cleaning_takes_the_bytes_out() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(20, START, START + 4 * HOUR, 15_000);
    f.db.maintain().unwrap();
    let bytes = f.metric("prometheus_tsdb_storage_blocks_bytes");
    let old = f.paths("/meta.json");
    f.db.delete(
        &[Matcher::new("pod", model::MatchOp::NotEqual, "pod-7").unwrap()],
        TimeRange::ALL,
    )
    .unwrap();
    let meta = String::from_utf8(fs.read(old[0].as_ref()).unwrap()).unwrap();
    assert!(meta.contains("\"numTombstones\": 19"), "{meta}");
    f.db.clean_tombstones().unwrap();
    let new = f.paths("/meta.json");
    assert!(new.len() == 1 && new != old);
    let meta = String::from_utf8(fs.read(new[0].as_ref()).unwrap()).unwrap();
    assert!(
        meta.contains("\"numSeries\": 1") && !meta.contains("numTombstones"),
        "{meta}"
    );
    assert!(f.metric("prometheus_tsdb_storage_blocks_bytes") < bytes / 4.0);
    // Nothing is left of a block of which everything was deleted.
    f.db.delete(&[], TimeRange::ALL).unwrap();
    f.db.clean_tombstones().unwrap();
    assert!(f.paths("/meta.json").is_empty());
    assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 0.0);
    assert!(filled(&f).is_empty());
    // And the head goes on.
    f.append(&[(labels(3), START + 4 * HOUR, 1.0)]).unwrap();
    assert_eq!(filled(&f).len(), 1);
    // The log, which still had the samples, brings none of them back.
    drop(f);
    let f = open(&fs);
    assert_eq!(
        filled(&f),
        [(labels(3).to_string(), vec![(START + 4 * HOUR, 1.0)])]
    );
}

/// The log may have samples of a series that has ended: no other one gets them.
#[test]
fn a_new_series_does_not_get_samples_of_one_that_ended() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(3, START, START + 9 * HOUR, 15_000);
    delete(&f, "pod-2", TimeRange::ALL);
    f.db.maintain().unwrap();
    drop(f);
    let f = open(&fs);
    f.append(&[(labels(50), START + 9 * HOUR, 1.0)]).unwrap();
    let want = filled(&f);
    assert_eq!(want.len(), 3);
    drop(f);
    assert!(filled(&open(&fs)) == want);
}

#[test]
fn a_snapshot_holds_everything_and_follows_nothing() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(5, START, START + 9 * HOUR, 15_000);
    f.db.maintain().unwrap();
    let before = f.all();
    let name = f.db.snapshot(false).unwrap();
    assert!(
        name.starts_with("20231114T221320Z-") && name.len() == 33,
        "{name}"
    );
    let blocks_only = f.db.snapshot(true).unwrap();
    delete(&f, "pod-1", TimeRange::ALL);
    f.db.clean_tombstones().unwrap();
    f.fill(5, START + 9 * HOUR, START + 10 * HOUR, 15_000);
    let head_from = f.metric("prometheus_tsdb_head_min_time") as i64;
    drop(f);
    for (name, whole) in [(name, true), (blocks_only, false)] {
        let mut at = options();
        at.path = format!("/data/snapshots/{name}").into();
        let copy = open_with(&fs, at).unwrap();
        let mut want = before.clone();
        for (_, samples) in &mut want {
            samples.retain(|(time, _)| whole || *time < head_from);
        }
        assert!(copy.all() == want, "{whole}");
    }
}
