//! A database that lives through a history, beside its model.

use std::path::{Path, PathBuf};

use ::model::{Labels, SeriesRef};
use host::fs::{Fs as _, SimulatedFs, Survival};
use storage::{Append, AppendError, Appendable as _, Appender, Queryable as _};
use tsdb::{Compression, Db, Durability, Options, Retention, WalOptions};

use super::model::{Contents, Model, Sample, Verdict};
use super::operation::{Ending, Operation};
use super::question::Question;
use super::random::Random;
use crate::fixture::{Fixture, START, labels, open_with, options};
use crate::native::histogram;

/// What is wrong with the database on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plant {
    Nothing,
    /// The disk says that it synced and did not.
    SkippedSync,
    /// Of one batch nothing is appended.
    LostBatch,
    /// One deletion never reaches the database.
    ForgottenDeletion,
}

pub(super) struct Life {
    fs: SimulatedFs,
    options: Options,
    /// Taken out only while the database is closed.
    fixture: Option<Fixture>,
    model: Model,
    universe: Vec<Labels>,
    references: Vec<Option<SeriesRef>>,
    /// Time of the last batch.
    now: i64,
    plant: Plant,
}

impl Life {
    /// An empty database with options that the seed gives.
    pub(super) fn begin(seed: u64, plant: Plant) -> Self {
        let mut random = Random::new(!seed);
        let universe: Vec<Labels> = (0..FLOATS)
            .map(labels)
            .chain(KINDS.map(|kind| Labels::from_pairs([("__name__", kind), ("job", "native")])))
            .collect();
        let options = Options {
            block_range: BLOCK_RANGE,
            out_of_order_window: [0, 0, 2 * BLOCK_RANGE][random.index(3)],
            max_block_range: [0, 3 * BLOCK_RANGE][random.index(2)],
            retention: Retention {
                time: [0, 0, 30 * 60_000, 2 * 3_600_000][random.index(4)],
                ..Retention::default()
            },
            durability: match random.below(6) {
                0 => Durability::Always,
                1 => Durability::Os,
                _ => Durability::Interval,
            },
            wal: WalOptions {
                segment_bytes: 32 << 10,
                compression: match random.below(3) {
                    0 => Compression::None,
                    1 => Compression::Snappy,
                    _ => Compression::Zstd,
                },
            },
            ..options()
        };
        let fs = SimulatedFs::recorded();
        fs.set_ignores_syncs(plant == Plant::SkippedSync);
        let fixture = open_with(&fs, options.clone()).unwrap();
        let model = Model::new(BLOCK_RANGE, options.out_of_order_window);
        Self {
            fs,
            options,
            fixture: Some(fixture),
            model,
            references: vec![None; universe.len()],
            universe,
            now: START,
            plant,
        }
    }

