//! The head comes back from the snapshot that a clean end leaves; one that does not fit what else is
//! there changes nothing.

use std::path::{Path, PathBuf};

use host::fs::{Fs as _, SimulatedFs};
use model::{Matcher, TimeRange};
use tsdb::{Options, WalOptions};

use crate::fixture::{Fixture, HOUR, START, Series, chunks_of, labels, open_with, options};
use crate::native::append_some;

const SNAPSHOT: &str = "/chunk_snapshot.";
/// That of native histograms.
const STEP: i64 = 30_000;

fn small() -> Options {
    Options {
        block_range: HOUR,
        out_of_order_window: HOUR,
        wal: WalOptions {
            segment_bytes: 64 << 10,
            ..WalOptions::default()
        },
        ..options()
    }
}

fn start(fs: &SimulatedFs) -> Fixture {
    open_with(fs, small()).unwrap()
}

fn faults(f: &Fixture) -> f64 {
    f.metric("prometheus_tsdb_snapshot_replay_error_total")
}

/// Samples that the start took from the log.
fn replayed(f: &Fixture) -> f64 {
    f.metric("narthex_tsdb_wal_replay_samples_total")
}

#[test]
fn a_clean_restart_reads_no_more_of_the_log() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(700, START, START + HOUR / 2, STEP);
    append_some(&f, 0..60);
    f.append(&[(labels(3), START + 7, 0.5)]).unwrap();
    let before = f.all();
    f.db.close().unwrap();
    assert_eq!(f.paths(SNAPSHOT).len(), 2);

    let f = start(&fs);
    assert_eq!((faults(&f), replayed(&f)), (0.0, 0.0));
    assert!(f.all() == before);
    // What comes behind it is in the log, however the process ends.
    f.fill(701, START + HOUR / 2, START + HOUR / 2 + 10 * STEP, STEP);
    append_some(&f, 60..65);
    f.db.maintain().unwrap();
    let before = f.all();
    drop(f);
    let f = start(&fs);
    assert_eq!(faults(&f), 0.0);
    assert!(replayed(&f) > 7_000.0 && replayed(&f) < 8_000.0);
    assert!(f.all() == before);
    f.db.close().unwrap();
    assert_eq!(f.paths(SNAPSHOT).len(), 2, "the one of before is gone");
    let f = start(&fs);
    assert!(f.all() == before);
}

/// Chunks that were open go on as if nothing had happened.
#[test]
fn blocks_come_out_alike_with_and_without_restarts() {
    let chunks = |ends: &[i64]| {
        let fs = SimulatedFs::default();
        let mut f = start(&fs);
        let mut from = 0;
        for &end in ends.iter().chain(&[400]) {
            for step in from..end {
                f.fill(30, START + step * STEP, START + (step + 1) * STEP, STEP);
                append_some(&f, step..step + 1);
            }
            from = end;
            f.db.close().unwrap();
            drop(f);
            f = start(&fs);
            assert_eq!((faults(&f), replayed(&f)), (0.0, 0.0));
        }
        f.db.maintain().unwrap();
        let files = f.paths("/chunks/");
        assert!(!files.is_empty());
        let files = files.iter().map(|path| fs.read(Path::new(path)).unwrap());
        let chunks = files.flat_map(|file| {
            let chunks = chunks_of(&file).into_iter();
            let owned = chunks.map(|(encoding, data)| (encoding, data.to_vec()));
            owned.collect::<Vec<_>>()
        });
        // Names of blocks are by chance, and so is their order.
        let mut chunks: Vec<_> = chunks.collect();
        chunks.sort();
        chunks
    };
    let whole = chunks(&[]);
    assert!(whole.len() > 60);
    assert!(chunks(&[1, 2, 29, 30, 31, 32, 130, 333, 334, 335, 350]) == whole);
}

type Damage<'a> = (&'a str, Box<dyn Fn(&SimulatedFs) + 'a>);

