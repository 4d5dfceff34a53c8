//! Samples that come behind later ones of their series, inside the window.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::fs::{Fs, SimulatedFs};
use model::{Labels, TimeRange};
use storage::{Append, Appendable, Queryable, SampleBuffer, Select};
use tsdb::{Options, ReadOnly, WalOptions};

use crate::fixture::{Fixture, HOUR, START, labels, open_with, options};

const WINDOW: i64 = 3 * HOUR;

fn late() -> Options {
    Options {
        out_of_order_window: WINDOW,
        ..options()
    }
}

fn open_late(fs: &SimulatedFs) -> Fixture {
    open_with(fs, late()).unwrap()
}

/// The samples of series 0.
fn times(f: &Fixture) -> Vec<(i64, f64)> {
    let all = f.all();
    let found = all
        .into_iter()
        .find(|(name, _)| *name == labels(0).to_string());
    let samples = found.map(|(_, samples)| samples).unwrap_or_default();
    samples
        .into_iter()
        .map(|(time, value)| (time - START, value))
        .collect()
}

fn one(f: &Fixture, time: i64, value: f64) -> Result<usize, String> {
    let commit = f.append(&[(labels(0), START + time, value)]);
    commit
        .map(|commit| commit.samples)
        .map_err(|error| error.to_string())
}

#[test]
fn what_may_come_late_is_told_apart() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    assert_eq!(one(&f, 0, 1.0), Ok(1));
    // Nothing is to be seen of the feature as long as nobody needs it.
    assert!(f.paths("/wbl/").is_empty());
    assert_eq!(one(&f, -WINDOW, 2.0), Ok(1));
    assert_eq!(one(&f, -WINDOW - 1, 3.0), Err("too old sample".to_owned()));
    assert_eq!(
        one(&f, 0, 9.0),
        Err("duplicate sample for timestamp".to_owned())
    );
    // The first of those that wait for their chunk stays, as upstream.
    assert_eq!(one(&f, -WINDOW, 4.0), Ok(1));
    assert_eq!(one(&f, -500, 5.0), Ok(1));
    assert_eq!(times(&f), [(-WINDOW, 2.0), (-500, 5.0), (0, 1.0)]);
    for (name, want) in [
        (
            "prometheus_tsdb_head_out_of_order_samples_appended_total",
            2.0,
        ),
        ("prometheus_tsdb_too_old_samples_total", 1.0),
        ("prometheus_tsdb_out_of_order_samples_total", 0.0),
        ("prometheus_tsdb_out_of_bound_samples_total", 0.0),
    ] {
        assert_eq!(f.metric(name), want, "{name}");
    }
    // It can be switched off while the database runs, and what is there stays.
    f.db.set_out_of_order_window(0);
    assert_eq!(one(&f, -600, 6.0), Err("out of order sample".to_owned()));
    assert_eq!(one(&f, -2 * HOUR, 6.0), Err("out of bounds".to_owned()));
    assert_eq!(times(&f).len(), 3);
    assert_eq!(f.paths("/wbl/"), ["/data/wbl/00000000"]);
    drop(f);
    let f = open_with(&fs, options()).unwrap();
    assert_eq!(times(&f), [(-WINDOW, 2.0), (-500, 5.0), (0, 1.0)]);
}

/// The window ends behind the newest sample, also if that is in a block and the head is empty.
#[test]
fn blocks_count_for_the_window() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    assert_eq!(one(&f, 0, 1.0), Ok(1));
    let name = f.db.snapshot(false).unwrap();
    drop(f);
    let mut at = late();
    at.path = format!("/data/snapshots/{name}").into();
    let f = open_with(&fs, at).unwrap();
    assert_eq!(one(&f, -WINDOW - 1, 2.0), Err("too old sample".to_owned()));
    assert_eq!(one(&f, -WINDOW, 3.0), Ok(1));
    // One that came late is not the newest.
    assert_eq!(one(&f, -WINDOW - 1, 4.0), Err("too old sample".to_owned()));
    assert_eq!(times(&f), [(-WINDOW, 3.0), (0, 1.0)]);
}

#[test]
fn one_batch_may_be_in_any_order() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    let order = [7, 3, 9, 1, 3, 8, 2, 9];
    let batch: Vec<_> = (order.iter().enumerate())
        .map(|(place, &time)| (labels(0), START + time * 1_000, place as f64))
        .collect();
    let commit = f.append(&batch).unwrap();
    // One is another value at the time of the newest: that is refused, as upstream.
    assert_eq!((commit.samples, commit.dropped), (7, 1));
    let want = [(1, 3.0), (2, 6.0), (3, 1.0), (7, 0.0), (8, 5.0), (9, 2.0)];
    let want = want.map(|(time, value)| (time * 1_000, value));
    assert_eq!(times(&f), want);
    drop(f);
    assert_eq!(times(&open_late(&fs)), want);
}

