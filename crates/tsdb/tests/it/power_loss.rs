//! The power fails at any moment: the database opens again, with all that was synced.
//!
//! `NARTHEX_CRASH_IMAGES` says how many disks are looked at (default 400).

use std::collections::BTreeMap;

use host::fs::{SimulatedFs, Survival, Timeline};
use tsdb::{Options, WalOptions};

use crate::fixture::{Fixture, START, Series, labels, open_with, options};

#[test]
fn what_was_synced_survives_a_power_failure() {
    let images = std::env::var("NARTHEX_CRASH_IMAGES").ok();
    let images = images.map_or(400, |text| text.parse().unwrap());
    let history = History::record(Plant::Nothing);
    let findings = history.search(images);
    assert!(findings.images >= images, "{}", findings.images);
    assert!(findings.faults.is_empty(), "{:#?}", findings.faults);
    assert!(findings.with_blocks > 50 && findings.with_checkpoints > 50);
    assert!(findings.with_late_segments > 50);
    assert!(findings.with_snapshots > 50);
}

/// The search would find a fault: here are some.
#[test]
fn planted_faults_are_found() {
    for plant in [Plant::SkippedSync, Plant::EarlyAnswer, Plant::DroppedRecord] {
        let findings = History::record(plant).search(120);
        assert!(!findings.faults.is_empty(), "{plant:?} was not noticed");
    }
}

/// What is wrong with the database on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plant {
    Nothing,
    /// The disk says that it synced and did not.
    SkippedSync,
    /// The answer is given before the sync.
    EarlyAnswer,
    /// One batch that is acknowledged never reaches the log.
    DroppedRecord,
}

/// A database's life on a disk that was recorded.
struct History {
    fs: SimulatedFs,
    /// All samples in order of their batches, by series.
    batches: Vec<Vec<(usize, i64, f64)>>,
    /// Names of the series.
    names: Vec<String>,
    /// Changes of the disk, and how many batches were acknowledged by then.
    acknowledged: Vec<(usize, usize)>,
}

#[derive(Default)]
struct Findings {
    images: usize,
    with_blocks: usize,
    with_checkpoints: usize,
    with_late_segments: usize,
    with_snapshots: usize,
    faults: Vec<String>,
}

impl History {
    /// Batches are appended and synced while blocks are cut and the log is folded; twice the process
    /// ends, once in good order, and begins again.
    fn record(plant: Plant) -> Self {
        let fs = SimulatedFs::recorded();
        fs.set_ignores_syncs(plant == Plant::SkippedSync);
        let mut history = Self {
            fs: fs.clone(),
            batches: Vec::new(),
            names: (0..SERIES + 50)
                .map(|series| labels(series).to_string())
                .collect(),
            acknowledged: Vec::new(),
        };
        for life in 0..3 {
            let f = open_with(&fs, small()).unwrap();
            for number in 0..90 {
                history.append(&f, plant);
                if number % 3 == life {
                    history.sync(&f, plant);
                }
                if number % 20 == 19 {
                    f.db.maintain().unwrap();
                }
            }
            if life == 0 {
                f.db.close().unwrap();
                history.acknowledge();
            }
        }
        history
    }

    fn append(&mut self, f: &Fixture, plant: Plant) {
        let number = self.batches.len();
        let time = START + number as i64 * STEP;
        let series = (0..SERIES).filter(|series| !(series + number).is_multiple_of(5));
        let batch: Vec<_> = series
            .map(|series| (series, time, (number * 100 + series) as f64))
            .collect();
        let shift = number / 60 * 10;
        let batch = batch
            .into_iter()
            .map(|(series, time, value)| (series + shift, time, value));
        // Some of what the batch before left out comes out of order.
        let shift = number.saturating_sub(1) / 60 * 10;
        let missed = (0..SERIES).filter(|series| number > 0 && (series + number) % 5 == 1);
        let missed = missed.map(|series| (series + shift, time - STEP, 0.5));
        let batch: Vec<_> = batch.chain(missed.step_by(2)).collect();
        let samples: Vec<_> = batch
            .iter()
            .map(|&(series, time, value)| (labels(series), time, value))
            .collect();
        if plant != Plant::DroppedRecord || number != 33 {
            f.append(&samples).unwrap();
        }
        self.batches.push(batch);
    }

    fn sync(&mut self, f: &Fixture, plant: Plant) {
        let early = self.fs.change_count();
        f.db.sync().unwrap();
        let changes = match plant {
            Plant::EarlyAnswer => early,
            _ => self.fs.change_count(),
        };
        self.acknowledged.push((changes, self.batches.len()));
    }

    fn acknowledge(&mut self) {
        let changes = self.fs.change_count();
        self.acknowledged.push((changes, self.batches.len()));
    }

