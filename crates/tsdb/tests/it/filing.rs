//! Finished chunks go to files: nobody who asks notices, and nothing depends on them.

use host::fs::{Fs as _, SimulatedFs};
use model::{Matcher, TimeRange};
use storage::{Queryable as _, SampleBuffer, Select};

use crate::fixture::{Fixture, HOUR, START, Series, labels, open};

/// Ends before a block is due.
const END: i64 = START + 2 * HOUR + HOUR / 2;

fn files(f: &Fixture) -> Vec<String> {
    f.paths("/chunks_head/")
}

fn bytes_in_files(fs: &SimulatedFs) -> u64 {
    let files = fs.files().into_iter();
    let filed = files.filter(|(path, _)| path.display().to_string().contains("/chunks_head/"));
    filed.map(|(_, bytes)| bytes).sum()
}

/// What is asked of everything in `all`, over ranges that are in files, in memory, and in both.
fn check(f: &Fixture, all: &[Series], when: &str) {
    for range in [
        TimeRange::ALL,
        TimeRange::new(START, START + 60_000),
        TimeRange::new(START + HOUR / 2, START + HOUR),
        TimeRange::new(END - 60_000, END),
        TimeRange::new(START + HOUR, END),
    ] {
        let mut want = all.to_vec();
        for (_, samples) in &mut want {
            samples.retain(|(time, _)| range.contains(*time));
        }
        want.retain(|(_, samples)| !samples.is_empty());
        let mut found = f.query(&[], range);
        found.retain(|(_, samples)| !samples.is_empty());
        assert!(found == want, "{when}: {range:?}");
    }
    let some = f.query(&[Matcher::equal("pod", "pod-7")], TimeRange::ALL);
    assert!(all.iter().any(|series| some == [series.clone()]), "{when}");
}

#[test]
fn chunks_in_files_are_read_like_those_in_memory() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(530, START, END, 30_000);
    let all = f.all();
    f.db.maintain().unwrap();
    assert_eq!(files(&f).len(), 1);
    let filed = bytes_in_files(&fs);
    assert!(filed > 530 * 150, "{filed}");
    check(&f, &all, "filed");

    // Whoever had asked before goes on with what there was.
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    f.fill(530, END, END + HOUR / 2, 30_000);
    let all = f.all();
    f.db.maintain().unwrap();
    assert!(bytes_in_files(&fs) > filed);
    let mut samples = SampleBuffer::default();
    set.read(500, &mut samples).unwrap();
    assert!(samples.len() >= 300);
    drop(set);
    drop(querier);
    check(&f, &all, "filed twice");

    drop(f);
    let before = bytes_in_files(&fs);
    let f = open(&fs);
    check(&f, &all, "started again");
    f.db.maintain().unwrap();
    assert_eq!(
        bytes_in_files(&fs),
        before,
        "nothing was brought into memory"
    );
    assert_eq!(f.metric("prometheus_tsdb_wal_corruptions_total"), 0.0);

    // Blocks are cut out of files, which then go.
    f.fill(530, END + HOUR / 2, END + 3 * HOUR, 30_000);
    let all = f.all();
    f.db.maintain().unwrap();
    f.db.maintain().unwrap();
    assert_eq!(f.paths("/meta.json").len(), 2);
    check(&f, &all, "cut");
    let left = files(&f);
    assert!(
        !left.iter().any(|path| path.ends_with("000001")),
        "{left:?}"
    );
    drop(f);
    check(&open(&fs), &all, "cut and started again");
}

#[test]
fn what_is_damaged_in_files_comes_from_the_log() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(40, START, END, 15_000);
    f.db.maintain().unwrap();
    let all = f.all();
    let path = std::path::PathBuf::from(files(&f).pop().unwrap());
    drop(f);
    let whole = fs.read(&path).unwrap();
    let len = whole.len();
    for at in [0, 5, 8, 20, 40, len / 3, len / 2, len - 1] {
        for cut in [false, true] {
            let mut bytes = whole.clone();
            match cut {
                true => bytes.truncate(at),
                false => bytes[at] ^= 4,
            }
            fs.write(&path, &bytes).unwrap();
            let f = open(&fs);
            check(&f, &all, &format!("damaged at {at}, cut: {cut}"));
            f.db.maintain().unwrap();
            check(&f, &all, &format!("filed again after {at}, cut: {cut}"));
            drop(f);
            check(
                &open(&fs),
                &all,
                &format!("once more after {at}, cut: {cut}"),
            );
        }
    }
    // While it runs, it says what it cannot read.
    fs.write(&path, &whole).unwrap();
    let f = open(&fs);
    let flipped = [whole[len / 2] ^ 4];
    let mut file = fs.open_append(&path).unwrap();
    file.write_at(&flipped, len as u64 / 2).unwrap();
    let querier = f.db.querier(TimeRange::ALL).unwrap();
    let set = querier
        .select(&Select::new(Vec::new(), TimeRange::ALL))
        .unwrap();
    let mut samples = SampleBuffer::default();
    let errors = (0..set.len()).filter_map(|index| set.read(index, &mut samples).err());
    let errors: Vec<_> = errors.map(|error| error.to_string()).collect();
    assert!(!errors.is_empty() && errors.len() < 5);
    assert!(
        errors[0].contains("/data/chunks_head/000001 is damaged"),
        "{errors:?}"
    );
}

#[test]
fn deletions_reach_into_files() {
    let fs = SimulatedFs::default();
    let f = open(&fs);
    f.fill(30, START, END, 15_000);
    f.db.maintain().unwrap();
    let mut all = f.all();
    let delete = |f: &Fixture, all: &mut Vec<Series>, pod: &str, range: TimeRange| {
        f.db.delete(&[Matcher::equal("pod", pod)], range).unwrap();
        for (labels, samples) in all.iter_mut() {
            if labels.contains(&format!("{pod:?}")) {
                samples.retain(|(time, _)| !range.contains(*time));
            }
        }
    };
    delete(&f, &mut all, "pod-3", TimeRange::new(START, START + HOUR));
    delete(
        &f,
        &mut all,
        "pod-4",
        TimeRange::new(START + HOUR, i64::MAX),
    );
    delete(&f, &mut all, "pod-5", TimeRange::ALL);
    check(&f, &all, "deleted");
    // What comes afterwards stays, also where something was deleted.
    let mut later = Vec::new();
    for step in 0..400 {
        later.push((labels(5), END - HOUR / 2 + step * 15_000, step as f64));
        later.push((labels(4), END - HOUR / 2 + step * 15_000, step as f64));
    }
    for sample in &later {
        f.append(std::slice::from_ref(sample)).unwrap();
        let name = sample.0.to_string();
        let series = all.iter_mut().find(|(labels, _)| *labels == name).unwrap();
        series.1.push((sample.1, sample.2));
    }
    check(&f, &all, "appended");
    f.db.maintain().unwrap();
    check(&f, &all, "filed again");
    drop(f);
    let f = open(&fs);
    check(&f, &all, "started again");
    f.db.maintain().unwrap();
    drop(f);
    check(&open(&fs), &all, "and again");
}