    /// One operation, after which database and model agree.
    pub(super) fn go_on(&mut self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::Ask { seed } => return self.ask(&mut Random::new(*seed)),
            Operation::Crash { seed, during } => {
                self.crash(&mut Random::new(*seed), during)?;
            }
            Operation::Snapshot {
                skips_head,
                is_restored,
            } => self.snapshot(*skips_head, *is_restored)?,
            change => self.change(change)?,
        }
        match operation {
            Operation::Sync | Operation::Interleave { .. } => Ok(()),
            Operation::Scrape { seed, .. } => self.ask(&mut Random::new(*seed)),
            _ => self.check_all(),
        }
    }

    pub(super) fn check_all(&self) -> Result<(), String> {
        self.check(&Question::everything())
    }

    fn change(&mut self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::Scrape {
                seed,
                rounds,
                pause,
                ending,
            } => {
                let random = &mut Random::new(*seed);
                self.now += pause;
                (0..*rounds).try_for_each(|_| self.scrape(random, *ending))
            }
            Operation::Interleave { seed } => self.interleave(&mut Random::new(*seed)),
            Operation::Delete { seed } => self.delete(&mut Random::new(*seed)),
            Operation::Maintain { seed, is_read } => {
                self.maintain(&mut Random::new(*seed), *is_read)
            }
            Operation::CleanTombstones => self.db().clean_tombstones().map_err(text),
            Operation::Restart { is_closed } => self.restart(*is_closed),
            _ => {
                self.db().sync().map_err(text)?;
                self.note_durable(self.options.durability != Durability::Os);
                Ok(())
            }
        }
    }

    // ----- batches -----

    fn scrape(&mut self, random: &mut Random, ending: Ending) -> Result<(), String> {
        let batch = self.batch(random);
        let Some(fixture) = &self.fixture else {
            return Err(CLOSED.to_owned());
        };
        let mut batch = Batch {
            appender: fixture.db.appender(),
            bounds: self.model.bounds(),
            taken: Vec::new(),
            given: batch,
        };
        if self.plant == Plant::LostBatch && random.once_in(20) {
            self.model.commit(batch.given);
            return Ok(());
        }
        batch.append(&mut self.model, &self.universe, &mut self.references)?;
        match ending {
            Ending::Rollback => {
                batch.appender.rollback();
                return Ok(());
            }
            Ending::Commit => batch.commit(&mut self.model, false)?,
            Ending::Durably => batch.commit(&mut self.model, true)?,
        }
        let is_durable = match ending {
            Ending::Durably => self.options.durability != Durability::Os,
            _ => self.options.durability == Durability::Always,
        };
        if is_durable {
            self.model.note_batch_durable(self.fs.change_count());
        }
        Ok(())
    }

    fn interleave(&mut self, random: &mut Random) -> Result<(), String> {
        let given = [self.batch(random), self.batch(random)];
        let Some(fixture) = &self.fixture else {
            return Err(CLOSED.to_owned());
        };
        let mut batches = Vec::new();
        for given in given {
            let mut batch = Batch {
                appender: fixture.db.appender(),
                bounds: self.model.bounds(),
                taken: Vec::new(),
                given,
            };
            batch.append(&mut self.model, &self.universe, &mut self.references)?;
            batches.push(batch);
        }
        for batch in batches.into_iter().rev() {
            batch.commit(&mut self.model, false)?;
            let is_durable = self.options.durability == Durability::Always;
            if is_durable {
                self.model.note_batch_durable(self.fs.change_count());
            }
        }
        Ok(())
    }

    /// Samples of most series that exist now, some of them too early, late or twice.
    fn batch(&mut self, random: &mut Random) -> Vec<(usize, i64, Sample)> {
        self.now += STEP;
        // Series come and go.
        let oldest = ((self.now - START) / (4 * BLOCK_RANGE)) as usize;
        let mut batch = Vec::new();
        for series in 0..self.universe.len() {
            let is_alive = series >= FLOATS || (oldest..oldest + 8).contains(&series);
            if !is_alive || random.once_in(10) {
                continue;
            }
            let (time, sample) = match random.below(30) {
                0 => self.odd(random, series),
                _ => (self.now, self.sample(random, series, self.now)),
            };
            let next = self.sample(random, series, time + 1);
            let has_next = random.once_in(60);
            if self.is_taken(series, time) {
                continue;
            }
            batch.push((series, time, sample));
            if has_next && !self.is_taken(series, time + 1) {
                batch.push((series, time + 1, next));
            }
        }
        batch
    }

    /// Whether there is a sample at this time to which a late one would be a second: either may stay.
    fn is_taken(&self, series: usize, time: i64) -> bool {
        let samples = self.model.contents().get(&series);
        self.options.out_of_order_window > 0
            && samples.is_some_and(|samples| samples.contains_key(&time))
    }

    /// A sample that comes too early or late, or was there before.
    fn odd(&self, random: &mut Random, series: usize) -> (i64, Sample) {
        let is_late = self.options.out_of_order_window > 0;
        let last = self.model.last(series).filter(|_| !is_late);
        let (time, sample) = match (last, random.below(5)) {
            (Some((time, same)), 0) => (time, Some(same.clone())),
            (Some((time, _)), 1) => (time, None),
            (_, 2) => (self.now + random.between(1, 100_000), None),
            (_, 3) => (self.now - random.between(0, BLOCK_RANGE), None),
            _ => (self.now - random.between(0, 3 * BLOCK_RANGE), None),
        };
        (
            time,
            sample.unwrap_or_else(|| self.sample(random, series, time)),
        )
    }

    fn sample(&self, random: &mut Random, series: usize, time: i64) -> Sample {
        let step = (time - START).div_euclid(STEP).rem_euclid(1_000);
        match series.checked_sub(FLOATS) {
            _ if random.once_in(40) => Sample::Stale,
            Some(kind) if KINDS[kind] != "mixed" || step / 7 % 2 == 0 => {
                Sample::histogram(&histogram(KINDS[kind], step))
            }
            _ => Sample::Float(match random.below(20) {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => -0.0,
                3..9 => random.next() as f64 / 1e3,
                _ => (series as i64 * 1_000 + step) as f64,
            }),
        }
    }

    // ----- the others -----

    fn delete(&mut self, random: &mut Random) -> Result<(), String> {
        let question = Question::any(random, &self.model);
        let is_forgotten = self.plant == Plant::ForgottenDeletion && random.once_in(3);
        if !is_forgotten {
            let outcome = self.db().delete(&question.matchers(), question.range);
            outcome.map_err(text)?;
        }
        let universe = &self.universe;
        let is_meant = |series: usize| question.is_about(&universe[series]);
        self.model.delete(is_meant, question.range);
        self.note_durable(true);
        Ok(())
    }

    fn maintain(&mut self, random: &mut Random, is_read: bool) -> Result<(), String> {
        let newest = newest_end(self.db());
        let before = self.db().block_metas().into_iter().map(|meta| meta.ulid);
        let before: Vec<String> = before.collect();
        if is_read {
            let question = Question::any(random, &self.model);
            let querier = self.db().querier(question.range).map_err(text)?;
            let set = question.select(&*querier)?;
            self.db().maintain().map_err(text)?;
            let found = question.read(&self.universe, &*set);
            self.compare(
                &question,
                &found.map_err(|error| format!("while reading: {error}"))?,
            )?;
        } else {
            self.db().maintain().map_err(text)?;
        }
        let retention = self.options.retention.time;
        if retention == 0 {
            return Ok(());
        }
        let kept = |end: i64| newest.saturating_sub(end) < retention;
        let after = self.db().block_metas();
        let old = after.iter().filter(|meta| before.contains(&meta.ulid));
        if let Some(meta) = old.into_iter().find(|meta| !kept(meta.max_time)) {
            return Err(format!("the block until {} should be gone", meta.max_time));
        }
        let limit = newest_end(self.db()).saturating_sub(retention);
        let found = read(self.db(), &Question::everything(), &self.universe)?;
        self.model.forget_missing(&found, limit);
        Ok(())
    }

    fn restart(&mut self, is_closed: bool) -> Result<(), String> {
        if is_closed {
            self.db().close().map_err(text)?;
            self.note_durable(self.options.durability != Durability::Os);
        }
        self.fixture = None;
        self.open()?;
        self.model.reopened(in_order_end(self.db()));
        Ok(())
    }

    fn snapshot(&mut self, skips_head: bool, is_restored: bool) -> Result<(), String> {
        // What came late is in the head, whatever its time.
        let skips_head = skips_head && self.options.out_of_order_window == 0;
        let name = self.db().snapshot(skips_head).map_err(text)?;
        let folder = Path::new(SNAPSHOTS).join(name);
        let (fs, options) = (copy(&self.fs, &folder), self.options.clone());
        self.fs.remove_dir_all(&folder).map_err(text)?;
        let limit = match skips_head {
            true => newest_end(self.db()),
            false => i64::MAX,
        };
        let copy = open_with(&fs, options).map_err(text)?;
        let everything = Question::everything();
        let found = read(&copy.db, &everything, &self.universe)?;
        let mut want = everything.expected(&self.universe, &self.model);
        want.values_mut()
            .for_each(|samples| samples.retain(|&time, _| time < limit));
        want.retain(|_, samples| !samples.is_empty());
        same(&self.universe, &want, &found).map_err(|fault| format!("snapshot: {fault}"))?;
        if is_restored {
            self.references.fill(None);
            self.model.restored(limit, in_order_end(&copy.db));
            (self.fs, self.fixture) = (fs, Some(copy));
        }
        Ok(())
    }

    /// The power fails at some change of the disk that the operation makes.
    fn crash(&mut self, random: &mut Random, during: &Operation) -> Result<(), String> {
        let before = self.fs.change_count();
        self.change(during)?;
        let changes = self.fs.change_count() - before;
        let at = before + random.index(changes + 1);
        let survival = match random.below(4) {
            0 => Survival::Nothing,
            1 => Survival::Everything,
            _ => Survival::Chance(random.next()),
        };
        let mut timeline = self.fs.timeline();
        for _ in 0..at {
            timeline.advance();
        }
        let end_before = newest_end(self.db());
        self.fixture = None;
        let disk = timeline.after_power_failure(survival);
        self.fs = copy(&disk, Path::new("/data"));
        self.open()
            .map_err(|error| format!("after a power failure: {error}"))?;
        let found = read(self.db(), &Question::everything(), &self.universe)?;
        let settled = in_order_end(self.db());
        let forgotten = match self.options.retention.time {
            0 => i64::MIN,
            time => end_before.max(settled).saturating_sub(time),
        };
        self.model.crashed(at, &found, settled, forgotten)
    }

    /// Opens what the disk has, in a process of its own: references of the one before mean nothing.
    fn open(&mut self) -> Result<(), String> {
        self.references.fill(None);
        self.fs.set_ignores_syncs(self.plant == Plant::SkippedSync);
        self.fixture = Some(open_with(&self.fs, self.options.clone()).map_err(text)?);
        Ok(())
    }

    // ----- questions -----

    fn ask(&self, random: &mut Random) -> Result<(), String> {
        let question = Question::any(random, &self.model);
        self.check(&question)?;
        let querier = self.db().querier(question.range).map_err(text)?;
        question.check_labels(&self.universe, &self.model, &*querier)
    }

    fn check(&self, question: &Question) -> Result<(), String> {
        self.compare(question, &read(self.db(), question, &self.universe)?)
    }

    fn compare(&self, question: &Question, found: &Contents) -> Result<(), String> {
        let want = question.expected(&self.universe, &self.model);
        same(&self.universe, &want, found).map_err(|fault| format!("{question:?}: {fault}"))
    }

    fn note_durable(&mut self, is_durable: bool) {
        if is_durable {
            self.model.note_durable(self.fs.change_count());
        }
    }

    fn db(&self) -> &Db {
        &self.fixture.as_ref().expect(CLOSED).db
    }
}

