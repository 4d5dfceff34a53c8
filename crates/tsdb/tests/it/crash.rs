//! What was committed is there again, however the process and the log's last bytes ended.

use host::fs::{Fs, SimulatedFs};
use model::value::STALE_BITS;
use tsdb::{Options, WalOptions};

use crate::fixture::{HOUR, START, labels, open, open_with, options};

#[test]
fn a_dropped_database_comes_back_whole() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(700, START, START + 600_000, 15_000);
    f.append(&[(labels(3), START + 700_000, f64::from_bits(STALE_BITS))])
        .unwrap();
    let before = f.all();
    drop(f);
    let f = open(&fs);
    let bits = |all: &[crate::fixture::Series]| -> Vec<_> {
        all.iter()
            .map(|(l, s)| {
                (
                    l.clone(),
                    s.iter().map(|s| (s.0, s.1.to_bits())).collect::<Vec<_>>(),
                )
            })
            .collect()
    };
    assert!(bits(&f.all()) == bits(&before));
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 0.0);
    f.fill(701, START + 800_000, START + 900_000, 15_000);
    let before = f.all();
    drop(f);
    assert!(bits(&open(&fs).all()) == bits(&before));
}

#[test]
fn a_log_torn_anywhere_opens_with_the_commits_before() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    for i in 0..12 {
        f.append(&[
            (labels(i % 4), START + i as i64, 1.0),
            (labels(9), START + i as i64, 2.0),
        ])
        .unwrap();
    }
    let whole: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
    drop(f);
    let path = std::path::Path::new("/data/wal/00000000");
    let bytes = fs.read(path).unwrap();
    let mut last = 0;
    for len in 0..=bytes.len() {
        let fs = SimulatedFs::default();
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        fs.write(path, &bytes[..len]).unwrap();
        let f = open(&fs);
        let found: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
        assert!(
            found >= last && found.is_multiple_of(2),
            "cut at {len}: {found} after {last}"
        );
        last = found;
        f.append(&[(labels(1), START + 100, 3.0)]).unwrap();
        drop(f);
        let f = open(&fs);
        assert_eq!(
            f.metric("prometheus_tsdb_wal_corruptions_total"),
            0.0,
            "cut at {len}"
        );
        let again: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
        assert_eq!(again, found + 1, "cut at {len}");
    }
    assert_eq!(last, whole);
}

#[test]
fn a_truncated_log_still_names_every_series() {
    let fs = SimulatedFs::default();
    let wal = WalOptions {
        segment_bytes: 64 << 10,
        ..WalOptions::default()
    };
    let small = Options { wal, ..options() };
    let f = open_with(&fs, small.clone()).unwrap();
    f.fill(40, START, START + 5 * HOUR, 30_000);
    f.db.maintain().unwrap();
    let folders = |f: &crate::fixture::Fixture| {
        let paths = f.paths("/wal/checkpoint.").into_iter();
        let folders = paths.map(|path| path.rsplit_once('/').unwrap().0.to_owned());
        folders.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(folders(&f).len(), 1);
    for hours in [7, 9, 11] {
        f.fill(40, START + (hours - 2) * HOUR, START + hours * HOUR, 30_000);
        f.db.maintain().unwrap();
    }
    let before = f.all();
    assert_eq!(before.len(), 40);
    assert!(before.iter().all(|(_, samples)| samples.len() == 11 * 120));
    let checkpoints = folders(&f);
    assert_eq!(checkpoints.len(), 2);
    drop(f);
    let f = open_with(&fs, small.clone()).unwrap();
    assert!(f.all() == before);
    let unknown =
        |f: &crate::fixture::Fixture| f.metric("prometheus_tsdb_wal_replay_unknown_refs_total");
    assert_eq!(unknown(&f), 0.0);
    drop(f);

    // The newest checkpoint is damaged: what it was made of takes its place.
    let damaged = format!("{}/00000000", checkpoints.last().unwrap());
    let path = std::path::Path::new(&damaged);
    let mut bytes = fs.read(path).unwrap();
    bytes[20] ^= 1;
    fs.write(path, &bytes).unwrap();
    let f = open_with(&fs, small).unwrap();
    assert!(f.all() == before);
    assert_eq!(unknown(&f), 0.0);
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 1.0);
}

#[test]
fn a_closed_database_says_so() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(2, START, START + 60_000, 15_000);
    f.db.close().unwrap();
    let error = f.append(&[(labels(0), START + 90_000, 1.0)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "storage is not writable: the database is closed"
    );
    assert_eq!(open(&fs).all().len(), 2);
}