#[test]
fn the_last_at_a_time_holds() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    for time in 0..100 {
        assert_eq!(one(&f, time, 1.0), Ok(1));
    }
    for time in 0..40 {
        assert_eq!(one(&f, time, 2.0), Ok(1));
    }
    assert_eq!(one(&f, 5, 3.0), Ok(1));
    let value = |time| match time {
        5 => 3.0,
        0..40 => 2.0,
        _ => 1.0,
    };
    let want: Vec<(i64, f64)> = (0..100).map(|time| (time, value(time))).collect();
    assert_eq!(times(&f), want);
    drop(f);
    assert_eq!(times(&open_late(&fs)), want);
}

#[test]
fn a_series_may_have_nothing_in_order() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    f.append(&[(labels(5), START, 1.0)]).unwrap();
    assert_eq!(one(&f, -2 * HOUR, 1.0), Ok(1));
    assert_eq!(one(&f, -2 * HOUR + 5, 2.0), Ok(1));
    let want = [(-2 * HOUR, 1.0), (-2 * HOUR + 5, 2.0)];
    assert_eq!(times(&f), want);
    // It is found by time, and only there.
    let found = |from, to| f.query(&[], TimeRange::new(START + from, START + to)).len();
    assert_eq!(found(-2 * HOUR, -2 * HOUR + 4), 1);
    assert_eq!(found(-2 * HOUR + 6, -1), 0);
    drop(f);
    let f = open_late(&fs);
    assert_eq!(times(&f), want);
    drop(f);
    let tool = ReadOnly::open(&fs, "/data".as_ref()).unwrap();
    let tool = tool.with_log(&fs, "/data".as_ref()).unwrap();
    let querier = tool.querier(TimeRange::ALL).unwrap();
    let set = querier.select(&Select::new(Vec::new(), TimeRange::ALL));
    assert_eq!(set.unwrap().len(), 2);
}

#[test]
fn histograms_may_come_late() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    let histogram = |count: f64| {
        Arc::new(model::Histogram {
            count,
            zero_count: count,
            sum: 1.0,
            ..model::Histogram::default()
        })
    };
    let name = Labels::from_pairs([("__name__", "h")]);
    for (time, count) in [(9_000, 9.0), (3_000, 3.0), (5_000, 5.0), (3_000, 4.0)] {
        let mut appender = f.db.appender();
        let histogram = histogram(count);
        let append = Append::new(&name, START + time, &histogram);
        appender.append(append).unwrap();
        appender.commit().unwrap();
    }
    let read = |f: &Fixture| {
        let querier = f.db.querier(TimeRange::ALL).unwrap();
        let set = querier.select(&Select::new(Vec::new(), TimeRange::ALL));
        let mut buffer = SampleBuffer::default();
        set.unwrap().read(0, &mut buffer).unwrap();
        let found = buffer.histograms();
        let times = found.timestamps().iter().map(|time| time - START);
        let counts = found.values().iter().map(|histogram| histogram.count);
        times.zip(counts).collect::<Vec<_>>()
    };
    let want = [(3_000, 3.0), (5_000, 5.0), (9_000, 9.0)];
    assert_eq!(read(&f), want);
    drop(f);
    assert_eq!(read(&open_late(&fs)), want);
}

#[test]
fn a_log_torn_anywhere_opens_with_the_commits_before() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    f.append(&[(labels(0), START, 0.0), (labels(1), START, 0.0)])
        .unwrap();
    for i in 0..12_i64 {
        let time = START - 1_000 + i * 7 % 12;
        f.append(&[(labels(0), time, 1.0), (labels(1), time, 2.0)])
            .unwrap();
    }
    let whole: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
    drop(f);
    let path = std::path::Path::new("/data/wbl/00000000");
    let bytes = fs.read(path).unwrap();
    let main = std::path::Path::new("/data/wal/00000000");
    let main_bytes = fs.read(main).unwrap();
    let mut last = 0;
    for len in 0..=bytes.len() {
        let fs = SimulatedFs::default();
        for (path, bytes) in [(path, &bytes[..len]), (main, &main_bytes[..])] {
            fs.create_dir_all(path.parent().unwrap()).unwrap();
            fs.write(path, bytes).unwrap();
        }
        let f = open_late(&fs);
        let found: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
        assert!(
            found >= last && found.is_multiple_of(2),
            "cut at {len}: {found} after {last}"
        );
        last = found;
        f.append(&[(labels(1), START - 2_000, 3.0)]).unwrap();
        drop(f);
        let f = open_late(&fs);
        let corruptions = f.metric("prometheus_tsdb_wal_corruptions_total");
        assert_eq!(corruptions, 0.0, "cut at {len}");
        let again: usize = f.all().iter().map(|(_, samples)| samples.len()).sum();
        assert_eq!(again, found + 1, "cut at {len}");
    }
    assert_eq!(last, whole);
}