/// Everything that may be wrong with a snapshot or with what it was made beside: the log has all.
#[test]
fn a_snapshot_that_does_not_fit_is_left_aside() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(400, START, START + HOUR / 2, STEP / 3);
    append_some(&f, 0..60);
    let all = f.all();
    f.db.close().unwrap();
    let files = fs.files();
    let path = |part: &str| -> PathBuf {
        let mut found = files
            .iter()
            .filter(|(path, len)| *len > 0 && path.display().to_string().contains(part));
        found.next_back().unwrap().0.clone()
    };
    let (records, supplement) = (
        path("chunk_snapshot.").with_file_name("00000000"),
        path("narthex"),
    );
    let (chunks, last) = (path("chunks_head/"), path("/wal/"));
    let flip = |path: PathBuf, at: usize| {
        move |fs: &SimulatedFs| {
            let mut bytes = fs.read(&path).unwrap();
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 4;
            fs.write(&path, &bytes).unwrap();
        }
    };
    let cut = |path: PathBuf, len: usize| {
        move |fs: &SimulatedFs| {
            let bytes = fs.read(&path).unwrap();
            fs.write(&path, &bytes[..len.min(bytes.len())]).unwrap();
        }
    };
    let page = 32 << 10;
    let damages: Vec<Damage<'_>> = vec![
        ("a record", Box::new(flip(records.clone(), 5_000))),
        ("cut off", Box::new(cut(records.clone(), page))),
        ("empty", Box::new(cut(records.clone(), 0))),
        (
            "no records",
            Box::new(|fs| fs.remove_file(&records).unwrap()),
        ),
        ("the supplement", Box::new(flip(supplement.clone(), 30))),
        ("half a supplement", Box::new(cut(supplement.clone(), 30))),
        ("a chunk file", Box::new(flip(chunks.clone(), 5_000))),
        ("a short chunk file", Box::new(cut(chunks.clone(), 5_000))),
        (
            "no chunk file",
            Box::new(|fs| fs.remove_file(&chunks).unwrap()),
        ),
        (
            "a folder with a later name",
            Box::new(|fs| {
                let later = Path::new("/data/chunk_snapshot.000900.0000032768");
                fs.rename(records.parent().unwrap(), later).unwrap();
            }),
        ),
    ];
    for (what, damage) in &damages {
        let fs = copied(&fs);
        damage(&fs);
        let f = start(&fs);
        assert_eq!(faults(&f), 1.0, "{what}");
        assert!(f.all() == all, "{what}");
        assert!(f.paths(SNAPSHOT).is_empty(), "{what}: it is of no use");
        f.db.close().unwrap();
        assert!(start(&fs).all() == all, "{what}");
    }
    // Without the end of the log there is less, and nobody knows what the snapshot belongs to.
    for (what, damage) in [
        (
            "a short log",
            Box::new(cut(last.clone(), 0)) as Box<dyn Fn(&SimulatedFs)>,
        ),
        (
            "no log",
            Box::new(|fs: &SimulatedFs| fs.remove_dir_all(Path::new("/data/wal")).unwrap()),
        ),
    ] {
        let fs = copied(&fs);
        damage(&fs);
        let f = start(&fs);
        assert_eq!(faults(&f), 1.0, "{what}");
        let found: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
        let want: usize = all.iter().map(|(_, samples)| samples.len()).sum();
        assert!(found < want, "{what}");
    }
}

/// Somebody else, who knows nothing of snapshots, has gone on with the directory meanwhile.
#[test]
fn a_snapshot_may_be_older_than_the_log() {
    let without = Options {
        memory_snapshot: false,
        ..small()
    };
    for (hours, is_outdated) in [(0, false), (6, true)] {
        let fs = SimulatedFs::default();
        let f = start(&fs);
        f.fill(300, START, START + HOUR / 2, STEP);
        f.db.close().unwrap();
        let f = open_with(&fs, without.clone()).unwrap();
        let mut from = START + HOUR / 2;
        for _ in 0..=hours {
            f.fill(310, from, from + HOUR / 2, STEP);
            f.db.maintain().unwrap();
            from += HOUR / 2;
        }
        let range = TimeRange::new(START, START + HOUR);
        f.db.delete(&[Matcher::equal("pod", "pod-7")], range)
            .unwrap();
        let all = f.all();
        f.db.close().unwrap();
        // Where the log was folded, it has gone already.
        assert_eq!(f.paths(SNAPSHOT).is_empty(), is_outdated);
        let f = start(&fs);
        assert_eq!(faults(&f), 0.0);
        assert!(f.all() == all);
    }
}

