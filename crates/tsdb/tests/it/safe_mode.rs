//! Two processes have died over the log: the third makes blocks of it, a share of the series at a time.

use std::path::Path;

use host::fs::{Fs as _, SimulatedFs, Survival};
use model::{Matcher, TimeRange};
use tsdb::{Db, Options, WalOptions};

use crate::fixture::{Fixture, HOUR, START, Series, labels, open_with, options};
use crate::native::append_some;

const ATTEMPTS: &str = "/data/replay_attempts";

fn small() -> Options {
    Options {
        block_range: HOUR,
        out_of_order_window: HOUR,
        safe_mode_bytes: 50_000,
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

/// A database with blocks, samples out of order and deletions, left by two processes that died.
fn left(fs: &SimulatedFs) -> Vec<Series> {
    let f = start(fs);
    f.fill(90, START, START + 3 * HOUR, 60_000);
    f.db.maintain().unwrap();
    assert!(!f.db.block_metas().is_empty());
    f.db.close().unwrap();
    drop(f);
    let f = start(fs);
    for step in 0..60 {
        let time = START + 3 * HOUR + step * 30_000;
        f.fill(100, time, time + 1, 30_000);
        // It is one of samples out of order now.
        append_some(&f, 360 + step..361 + step);
        let late = time - 25_000 - step % 7;
        f.append(&[(labels(step as usize), late, 0.5)]).unwrap();
    }
    let range = TimeRange::new(START + 2 * HOUR, START + 3 * HOUR + 200_000);
    f.db.delete(&[Matcher::equal("pod", "pod-7")], range)
        .unwrap();
    f.append(&[(labels(7), START + 3 * HOUR + 100_000, 0.25)])
        .unwrap();
    f.db.sync().unwrap();
    let all = f.all();
    drop(f);
    fs.write(Path::new(ATTEMPTS), b"2\n").unwrap();
    all
}

#[test]
fn the_third_start_makes_blocks() {
    let fs = SimulatedFs::default();
    let all = left(&fs);
    let f = start(&fs);
    let done = f.db.safe_start().unwrap();
    assert!(done.blocks > 6, "{done:?}: more than one share");
    assert_eq!(f.metric("narthex_tsdb_safe_starts_total"), 1.0);
    assert_eq!(f.metric("prometheus_tsdb_head_series"), 0.0);
    same(&f.all(), &all);
    let aside = done.folder.display().to_string();
    assert!(!f.paths(&format!("{aside}/wal/")).is_empty());
    assert!(!f.paths(&format!("{aside}/wbl/")).is_empty());
    assert!(f.paths("replay_attempts").is_empty());
    assert!(f.paths("safe_mode.tmp").is_empty());
    // It goes on, and what is merged is the same.
    f.fill(100, START + 4 * HOUR, START + 8 * HOUR, 60_000);
    for _ in 0..4 {
        f.db.maintain().unwrap();
    }
    assert!(f.db.block_metas().len() < 9, "blocks are merged");
    let mut before = f.all();
    before.iter_mut().for_each(|(_, samples)| {
        samples.retain(|&(time, _)| time < START + 4 * HOUR);
    });
    same(&before, &all);
    f.db.close().unwrap();
    let f = start(&fs);
    assert_eq!(f.metric("narthex_tsdb_safe_starts_total"), 0.0);
    assert_eq!(f.db.safe_start(), None);
}

#[test]
fn deaths_are_counted_and_ends_in_order_are_none() {
    let fs = SimulatedFs::default();
    let f = start(&fs);
    f.fill(3, START, START + 60_000, 15_000);
    drop(f);
    let path = Path::new(ATTEMPTS);
    for (noted, is_safe) in [
        ("1\n", false),
        ("nonsense", false),
        ("", false),
        ("2\n", true),
    ] {
        fs.write(path, noted.as_bytes()).unwrap();
        let f = start(&fs);
        assert_eq!(f.db.safe_start().is_some(), is_safe, "{noted:?}");
        assert!(fs.read(path).is_err());
        assert_eq!(f.all().len(), 3);
    }
    fs.write(path, b"2\n").unwrap();
    Db::give_up_opening(&fs, Path::new("/data"));
    assert_eq!(start(&fs).db.safe_start(), None);
}

/// The power fails at any change that a safe start makes.
#[test]
fn a_safe_start_may_be_cut_off_anywhere() {
    let fs = SimulatedFs::recorded();
    let all = left(&fs);
    fs.open_append(Path::new(ATTEMPTS)).unwrap().sync().unwrap();
    fs.sync_dir(Path::new("/data")).unwrap();
    let before = fs.change_count();
    same(&start(&fs).all(), &all);
    let after = fs.change_count();
    let mut timeline = fs.timeline();
    let mut boundaries = Vec::new();
    for at in 0..after {
        if at >= before && timeline.next_is_boundary() {
            boundaries.push(at);
        }
        timeline.advance();
    }
    assert!(boundaries.len() > 60, "{}", boundaries.len());
    let every = boundaries.len() / 12;
    let looked_at = boundaries.iter().step_by(every);
    // The log goes aside at the end.
    let looked_at = looked_at.chain(boundaries.iter().rev().take(8));
    for &at in looked_at {
        let mut timeline = fs.timeline();
        (0..at).for_each(|_| {
            timeline.advance();
        });
        let survival = match at % 2 {
            0 => Survival::Nothing,
            _ => Survival::Chance(at as u64),
        };
        let f = start(&timeline.after_power_failure(survival));
        same(&f.all(), &all);
    }
}

fn same(found: &[Series], want: &[Series]) {
    for (found, want) in found.iter().zip(want) {
        assert_eq!(found.0, want.0);
        let differs = |(a, b): &(&(i64, f64), &(i64, f64))| a != b;
        let first = found.1.iter().zip(&want.1).find(differs);
        assert_eq!(first, None, "{}", found.0);
        assert_eq!(found.1.len(), want.1.len(), "{}", found.0);
    }
    assert_eq!(found.len(), want.len());
}