/// A batch on its way in.
struct Batch<'a> {
    appender: Box<dyn Appender + 'a>,
    /// Of the times that it may carry.
    bounds: (i64, i64),
    given: Vec<(usize, i64, Sample)>,
    taken: Vec<(usize, i64, Sample)>,
}

impl Batch<'_> {
    /// Appends all; what is refused is refused by the model as well.
    fn append(
        &mut self,
        model: &mut Model,
        universe: &[Labels],
        references: &mut [Option<SeriesRef>],
    ) -> Result<(), String> {
        for (series, time, sample) in std::mem::take(&mut self.given) {
            let mut append = Append::new(&universe[series], time, sample.value());
            // Every second time by reference.
            append.series = references[series].filter(|_| time % 2 == 0);
            let verdict = match self.appender.append(append) {
                Ok(reference) => {
                    references[series] = Some(reference);
                    Verdict::Taken
                }
                Err(AppendError::OutOfBounds) => Verdict::OutOfBounds,
                Err(AppendError::OutOfOrder) => Verdict::OutOfOrder,
                Err(AppendError::TooOld) => Verdict::TooOld,
                Err(AppendError::DuplicateTimestamp) => Verdict::Duplicate,
                Err(error) => return Err(error.to_string()),
            };
            let allowed = model.verdicts(self.bounds, series, time, &sample);
            if !allowed.contains(&verdict) {
                return Err(format!(
                    "{sample:?} of {} at {time} is {verdict:?}, not {allowed:?}; the last is {:?}",
                    universe[series],
                    model.last(series),
                ));
            }
            if verdict == Verdict::Taken {
                self.taken.push((series, time, sample));
            }
        }
        Ok(())
    }

    fn commit(self, model: &mut Model, durably: bool) -> Result<(), String> {
        let outcome = match durably {
            true => self.appender.commit_durably(),
            false => self.appender.commit(),
        };
        let commit = outcome.map_err(text)?;
        let want = model.commit(self.taken);
        match (commit.samples, commit.dropped) == want {
            true => Ok(()),
            false => Err(format!("{commit:?}, not {want:?}")),
        }
    }
}

