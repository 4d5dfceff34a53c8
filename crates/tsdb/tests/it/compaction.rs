//! Merging blocks: what is asked before and after is answered the same.

use std::path::{Path, PathBuf};

use host::fs::{Fs, SimulatedFs};
use model::TimeRange;
use tsdb::Options;
use tsdb::block::BlockMeta;

use crate::fixture::{Fixture, HOUR, START, open, open_with, options};
use crate::native;

/// Descriptions of the blocks on the disk, oldest first.
fn metas(f: &Fixture) -> Vec<BlockMeta> {
    let paths = f.paths("/meta.json").into_iter();
    let read = |path: String| serde_json::from_slice(&f.fs.read(Path::new(&path)).unwrap());
    let mut metas: Vec<BlockMeta> = paths.map(|path| read(path).unwrap()).collect();
    metas.sort_by_key(|meta| meta.min_time);
    metas
}

/// Copies the blocks below `from` to `to` on the same disk.
fn copy_blocks(fs: &SimulatedFs, from: &str, to: &str) {
    for (path, bytes) in contents(fs) {
        let Ok(inside) = path.strip_prefix(from) else {
            continue;
        };
        if inside.starts_with("wal") || inside.components().count() < 2 {
            continue;
        }
        let target: PathBuf = Path::new(to).join(inside);
        fs.create_dir_all(target.parent().unwrap()).unwrap();
        fs.write(&target, &bytes).unwrap();
    }
}

fn contents(fs: &SimulatedFs) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs.files().into_iter();
    files
        .map(|(path, _)| (path.clone(), fs.read(&path).unwrap()))
        .collect()
}

fn at(path: &str) -> Options {
    let mut options = options();
    options.path = path.into();
    options
}

#[test]
fn merging_changes_no_answer() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    for part in 0..12 {
        let from = START + part * 2 * HOUR;
        // Series come and go, so that blocks have different symbols.
        f.fill(10 + 7 * (part as usize % 3), from, from + 2 * HOUR, 60_000);
    }
    let before = f.all();
    f.db.maintain().unwrap();
    assert!(f.all() == before);
    let metas = metas(&f);
    let levels: Vec<u32> = metas.iter().map(|meta| meta.compaction.level).collect();
    assert!(
        levels.starts_with(&[2, 2]) || levels.starts_with(&[3]),
        "{levels:?}"
    );
    let merged = &metas[0];
    assert!(merged.compaction.parents.len() > 1, "{merged:?}");
    // The second block was cut at multiples of the range, as upstream has it.
    let second = &metas[1];
    assert_eq!(second.min_time % (2 * HOUR), 0, "{second:?}");
    assert!(merged.stats.num_samples > 0);
    assert_eq!(merged.stats.num_samples, merged.stats.num_float_samples);
    assert_eq!(
        f.metric("prometheus_tsdb_blocks_loaded") as usize,
        metas.len()
    );
    assert!(f.paths(".tmp").is_empty());
    drop(f);
    assert!(open(&fs).all() == before);
}

#[test]
fn overlapping_blocks_are_merged_first() {
    let fs = SimulatedFs::default();
    let a = open_with(&fs, at("/a")).unwrap();
    a.fill(5, START, START + 4 * HOUR, 60_000);
    a.db.maintain().unwrap();
    let b = open_with(&fs, at("/b")).unwrap();
    // Other samples of some of the same series, and others.
    b.fill(9, START + 30_000, START + 4 * HOUR, 90_000);
    b.db.maintain().unwrap();
    drop((a, b));
    copy_blocks(&fs, "/b", "/a");
    fs.remove_dir_all(Path::new("/b")).unwrap();
    let f = open_with(&fs, at("/a")).unwrap();
    let before = f.all();
    assert_eq!(before.len(), 9);
    f.db.maintain().unwrap();
    assert!(f.metric("prometheus_tsdb_vertical_compactions_total") >= 1.0);
    assert!(f.all() == before);
    let metas = metas(&f);
    assert!(
        metas.is_sorted_by(|a, b| a.max_time <= b.min_time),
        "{metas:?}"
    );
}

#[test]
fn equal_chunks_are_kept_once() {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, at("/a")).unwrap();
    f.fill(5, START, START + 4 * HOUR, 60_000);
    f.db.maintain().unwrap();
    let (before, stats) = (f.all(), metas(&f)[0].stats);
    drop(f);
    let old = metas_names(&fs, "/a");
    // The same block under another name.
    for (path, bytes) in contents(&fs) {
        let text = path.display().to_string();
        if text.contains(&old) {
            let other = old.replace(&old[old.len() - 3..], "ZZZ");
            let bytes = match text.ends_with("meta.json") {
                true => String::from_utf8(bytes)
                    .unwrap()
                    .replace(&old, &other)
                    .into_bytes(),
                false => bytes,
            };
            let target = PathBuf::from(text.replace(&old, &other));
            fs.create_dir_all(target.parent().unwrap()).unwrap();
            fs.write(&target, &bytes).unwrap();
        }
    }
    let f = open_with(&fs, at("/a")).unwrap();
    f.db.maintain().unwrap();
    assert!(f.all() == before);
    assert_eq!(metas(&f).len(), 1);
    assert_eq!(metas(&f)[0].stats, stats);
}

fn metas_names(fs: &SimulatedFs, dir: &str) -> String {
    let files = fs.files().into_iter();
    let mut names = files.filter_map(|(path, _)| {
        let inside = path.strip_prefix(dir).ok()?.to_owned();
        inside
            .ends_with("meta.json")
            .then(|| inside.parent().unwrap().display().to_string())
    });
    names.next().unwrap()
}

