//! When a batch is safe from a power failure, and what happens when the disk refuses to make it so.

use host::fs::{SimulatedFs, Survival};
use storage::{Append, AppendError, Appendable, Commit};
use tsdb::{Durability, Options};

use crate::fixture::{Fixture, START, labels, open_with, options};

fn open(fs: &SimulatedFs, durability: Durability) -> Fixture {
    let options = Options {
        durability,
        ..options()
    };
    open_with(fs, options).unwrap()
}

fn acknowledge(f: &Fixture, series: usize, time: i64) -> Result<Commit, AppendError> {
    let mut appender = f.db.appender();
    appender.append(Append::new(&labels(series), time, 1.0))?;
    appender.commit_durably()
}

/// Samples that are there after a power failure now, when nothing survives that was not synced.
fn left(fs: &SimulatedFs) -> usize {
    let mut timeline = fs.timeline();
    while timeline.advance() {}
    let disk = timeline.after_power_failure(Survival::Nothing);
    let f = open(&disk, Durability::Interval);
    f.all().iter().map(|(_, samples)| samples.len()).sum()
}

#[test]
fn modes_say_what_waits_for_the_disk() {
    // What is left after a commit, one that is acknowledged, and the sync of every second.
    let cases = [
        (Durability::Always, [1, 2, 2]),
        (Durability::Interval, [0, 2, 2]),
        (Durability::Os, [0, 0, 0]),
    ];
    for (durability, want) in cases {
        let fs = SimulatedFs::recorded();
        let f = open(&fs, durability);
        f.append(&[(labels(0), START, 1.0)]).unwrap();
        let committed = left(&fs);
        acknowledge(&f, 1, START).unwrap();
        let acknowledged = left(&fs);
        f.db.sync().unwrap();
        assert_eq!([committed, acknowledged, left(&fs)], want, "{durability:?}");
    }
}

/// The same for samples out of order, which have a log of their own.
#[test]
fn late_samples_are_as_safe() {
    let cases = [
        (Durability::Always, [2, 3, 3]),
        (Durability::Interval, [1, 3, 3]),
        (Durability::Os, [0, 0, 0]),
    ];
    for (durability, want) in cases {
        let fs = SimulatedFs::recorded();
        let f = open(&fs, durability);
        f.db.set_out_of_order_window(60_000);
        acknowledge(&f, 0, START).unwrap();
        f.append(&[(labels(0), START - 20_000, 1.0)]).unwrap();
        let committed = left(&fs);
        acknowledge(&f, 0, START - 10_000).unwrap();
        let acknowledged = left(&fs);
        f.db.sync().unwrap();
        assert_eq!([committed, acknowledged, left(&fs)], want, "{durability:?}");
    }
}

/// A process that ends before a sync leaves its samples to the operating system, and the next one
/// builds on them.
#[test]
fn the_next_process_makes_safe_what_the_one_before_left() {
    let fs = SimulatedFs::recorded();
    let late = |f: &Fixture| f.db.set_out_of_order_window(60_000);
    let f = open(&fs, Durability::Interval);
    late(&f);
    acknowledge(&f, 0, START).unwrap();
    f.append(&[(labels(0), START - 20_000, 1.0)]).unwrap();
    f.append(&[(labels(0), START + 20_000, 1.0)]).unwrap();
    assert_eq!(left(&fs), 1);
    drop(f);
    let f = open(&fs, Durability::Interval);
    late(&f);
    f.db.sync().unwrap();
    assert_eq!(left(&fs), 3);
}

#[test]
fn what_could_not_be_synced_is_not_acknowledged_and_the_next_batch_is_safe() {
    let fs = SimulatedFs::recorded();
    let f = open(&fs, Durability::Interval);
    acknowledge(&f, 0, START).unwrap();
    fs.set_fails_syncs(true);
    let error = acknowledge(&f, 1, START).unwrap_err();
    assert!(
        error.to_string().contains("the disk does not answer"),
        "{error}"
    );
    fs.set_fails_syncs(false);
    // The series of both were named in the segment that is lost.
    for series in [0, 1, 2] {
        acknowledge(&f, series, START + 1_000).unwrap();
    }
    assert!(left(&fs) >= 4, "{}", left(&fs));
    // Sent again, as whoever was not answered does.
    acknowledge(&f, 1, START + 1_000).unwrap();
}

#[test]
fn many_who_wait_share_a_sync() {
    let fs = SimulatedFs::recorded();
    let f = open(&fs, Durability::Interval);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let f = &f;
            scope.spawn(move || {
                for number in 0..50 {
                    acknowledge(f, thread * 100 + number, START).unwrap();
                }
            });
        }
    });
    assert_eq!(left(&fs), 400);
}