fn read(db: &Db, question: &Question, universe: &[Labels]) -> Result<Contents, String> {
    let querier = db.querier(question.range).map_err(text)?;
    let set = question.select(&*querier)?;
    question.read(universe, &*set)
}

fn same(universe: &[Labels], want: &Contents, found: &Contents) -> Result<(), String> {
    let (nothing, numbers) = (Default::default(), 0..universe.len());
    for series in numbers {
        let want = want.get(&series).unwrap_or(&nothing);
        let found = found.get(&series).unwrap_or(&nothing);
        let differs = |time: &&i64| want.get(time) != found.get(time);
        let first = want.keys().chain(found.keys()).filter(differs).min();
        if let Some(time) = first {
            return Err(format!(
                "{} at {time}: found {:?}, not {:?} ({} of {} samples are there)",
                universe[series],
                found.get(time),
                want.get(time),
                found.len(),
                want.len(),
            ));
        }
    }
    Ok(())
}

/// Where the newest block ends.
fn newest_end(db: &Db) -> i64 {
    let ends = db.block_metas().into_iter().map(|meta| meta.max_time);
    ends.max().unwrap_or(i64::MIN)
}

/// Where the newest block ends that was not made of late samples: the head has what comes behind.
fn in_order_end(db: &Db) -> i64 {
    let metas = db.block_metas().into_iter();
    let in_order = metas.filter(|meta| !meta.is_from_out_of_order());
    in_order.map(|meta| meta.max_time).max().unwrap_or(i64::MIN)
}

/// The files in `folder` on a disk of their own, all durable.
fn copy(from: &SimulatedFs, folder: &Path) -> SimulatedFs {
    let fs = SimulatedFs::recorded();
    for (path, _) in from.files() {
        let Ok(inside) = path.strip_prefix(folder) else {
            continue;
        };
        let target: PathBuf = Path::new("/data").join(inside);
        let parent = target.parent().unwrap();
        fs.create_dir_durably(parent).unwrap();
        fs.write(&target, &from.read(&path).unwrap()).unwrap();
        fs.open_append(&target).unwrap().sync().unwrap();
        fs.sync_dir(parent).unwrap();
    }
    fs
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Series of floats; of those of histograms there is one of each kind.
const FLOATS: usize = 20;
const KINDS: [&str; 6] = ["counter", "custom", "floats", "gauge", "integers", "mixed"];
/// Milliseconds between batches.
const STEP: i64 = 15_000;
const BLOCK_RANGE: i64 = 300_000;
const SNAPSHOTS: &str = "/data/snapshots";
const CLOSED: &str = "the database is open between operations";
