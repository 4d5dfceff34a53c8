//! A bit flips anywhere in the data directory: the database opens, says that something is damaged,
//! loses at most what the damage touches, and never tells a value that was not stored.
//!
//! `NARTHEX_BIT_FLIPS` says how many are tried (default 300).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use host::fs::{Fs, SimulatedFs};
use model::TimeRange;
use storage::{Queryable, SampleBuffer, Select};
use tsdb::{Options, WalOptions};

use crate::fixture::{Fixture, START, open_with, options};

#[test]
fn a_flipped_bit_is_told_and_harms_little() {
    let flips = std::env::var("NARTHEX_BIT_FLIPS").ok();
    let flips: u64 = flips.map_or(300, |text| text.parse().unwrap());
    let (disk, whole) = written();
    let files: Vec<(PathBuf, Vec<u8>)> = disk
        .files()
        .into_iter()
        .filter(|(_, len)| *len > 0)
        .map(|(path, _)| (path.clone(), disk.read(&path).unwrap()))
        .collect();
    let mut chance = Chance(7);
    // The version of an index, which once told nobody. What the newest block has is in the log, too.
    let indexes = files.iter().filter(|(path, _)| path.ends_with("index"));
    let outcomes: Vec<_> = indexes
        .map(|(path, _)| look(&copied(&files, path, 4, 3), &whole))
        .collect();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert!(outcomes.contains(&Ok(true)), "{outcomes:?}");
    let (mut faults, mut losses) = (Vec::new(), BTreeMap::new());
    for number in 0..flips {
        let (path, bytes) = &files[chance.below(files.len())];
        let (byte, bit) = (chance.below(bytes.len()), chance.below(8));
        let fs = copied(&files, path, byte, bit);
        let place = format!("bit {bit} of byte {byte} of {}", path.display());
        // By the snapshot of the head, which hides damage to the log before it, and without.
        let options = Options {
            memory_snapshot: number % 2 == 0,
            ..small()
        };
        match look_with(&fs, &whole, options) {
            Ok(true) => *losses.entry(kind_of(path)).or_insert(0) += 1,
            Ok(false) => {}
            Err(fault) => faults.push(format!("{place}: {fault}")),
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {flips}: {faults:#?}",
        faults.len()
    );
    assert!(losses.len() >= 3, "{losses:?}");
}

/// A directory with blocks, a checkpoint and segments, and what is in it.
fn written() -> (SimulatedFs, BTreeMap<String, BTreeMap<i64, f64>>) {
    let fs = SimulatedFs::default();
    let f = open_with(&fs, small()).unwrap();
    for part in 0..5 {
        let from = START + part * 20 * 60_000;
        f.fill(60, from, from + 20 * 60_000, 30_000);
        f.db.maintain().unwrap();
    }
    assert!(!f.paths("/wal/checkpoint.").is_empty());
    assert!(f.paths("/index").len() > 3);
    let whole = f.all().into_iter();
    let whole = whole
        .map(|(labels, samples)| (labels, samples.into_iter().collect()))
        .collect();
    f.db.close().unwrap();
    (fs, whole)
}

fn look(fs: &SimulatedFs, whole: &BTreeMap<String, BTreeMap<i64, f64>>) -> Result<bool, String> {
    look_with(fs, whole, small())
}

/// True if something is missing, and that was told. Else what is wrong.
fn look_with(
    fs: &SimulatedFs,
    whole: &BTreeMap<String, BTreeMap<i64, f64>>,
    options: Options,
) -> Result<bool, String> {
    let f = open_with(fs, options).map_err(|error| format!("does not open: {error}"))?;
    let mut told = f.metric("prometheus_tsdb_wal_corruptions_total") > 0.0
        || !f.paths("/quarantine/").is_empty();
    let mut found = 0;
    for (labels, samples) in read_all(&f, &mut told) {
        for (time, value) in samples {
            let stored = whole.get(&labels).and_then(|samples| samples.get(&time));
            if stored.map(|stored| stored.to_bits()) != Some(value.to_bits()) {
                return Err(format!("{labels} has {value} at {}", time - START));
            }
            found += 1;
        }
    }
    let all: usize = whole.values().map(BTreeMap::len).sum();
    match (found == all, told) {
        (true, _) => Ok(false),
        // A block of nine, or a page of the log, whose samples a checkpoint or a block may hold, too.
        (false, true) if found * 10 >= all * 6 => Ok(true),
        (false, true) => Err(format!("{found} of {all} left")),
        (false, false) => Err(format!("{found} of {all} left, and nothing is told")),
    }
}

/// Series by series, so that one that cannot be read keeps none of the others back.
fn read_all(f: &Fixture, told: &mut bool) -> Vec<(String, Vec<(i64, f64)>)> {
    let querier = match f.db.querier(TimeRange::ALL) {
        Ok(querier) => querier,
        Err(_) => {
            *told = true;
            return Vec::new();
        }
    };
    let Ok(set) = querier.select(&Select::new(Vec::new(), TimeRange::ALL)) else {
        *told = true;
        return Vec::new();
    };
    *told |= !set.annotations().warnings().is_empty();
    let mut buffer = SampleBuffer::default();
    let mut all = Vec::new();
    for index in 0..set.len() {
        match set.read(index, &mut buffer) {
            Ok(()) => {
                let times = buffer.timestamps().iter().copied();
                let samples = times.zip(buffer.values().iter().copied()).collect();
                all.push((set.labels(index).to_string(), samples));
            }
            Err(_) => *told = true,
        }
    }
    all
}

fn copied(files: &[(PathBuf, Vec<u8>)], flipped: &Path, byte: usize, bit: usize) -> SimulatedFs {
    let fs = SimulatedFs::default();
    for (path, bytes) in files {
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = bytes.clone();
        if path == flipped {
            bytes[byte] ^= 1 << bit;
        }
        fs.write(path, &bytes).unwrap();
    }
    fs
}

/// The kind of a file: its name without numbers.
fn kind_of(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    let parent = path
        .parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_string_lossy();
    let letters = |text: &str| {
        text.chars()
            .filter(char::is_ascii_lowercase)
            .collect::<String>()
    };
    format!("{}/{}", letters(&parent), letters(&name))
}

/// Numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn small() -> Options {
    Options {
        block_range: 600_000,
        wal: WalOptions {
            segment_bytes: 32 << 10,
            ..WalOptions::default()
        },
        ..options()
    }
}