#[test]
fn a_crash_between_merging_and_deleting_leaves_one_answer() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(5, START, START + 14 * HOUR, 60_000);
    let before = f.all();
    f.db.maintain().unwrap();
    let merged = &metas(&f)[0];
    assert!(merged.compaction.level > 1);
    // As if a parent had not been deleted yet; even one that is damaged.
    let parent = merged.compaction.parents[0].ulid.clone();
    drop(f);
    for damaged in [false, true] {
        let folder = Path::new("/data").join(&parent);
        for (path, bytes) in contents(&fs) {
            let text = path.display().to_string();
            if let Some((_, inside)) = text.split_once(&format!("{}/", merged.ulid)) {
                let target = folder.join(inside);
                fs.create_dir_all(target.parent().unwrap()).unwrap();
                let half = if damaged {
                    bytes.len() / 2
                } else {
                    bytes.len()
                };
                fs.write(&target, &bytes[..half]).unwrap();
            }
        }
        if !damaged {
            let mut meta: BlockMeta = merged.clone();
            meta.ulid.clone_from(&parent);
            meta.compaction.parents.clear();
            let text = serde_json::to_vec(&meta).unwrap();
            fs.write(&folder.join("meta.json"), &text).unwrap();
        }
        let f = open(&fs);
        assert!(f.paths(&parent).is_empty());
        assert_eq!(f.metric("narthex_tsdb_blocks_quarantined_total"), 0.0);
        assert!(f.all() == before);
    }
}

#[test]
fn a_block_that_cannot_be_read_is_marked_and_left_alone() {
    let fs = SimulatedFs::default();
    let mut small = options();
    small.max_block_range = 1;
    let f = open_with(&fs, small).unwrap();
    f.fill(5, START, START + 22 * HOUR, 60_000);
    f.db.maintain().unwrap();
    let blocks = f.metric("prometheus_tsdb_blocks_loaded");
    let first = metas(&f)[0].ulid.clone();
    drop(f);
    let path = PathBuf::from(format!("/data/{first}/chunks/000001"));
    let mut bytes = fs.read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs.write(&path, &bytes).unwrap();
    let f = open(&fs);
    let error = f.db.maintain().unwrap_err().to_string();
    assert!(
        error.contains("checksum of a chunk does not match"),
        "{error}"
    );
    assert_eq!(f.metric("prometheus_tsdb_compactions_failed_total"), 1.0);
    let marked = metas(&f);
    assert!(marked.len() as f64 <= blocks);
    assert!(marked[0].compaction.failed && marked[1..].iter().all(|meta| !meta.compaction.failed));
    assert!(f.paths(".tmp").is_empty());
    // At the next start the others are merged.
    drop(f);
    let f = open(&fs);
    f.db.maintain().unwrap();
    assert!((metas(&f).len() as f64) < blocks);
    assert_eq!(metas(&f)[0].ulid, first);
}

#[test]
fn blocks_wait_until_they_are_uploaded() {
    let fs = SimulatedFs::default();
    let mut waiting = options();
    waiting.delay_compact_file = Some("/data/thanos.shipper.json".into());
    let f = open_with(&fs, waiting).unwrap();
    f.fill(3, START, START + 14 * HOUR, 60_000);
    f.db.maintain().unwrap();
    let cut = metas(&f);
    assert!(cut.iter().all(|meta| meta.compaction.level == 1));
    let uploaded: Vec<&str> = cut.iter().map(|meta| meta.ulid.as_str()).collect();
    let list = serde_json::json!({"version": 1, "uploaded": uploaded});
    fs.write(
        Path::new("/data/thanos.shipper.json"),
        list.to_string().as_bytes(),
    )
    .unwrap();
    f.db.maintain().unwrap();
    assert!(metas(&f).iter().any(|meta| meta.compaction.level > 1));
}

#[test]
fn keys_of_others_survive() {
    let text = r#"{"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","minTime":1,"maxTime":2,"stats":{},
        "compaction":{"level":1},"version":1,"thanos":{"labels":{"a":"b"}}}"#;
    let meta: BlockMeta = serde_json::from_str(text).unwrap();
    let again = serde_json::to_value(&meta).unwrap();
    assert_eq!(again["thanos"]["labels"]["a"], "b");
    assert!(TimeRange::new(meta.min_time, meta.max_time).contains(1));
}

#[test]
fn merging_ends_when_it_is_asked_to() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(3, START, START + 14 * HOUR, 60_000);
    let before = f.all();
    f.db.stop_maintenance();
    f.db.maintain().unwrap();
    assert!(metas(&f).iter().all(|meta| meta.compaction.level == 1));
    assert!(f.paths(".tmp").is_empty());
    drop(f);
    let f = open(&fs);
    f.db.maintain().unwrap();
    assert!(metas(&f).iter().any(|meta| meta.compaction.level > 1));
    assert!(f.all() == before);
}

#[test]
fn overlapping_histograms_are_joined() {
    let fs = SimulatedFs::default();
    let steps = 1_200;
    for (dir, remainder) in [("/a", 0), ("/b", 1)] {
        let f = open_with(&fs, at(dir)).unwrap();
        native::append_some(&f, (0..steps).filter(|step| step % 2 == remainder));
        // Later, so that all of them are cut.
        f.fill(1, START + 30 * HOUR, START + 34 * HOUR, 60_000);
        f.db.maintain().unwrap();
    }
    copy_blocks(&fs, "/b", "/a");
    fs.remove_dir_all(Path::new("/b")).unwrap();
    let f = open_with(&fs, at("/a")).unwrap();
    native::check(&f, steps, |_| false);
    f.db.maintain().unwrap();
    assert!(f.metric("prometheus_tsdb_vertical_compactions_total") >= 1.0);
    native::check(&f, steps, |_| false);
    let merged = metas(&f);
    assert!(merged[0].stats.num_histogram_samples > 0, "{merged:?}");
}