#[test]
fn deletions_hold_and_what_comes_later_stays() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    let times_before = [0, -5_000, -4_000, -3_000, -2 * HOUR];
    for time in times_before {
        assert_eq!(one(&f, time, 1.0), Ok(1));
    }
    let range = TimeRange::new(START - 3 * HOUR, START - 4_000);
    f.db.delete(&[], range).unwrap();
    assert_eq!(times(&f), [(-3_000, 1.0), (0, 1.0)]);
    assert_eq!(one(&f, -4_500, 2.0), Ok(1));
    let want = [(-4_500, 2.0), (-3_000, 1.0), (0, 1.0)];
    assert_eq!(times(&f), want);
    drop(f);
    assert_eq!(times(&open_late(&fs)), want);
}

#[test]
fn many_lives_keep_everything() {
    let fs = SimulatedFs::default();
    let small = Options {
        wal: WalOptions {
            segment_bytes: 64 << 10,
            ..WalOptions::default()
        },
        ..late()
    };
    let mut want: BTreeMap<(String, i64), f64> = BTreeMap::new();
    for life in 0..4_i64 {
        let f = open_with(&fs, small.clone()).unwrap();
        for step in 0..200_i64 {
            let now = START + (life * 200 + step) * 60_000;
            let mut batch = Vec::new();
            for series in 0..20 {
                let value = (now % 977) as f64 + series as f64;
                let mut add = |time: i64| {
                    let known = (labels(series).to_string(), time);
                    want.entry(known).or_insert_with(|| {
                        batch.push((labels(series), time, value));
                        value
                    });
                };
                add(now);
                if (series as i64 + step) % 7 == 0 {
                    let behind = (step * 7_919 + series as i64 * 104_729) % (WINDOW - 120_000);
                    add(now - behind - 1);
                }
            }
            let commit = f.append(&batch).unwrap();
            assert_eq!((commit.samples, commit.dropped), (batch.len(), 0));
            if step % 25 == 24 {
                f.db.maintain().unwrap();
            }
        }
        check(&f, &want);
        let truncations = f.metric("prometheus_tsdb_out_of_order_wbl_truncations_total");
        assert!(life == 0 || truncations >= 1.0, "{life}: {truncations}");
        assert!(f.paths("/data/wbl/").len() < 12, "{:?}", f.paths("/wbl/"));
        drop(f);
        let f = open_with(&fs, small.clone()).unwrap();
        check(&f, &want);
        assert_eq!(
            f.metric("prometheus_tsdb_wbl_replay_unknown_refs_total"),
            0.0
        );
    }
    // Blocks of both kinds were merged.
    let f = open_with(&fs, small).unwrap();
    f.db.maintain().unwrap();
    check(&f, &want);
    let metas = f.db.block_metas();
    assert!(metas.iter().all(|meta| meta.compaction.hints.is_empty()));
    assert!(metas.iter().any(|meta| meta.compaction.level > 1));
}

#[test]
fn blocks_of_late_samples_say_so_and_the_log_goes() {
    let fs = SimulatedFs::default();
    let f = open_late(&fs);
    let f_end = START + 5 * HOUR;
    f.fill(3, START, f_end, 60_000);
    let behind = START + 2 * HOUR + 15_000;
    f.append(&[(labels(0), behind, 1.0), (labels(1), f_end - 90_000, 2.0)])
        .unwrap();
    let before = f.all();
    let reading = f.db.querier(TimeRange::ALL).unwrap();
    let set = reading
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    f.db.maintain().unwrap();
    assert!(f.all() == before);
    // Somebody reads from before the blocks: nothing is forgotten yet.
    assert_eq!(
        f.metric("prometheus_tsdb_out_of_order_wbl_truncations_total"),
        0.0
    );
    drop(set);
    drop(reading);
    f.db.maintain().unwrap();
    assert_eq!(
        f.metric("prometheus_tsdb_out_of_order_wbl_truncations_total"),
        1.0
    );
    assert!(!f.paths("/wbl/").contains(&"/data/wbl/00000000".to_owned()));
    assert!(f.all() == before);
    // A snapshot has what is in no block yet.
    let name = f.db.snapshot(false).unwrap();
    let tool = ReadOnly::open(&fs, format!("/data/snapshots/{name}").as_ref()).unwrap();
    let hinted = tool
        .blocks()
        .filter(|(meta, _)| meta.is_from_out_of_order());
    assert_eq!(hinted.count(), 1);
    drop(f);
    assert!(open_late(&fs).all() == before);
}

fn check(f: &Fixture, want: &BTreeMap<(String, i64), f64>) {
    let all = f.all();
    let found: BTreeMap<(String, i64), f64> = all
        .iter()
        .flat_map(|(name, samples)| samples.iter().map(|&(t, v)| ((name.clone(), t), v)))
        .collect();
    for (place, value) in want {
        assert_eq!(found.get(place), Some(value), "{place:?}");
    }
    assert_eq!(found.len(), want.len());
    let samples: usize = all.iter().map(|(_, samples)| samples.len()).sum();
    assert_eq!(samples, want.len(), "no sample twice");
}
