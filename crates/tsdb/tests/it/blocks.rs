//! Blocks: cut, read back, aged out, damaged.

use host::fs::{Fs, SimulatedFs};
use model::{Matcher, TimeRange};
use storage::{Queryable, Select};
use tsdb::Options;

use crate::fixture::{HOUR, START, labels, open, open_with, options};

#[test]
fn a_cut_and_a_restart_change_no_result() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(60, START, START + 6 * HOUR, 15_000);
    let before = f.all();
    f.db.maintain().unwrap();
    assert!(f.metric("prometheus_tsdb_blocks_loaded") >= 2.0);
    assert!(f.all() == before);
    let in_head = f.metric("prometheus_tsdb_head_min_time");
    assert!(in_head > (START + 2 * HOUR) as f64);
    drop(f);
    let f = open(&fs);
    assert!(f.all() == before);
    assert_eq!(f.metric("prometheus_tsdb_head_min_time"), in_head);
    f.fill(60, START + 6 * HOUR, START + 7 * HOUR, 15_000);
    f.db.maintain().unwrap();
    assert!(f.all().iter().all(|(_, samples)| samples.len() == 7 * 240));
}

#[test]
fn series_that_ended_leave_the_head_and_stay_in_blocks() {
    let f = open(&Default::default());
    f.fill(20, START, START + HOUR, 15_000);
    f.fill(5, START + HOUR, START + 8 * HOUR, 15_000);
    f.db.maintain().unwrap();
    f.fill(5, START + 8 * HOUR, START + 9 * HOUR, 15_000);
    f.db.maintain().unwrap();
    assert_eq!(f.metric("prometheus_tsdb_head_series"), 5.0);
    assert_eq!(f.metric("prometheus_tsdb_head_series_removed_total"), 15.0);
    assert_eq!(f.db.status(10).head_stats.num_series, 5);
    assert_eq!(f.all().len(), 20);
    f.append(&[(labels(19), START + 9 * HOUR, 1.0)]).unwrap();
    let found = f.query(&[Matcher::equal("pod", "pod-19")], TimeRange::ALL);
    assert_eq!(found[0].1.len(), 241);
}

#[test]
fn old_blocks_are_deleted() {
    for limit in ["time", "size"] {
        let mut limited: Options = options();
        match limit {
            "time" => limited.retention.time = 4 * HOUR,
            _ => limited.retention.size = 150_000,
        }
        let f = open_with(&SimulatedFs::default(), limited).unwrap();
        for part in 0..10 {
            f.fill(
                50,
                START + part * 2 * HOUR,
                START + (part + 1) * 2 * HOUR,
                60_000,
            );
            f.db.maintain().unwrap();
        }
        let blocks = f.metric("prometheus_tsdb_blocks_loaded");
        assert!((1.0..=4.0).contains(&blocks), "{limit}: {blocks}");
        assert_eq!(f.paths("meta.json").len() as f64, blocks);
        assert!(f.paths(".tmp-for-deletion").is_empty());
        let deleted = f.metric(&format!("prometheus_tsdb_{limit}_retentions_total"));
        assert!(deleted >= 5.0, "{limit}: {deleted}");
        assert!(
            f.all()
                .iter()
                .all(|(_, samples)| samples.last().unwrap().0 > START + 19 * HOUR)
        );
    }
}

#[test]
fn a_damaged_block_is_moved_aside() {
    for (file, reason) in [
        ("index", "cut"),
        ("index", "flip"),
        ("meta.json", "cut"),
        ("meta.json", "gone"),
        ("chunks/000001", "gone"),
        ("chunks/000001", "empty"),
        ("tombstones", "flip"),
    ] {
        let fs = SimulatedFs::default();
        let f = open(&fs);
        f.fill(10, START, START + 4 * HOUR, 15_000);
        f.db.maintain().unwrap();
        let path = f
            .paths(file)
            .into_iter()
            .find(|path| !path.contains("/wal/"))
            .unwrap();
        drop(f);
        let path = std::path::PathBuf::from(path);
        let mut bytes = fs.read(&path).unwrap();
        match reason {
            "gone" => fs.remove_file(&path).unwrap(),
            "empty" => fs.write(&path, b"").unwrap(),
            "cut" => fs.write(&path, &bytes[..bytes.len() / 2]).unwrap(),
            _ => {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                fs.write(&path, &bytes).unwrap();
            }
        }
        let f = open(&fs);
        assert_eq!(
            f.metric("narthex_tsdb_blocks_quarantined_total"),
            1.0,
            "{file} {reason}"
        );
        assert_eq!(f.metric("prometheus_tsdb_blocks_loaded"), 0.0);
        assert_eq!(f.all().len(), 10);
        drop(f);
        // Also at every later start, those who ask for its time are told.
        let f = open(&fs);
        for (from, is_told) in [(START, true), (START + 3 * HOUR, false)] {
            let range = TimeRange::new(from, from + 1_000);
            let querier = f.db.querier(range).unwrap();
            let set = querier.select(&Select::new(Vec::new(), range)).unwrap();
            let annotations = set.annotations();
            let told = annotations.warnings().iter().any(|warning| {
                let reason = "was damaged and moved aside";
                warning.starts_with("data from 2023-11-14T22:13:20.000Z to ")
                    && warning.ends_with(reason)
            });
            assert_eq!(
                told,
                is_told,
                "{file} {reason}: {:?}",
                annotations.warnings()
            );
        }
    }
}

#[test]
fn damage_found_while_reading_is_an_error_for_samples_and_a_hole_for_series() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(10, START, START + 4 * HOUR, 15_000);
    f.db.maintain().unwrap();
    let in_chunks = f.paths("chunks/000001").remove(0);
    let in_index = in_chunks.replace("chunks/000001", "index");
    drop(f);
    let flip = |path: &str, at: usize| {
        let mut bytes = fs.read(path.as_ref()).unwrap();
        bytes[at] ^= 0xff;
        fs.write(path.as_ref(), &bytes).unwrap();
    };
    let range = TimeRange::new(START, START + HOUR);
    let select = Select::new(Vec::new(), range);
    flip(&in_chunks, 60);
    let f = open(&fs);
    let querier = f.db.querier(range).unwrap();
    let set = querier.select(&select).unwrap();
    let errors: Vec<_> = (0..set.len())
        .filter_map(|index| set.read(index, &mut Default::default()).err())
        .collect();
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0]
            .to_string()
            .contains("checksum of a chunk does not match")
    );
    drop(set);
    drop(querier);
    drop(f);
    let symbols = fs.read(in_index.as_ref()).unwrap();
    let series = 5 + 4 + u32::from_be_bytes(symbols[5..9].try_into().unwrap()) as usize + 30;
    flip(&in_index, series);
    let f = open(&fs);
    let querier = f.db.querier(range).unwrap();
    let set = querier.select(&select).unwrap();
    assert!(set.annotations().warnings()[0].starts_with("data from "));
}

#[test]
fn left_overs_of_a_crash_are_removed() {
    let fs = SimulatedFs::default();
    for folder in [
        "01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp-for-creation",
        "wal/checkpoint.00000004.tmp",
    ] {
        fs.create_dir_all(&std::path::Path::new("/data").join(folder))
            .unwrap();
        fs.write(
            &std::path::Path::new("/data").join(folder).join("index"),
            b"half",
        )
        .unwrap();
    }
    let f = open(&fs);
    assert!(f.paths("tmp").is_empty());
}