    /// Looks at about so many disks: at each moment that matters and at others, each in the worst
    /// and best case and by chance.
    fn search(&self, images: usize) -> Findings {
        let changes = self.fs.change_count();
        let moments = boundaries(self.fs.timeline());
        let per_moment = images.div_ceil(moments).max(3);
        let every = (moments * per_moment / images).max(1);
        let mut findings = Findings::default();
        let mut timeline = self.fs.timeline();
        let (mut at, mut boundary) = (0, 0);
        loop {
            let matters = timeline.next_is_boundary() || at % 7 == 0;
            boundary += usize::from(matters);
            if matters && boundary % every == 0 {
                for number in 0..per_moment {
                    let survival = match number {
                        0 => Survival::Nothing,
                        1 => Survival::Chance(at as u64),
                        2 => Survival::Everything,
                        _ => Survival::Chance((at * 31 + number) as u64),
                    };
                    self.look(&timeline, at, survival, &mut findings);
                }
            }
            if !timeline.advance() {
                break;
            }
            at += 1;
        }
        assert_eq!(at, changes);
        findings
    }

    fn look(&self, timeline: &Timeline, at: usize, survival: Survival, findings: &mut Findings) {
        let disk = timeline.after_power_failure(survival);
        findings.images += 1;
        let has = |part: &str| disk.files().iter().any(|(path, _)| path.ends_with(part));
        findings.with_blocks += usize::from(has("meta.json"));
        let checkpoint =
            |(path, _): &(std::path::PathBuf, u64)| path.to_string_lossy().contains("checkpoint.0");
        findings.with_checkpoints += usize::from(disk.files().iter().any(checkpoint));
        let snapshot = |(path, _): &(std::path::PathBuf, u64)| {
            let path = path.to_string_lossy();
            path.contains("chunk_snapshot.") && !path.contains(".tmp")
        };
        findings.with_snapshots += usize::from(disk.files().iter().any(snapshot));
        let late =
            |(path, len): &(std::path::PathBuf, u64)| *len > 0 && path.starts_with("/data/wbl");
        findings.with_late_segments += usize::from(disk.files().iter().any(late));
        if let Err(fault) = self.judge(&disk, at) {
            findings
                .faults
                .push(format!("after change {at}, {survival:?}: {fault}"));
        }
    }

    fn judge(&self, disk: &SimulatedFs, at: usize) -> Result<(), String> {
        let acknowledged = self.acknowledged.iter().rev();
        let mut acknowledged = acknowledged.skip_while(|&&(changes, _)| changes > at);
        let acknowledged = acknowledged.next().map_or(0, |&(_, batches)| batches);
        let f = open_with(disk, small()).map_err(|error| format!("does not open: {error}"))?;
        let found = by_series(&f.all());
        let mut unknown: usize = found.values().map(BTreeMap::len).sum();
        for (number, &(series, time, value)) in self.batches.iter().enumerate().flat_map(numbered) {
            let there = found.get(&self.names[series]);
            match there.and_then(|samples| samples.get(&time)) {
                Some(found) if *found == value => unknown -= 1,
                None if number >= acknowledged => {}
                other => {
                    let time = time - START;
                    return Err(format!("lost: series {series} at {time}: {other:?}"));
                }
            }
        }
        if unknown > 0 {
            return Err(format!("invented: {unknown} samples"));
        }
        if at.is_multiple_of(5) {
            self.goes_on(f, disk)?;
        }
        Ok(())
    }

    /// The database that was opened is used, closed and opened again.
    fn goes_on(&self, f: Fixture, disk: &SimulatedFs) -> Result<(), String> {
        let before = f.all();
        let later = START + (self.batches.len() as i64 + 10) * STEP;
        let appended = f.append(&[(labels(0), later, 1.0), (labels(99), later, 2.0)]);
        appended.map_err(|error| format!("does not take samples: {error}"))?;
        f.db.maintain()
            .map_err(|error| format!("cannot be maintained: {error}"))?;
        f.db.close().map_err(|error| error.to_string())?;
        drop(f);
        let f = open_with(disk, small()).map_err(|error| format!("second start: {error}"))?;
        let count = |all: &[Series]| all.iter().map(|(_, samples)| samples.len()).sum::<usize>();
        match count(&f.all()) == count(&before) + 2 {
            true => Ok(()),
            false => Err("lost after a second start".to_owned()),
        }
    }
}

/// Each sample with the number of its batch.
fn numbered<S>((number, batch): (usize, &Vec<S>)) -> impl Iterator<Item = (usize, &S)> {
    batch.iter().map(move |sample| (number, sample))
}

fn boundaries(mut timeline: Timeline) -> usize {
    let (mut at, mut boundaries) = (0, 0);
    loop {
        boundaries += usize::from(timeline.next_is_boundary() || at % 7 == 0);
        if !timeline.advance() {
            return boundaries;
        }
        at += 1;
    }
}

fn by_series(all: &[Series]) -> BTreeMap<String, BTreeMap<i64, f64>> {
    let series = all
        .iter()
        .map(|(labels, samples)| (labels.clone(), samples.iter().copied().collect()));
    series.collect()
}

/// Blocks of five minutes and segments of one page, so that much happens in a short life.
fn small() -> Options {
    Options {
        block_range: 300_000,
        out_of_order_window: 600_000,
        wal: WalOptions {
            segment_bytes: 32 << 10,
            ..WalOptions::default()
        },
        ..options()
    }
}

const SERIES: usize = 40;
/// Milliseconds between batches.
const STEP: i64 = 15_000;