/// As Prometheus writes it: what the supplement says is learned from the log before it.
#[test]
fn a_snapshot_without_a_supplement_is_gone_by() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(300, START, START + HOUR / 2, STEP);
    append_some(&f, 0..60);
    let all = f.all();
    f.db.close().unwrap();
    let supplement = f.paths("/narthex").pop().unwrap();
    fs.remove_file(Path::new(&supplement)).unwrap();
    let theirs = copied(&fs);
    let f = start(&fs);
    assert_eq!((faults(&f), replayed(&f)), (0.0, 0.0));
    assert!(f.all() == all);

    // Beside another log it is none.
    theirs.remove_file(Path::new("/data/wal/00000000")).unwrap();
    let f = start(&theirs);
    assert_eq!(faults(&f), 1.0);
}

#[test]
fn deletions_are_remembered() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(20, START, START + 20 * STEP, STEP);
    let delete = |f: &Fixture, pod: &str, from: i64, to: i64| {
        let range = TimeRange::new(START + from * STEP, START + to * STEP);
        f.db.delete(&[Matcher::equal("pod", pod)], range).unwrap();
    };
    delete(&f, "pod-3", 2, 4);
    delete(&f, "pod-4", 15, 40);
    // At a time that was deleted.
    f.append(&[(labels(4), START + 17 * STEP, 0.25)]).unwrap();
    let all = f.all();
    f.db.close().unwrap();
    assert!(!f.paths(SNAPSHOT).is_empty());
    for memory_snapshot in [true, false] {
        let fs = copied(&fs);
        let options = Options {
            memory_snapshot,
            ..small()
        };
        let f = open_with(&fs, options.clone()).unwrap();
        assert!(f.all() == all);
        assert_eq!(f.db.delete(&[], TimeRange::new(0, 1)).ok(), Some(()));
        let newest = f.append(&[(labels(9), START + 5 * STEP, 1.0)]).unwrap();
        assert_eq!(newest.samples, 1, "the window holds");
        f.fill(20, START + 50 * STEP, START + 400 * STEP, STEP);
        f.db.maintain().unwrap();
        let all = f.all();
        drop(f);
        // A full replay has the same, although chunks went to files.
        let options = Options {
            memory_snapshot: false,
            ..options
        };
        let f = open_with(&fs, options).unwrap();
        assert!(f.all() == all, "{memory_snapshot}");
    }

    // More than one chunk of a series with deletions: the next start reads the log.
    let f = start(&fs);
    f.fill(20, START + 50 * STEP, START + 200 * STEP, STEP);
    let before = f.paths(SNAPSHOT);
    let all = f.all();
    f.db.close().unwrap();
    assert_eq!(f.paths(SNAPSHOT), before);
    let f = start(&fs);
    assert_eq!(faults(&f), 0.0);
    assert!(f.all() == all);
}

/// References of series that have ended, or were only begun, are not given out again.
#[test]
fn a_full_replay_is_possible_after_any_start() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(40, START, START + 2 * STEP, STEP);
    {
        use storage::{Append, Appendable as _};
        let mut appender = f.db.appender();
        let labels = labels(99);
        let append = Append::new(&labels, START + 5 * STEP, 1.0);
        let _ = appender.append(append).unwrap();
        appender.rollback();
    }
    // All but the first ten end.
    f.fill(10, START + 2 * STEP, START + 6 * HOUR, 60_000);
    f.db.maintain().unwrap();
    f.db.maintain().unwrap();
    f.db.close().unwrap();
    let f = start(&fs);
    assert_eq!((faults(&f), replayed(&f)), (0.0, 0.0));
    f.fill(150, START + 6 * HOUR, START + 6 * HOUR + 5 * STEP, STEP);
    let all = f.all();
    drop(f);
    let without = Options {
        memory_snapshot: false,
        ..small()
    };
    let f = open_with(&fs, without).unwrap();
    let unknown = f.metric("prometheus_tsdb_wal_replay_unknown_refs_total");
    assert_eq!(unknown, 0.0);
    same(&f.all(), &all);
}

fn same(found: &[Series], want: &[Series]) {
    assert_eq!(found.len(), want.len());
    for (found, want) in found.iter().zip(want) {
        assert_eq!(found, want);
    }
}

fn copied(from: &SimulatedFs) -> SimulatedFs {
    let fs = SimulatedFs::default();
    for (path, _) in from.files() {
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        fs.write(&path, &from.read(&path).unwrap()).unwrap();
    }
    fs
}
