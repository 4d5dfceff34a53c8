//! The database as maps: what is in it, what may be lost, what it must take and refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ::model::value::{STALE, is_stale};
use ::model::{Histogram, TimeRange};
use storage::AppendValue;

/// A sample of one series at one time.
#[derive(Clone, Debug)]
pub(super) enum Sample {
    Float(f64),
    Stale,
    Histogram {
        given: Arc<Histogram>,
        /// Without empty buckets, which a chunk may add.
        compact: Arc<Histogram>,
    },
}

impl Sample {
    pub(super) fn float(value: f64) -> Self {
        match is_stale(value) {
            true => Self::Stale,
            false => Self::Float(value),
        }
    }

    pub(super) fn histogram(given: &Arc<Histogram>) -> Self {
        let mut compact = Histogram::clone(given);
        compact.compact(0);
        Self::Histogram {
            given: Arc::clone(given),
            compact: Arc::new(compact),
        }
    }

    pub(super) fn value(&self) -> AppendValue<'_> {
        match self {
            Self::Float(value) => AppendValue::Float(*value),
            Self::Stale => AppendValue::Float(STALE),
            Self::Histogram { given, .. } => AppendValue::Histogram(given),
        }
    }
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Stale, Self::Stale) => true,
            (Self::Histogram { compact: a, .. }, Self::Histogram { compact: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// Samples by number of the series and time.
pub(super) type Contents = BTreeMap<usize, BTreeMap<i64, Sample>>;

/// What became of a sample when it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    OutOfBounds,
    OutOfOrder,
    TooOld,
    Duplicate,
}

/// What happened since the last power failure.
#[derive(Clone, Debug)]
enum Event {
    Added(Vec<(usize, i64, Sample)>),
    /// Added behind later samples.
    Late(Vec<(usize, i64, Sample)>),
    Deleted(Vec<(usize, i64)>),
    /// All before it is promised to be there from that change of the disk on; what came late, which
    /// has a log of its own, only if so said.
    Durable {
        changes: usize,
        is_late: bool,
    },
}

pub(super) struct Model {
    base: Contents,
    events: Vec<Event>,
    contents: Contents,
    /// Bounds of the latest time that the head has seen: after a power failure it may have read
    /// samples that were deleted.
    newest: TimeRange,
    /// Where the blocks end that the database was opened with.
    settled: i64,
    block_range: i64,
    /// How far behind the newest sample others may come; 0: in order only.
    window: i64,
    /// Whether the last batch surely had samples that came late.
    has_just_late: bool,
    /// Series that may have left their names.
    named: BTreeSet<usize>,
}

impl Model {
    pub(super) fn new(block_range: i64, window: i64) -> Self {
        Self {
            base: Contents::new(),
            events: Vec::new(),
            contents: Contents::new(),
            newest: NOTHING,
            settled: i64::MIN,
            block_range,
            window,
            has_just_late: false,
            named: BTreeSet::new(),
        }
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(super) fn named(&self) -> &BTreeSet<usize> {
        &self.named
    }

    pub(super) fn last(&self, series: usize) -> Option<(i64, &Sample)> {
        let (&time, sample) = self.contents.get(&series)?.last_key_value()?;
        Some((time, sample))
    }

    /// What a batch that begins now goes by: the least and the greatest time that may be the newest.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.newest.min_time, self.newest.max_time)
    }

    /// What may become of a sample in a batch that began with `bounds`.
    pub(super) fn verdicts(
        &mut self,
        bounds: (i64, i64),
        series: usize,
        time: i64,
        sample: &Sample,
    ) -> Vec<Verdict> {
        self.named.insert(series);
        let verdict = |newest: i64| {
            let in_order = self
                .settled
                .max(newest.saturating_sub(self.block_range / 2));
            // Blocks count as well, whether the head has seen their samples or not.
            let newest = newest.max(self.settled.saturating_sub(1));
            let late = match self.window {
                0 => None,
                window if time < newest.saturating_sub(window) => Some(Verdict::TooOld),
                _ => Some(Verdict::Taken),
            };
            match self.last(series) {
                _ if time < in_order => late.unwrap_or(Verdict::OutOfBounds),
                Some((last, _)) if time < last => late.unwrap_or(Verdict::OutOfOrder),
                Some((last, same)) if time == last && same != sample => Verdict::Duplicate,
                _ => Verdict::Taken,
            }
        };
        vec![verdict(bounds.0), verdict(bounds.1)]
    }

    /// Commits a batch; how many of its samples are there, and how many were dropped.
    pub(super) fn commit(&mut self, batch: Vec<(usize, i64, Sample)>) -> (usize, usize) {
        let (mut added, mut late) = (Vec::new(), Vec::new());
        let (mut present, mut dropped) = (0, 0);
        let bound = |newest: i64| {
            self.settled
                .max(newest.saturating_sub(self.block_range / 2))
        };
        let bounds = [self.newest.min_time, self.newest.max_time].map(bound);
        let mut is_surely_late = false;
        for (series, time, sample) in batch {
            match self.last(series) {
                Some((last, same)) if time == last && *same == sample => present += 1,
                Some((last, _)) if time == last || (time < last && self.window == 0) => {
                    dropped += 1;
                }
                last => {
                    let is_behind = last.is_some_and(|(last, _)| time < last);
                    let is_late = self.window > 0 && (is_behind || time < bounds[1]);
                    is_surely_late |= is_late && (is_behind || time < bounds[0]);
                    let seen = &mut self.newest;
                    seen.min_time = seen.min_time.max(time);
                    seen.max_time = seen.max_time.max(time);
                    self.contents
                        .entry(series)
                        .or_default()
                        .insert(time, sample.clone());
                    let part = if is_late { &mut late } else { &mut added };
                    part.push((series, time, sample));
                }
            }
        }
        let there = added.len() + late.len() + present;
        self.has_just_late = is_surely_late;
        self.events.extend([Event::Added(added), Event::Late(late)]);
        (there, dropped)
    }

    /// The last batch, and all that its logs had before, is promised to be there.
    pub(super) fn note_batch_durable(&mut self, changes: usize) {
        let is_late = self.has_just_late;
        self.events.push(Event::Durable { changes, is_late });
    }

    /// All before is promised to be there.
    pub(super) fn note_durable(&mut self, changes: usize) {
        let is_late = true;
        self.events.push(Event::Durable { changes, is_late });
    }

    pub(super) fn delete(&mut self, is_meant: impl Fn(usize) -> bool, range: TimeRange) {
        let mut gone = Vec::new();
        for (&series, samples) in self
            .contents
            .iter()
            .filter(|(series, _)| is_meant(**series))
        {
            if range.min_time <= range.max_time {
                let samples = samples.range(range.min_time..=range.max_time);
                gone.extend(samples.map(|(&time, _)| (series, time)));
            }
        }
        self.happen(Event::Deleted(gone));
    }

    /// Retention may have taken away what is older than `limit`, and left `found`.
    pub(super) fn forget_missing(&mut self, found: &Contents, limit: i64) {
        let mut gone = Vec::new();
        for (&series, samples) in &self.contents {
            let old = samples.range(..limit).map(|(&time, _)| time);
            let missing = old.filter(|&time| sample(found, series, time).is_none());
            gone.extend(missing.map(|time| (series, time)));
        }
        self.happen(Event::Deleted(gone));
    }

    /// The database was opened again; its blocks end at `settled`.
    pub(super) fn reopened(&mut self, settled: i64) {
        self.settled = settled;
        let left = newest(&self.contents);
        if left < self.newest.min_time {
            // What was newest is deleted, and may be gone from the log, too.
            self.newest.min_time = self.seen_at_least(left);
        }
    }

    /// The database was replaced by a copy of what is older than `limit`, whose blocks end at
    /// `settled`, but for late samples.
    pub(super) fn restored(&mut self, limit: i64, settled: i64) {
        self.contents
            .values_mut()
            .for_each(|samples| samples.retain(|&time, _| time < limit));
        self.base = self.contents.clone();
        self.events.clear();
        self.newest = NOTHING;
        self.settled = settled;
    }

    /// Whether a power failure after `at` changes of the disk may have left `found`; what is older
    /// than `forgotten` may be missing. The model goes on with what was found.
    pub(super) fn crashed(
        &mut self,
        at: usize,
        found: &Contents,
        settled: i64,
        forgotten: i64,
    ) -> Result<(), String> {
        let promised = |lately: bool| {
            let promise = |event: &Event| match event {
                Event::Durable { changes, is_late } => *changes <= at && (*is_late || !lately),
                _ => false,
            };
            let last = self.events.iter().rposition(promise);
            last.map_or(0, |last| last + 1)
        };
        let (promised, promised_late) = (promised(false), promised(true));
        let mut required = std::mem::take(&mut self.base);
        let mut open: Vec<Event> = Vec::new();
        for (place, event) in std::mem::take(&mut self.events).into_iter().enumerate() {
            let limit = match event {
                Event::Late(_) => promised_late,
                _ => promised,
            };
            if place >= limit {
                open.push(event);
                continue;
            }
            event.apply(&mut required);
            if let Event::Deleted(gone) = &event {
                open.iter_mut().for_each(|event| event.lose(gone));
            }
        }
        let mut adopted = Contents::new();
        for (series, time) in keys(&required, found, &open) {
            let must = sample(&required, series, time);
            let is = sample(found, series, time);
            let mut may = open.iter().flat_map(|event| event.outcomes(series, time));
            let known = match is {
                _ if is == must => must,
                None if time < forgotten => None,
                _ => match may.find(|outcome| *outcome == is) {
                    Some(outcome) => outcome,
                    None => {
                        return Err(format!(
                            "after a power failure series {series} has {is:?} at {time}, not {must:?}"
                        ));
                    }
                },
            };
            if let Some(known) = known {
                adopted
                    .entry(series)
                    .or_default()
                    .insert(time, known.clone());
            }
        }
        if self.window == 0 {
            // What came late has a log of its own.
            check_order(&open, found, settled)?;
        }
        let left = match self.window {
            0 => newest(&adopted).max(self.floor_of_newest(&required)),
            _ => newest(&adopted),
        };
        self.settled = settled;
        self.newest = TimeRange::new(self.seen_at_least(left), self.newest.max_time);
        self.base = adopted.clone();
        self.contents = adopted;
        Ok(())
    }

    /// The least that a head saw which began with samples up to `left`. With a window, the last of
    /// them may be a late one, whose companions in order are gone: the head counts only these.
    fn seen_at_least(&self, left: i64) -> i64 {
        match self.window {
            0 => left,
            _ => left.min(self.settled.saturating_sub(1)),
        }
    }

    /// The least that the head saw of what a power failure before left.
    fn floor_of_newest(&self, required: &Contents) -> i64 {
        newest(required).min(self.newest.min_time)
    }

    fn happen(&mut self, event: Event) {
        event.apply(&mut self.contents);
        self.events.push(event);
    }
}

impl Event {
    fn apply(&self, contents: &mut Contents) {
        match self {
            Self::Added(samples) | Self::Late(samples) => {
                for (series, time, sample) in samples {
                    contents
                        .entry(*series)
                        .or_default()
                        .insert(*time, sample.clone());
                }
            }
            Self::Deleted(places) => {
                for (series, time) in places {
                    contents.entry(*series).or_default().remove(time);
                }
            }
            Self::Durable { .. } => {}
        }
    }

    /// What it added there was deleted for good.
    fn lose(&mut self, gone: &[(usize, i64)]) {
        if let Self::Added(samples) | Self::Late(samples) = self {
            samples.retain(|(series, time, _)| !gone.contains(&(*series, *time)));
        }
    }

    /// What a place may hold because of it.
    fn outcomes(&self, series: usize, time: i64) -> Vec<Option<&Sample>> {
        match self {
            Self::Added(samples) | Self::Late(samples) => {
                let here = samples
                    .iter()
                    .filter(|(s, t, _)| (*s, *t) == (series, time));
                here.map(|(_, _, sample)| Some(sample)).collect()
            }
            Self::Deleted(places) if places.contains(&(series, time)) => vec![None],
            _ => Vec::new(),
        }
    }
}

/// Of what was not promised, a series in the head may have a beginning only: what is behind a lost
/// sample is lost, too. (Of another series there may be more: its finished chunk was in a file.)
fn check_order(open: &[Event], found: &Contents, settled: i64) -> Result<(), String> {
    let mut torn: BTreeMap<usize, i64> = BTreeMap::new();
    for (number, event) in open.iter().enumerate() {
        let Event::Added(samples) = event else {
            continue;
        };
        let later = open.get(number..).unwrap_or_default();
        for (series, time, _) in samples.iter().filter(|(_, time, _)| *time >= settled) {
            let place = (*series, *time);
            let is_deleted =
                |event: &Event| matches!(event, Event::Deleted(gone) if gone.contains(&place));
            if later.iter().any(is_deleted) {
                continue;
            }
            match (sample(found, *series, *time), torn.get(series)) {
                (None, _) => {
                    torn.entry(*series).or_insert(*time);
                }
                (Some(_), Some(lost)) => {
                    return Err(format!(
                        "series {series} lost its sample at {lost} and has one at {time}"
                    ));
                }
                (Some(_), None) => {}
            }
        }
    }
    Ok(())
}

fn keys(required: &Contents, found: &Contents, open: &[Event]) -> BTreeSet<(usize, i64)> {
    let places = |contents: &Contents| -> Vec<(usize, i64)> {
        let series = contents.iter();
        series
            .flat_map(|(&number, samples)| samples.keys().map(move |&time| (number, time)))
            .collect()
    };
    let mut keys: BTreeSet<_> = places(required).into_iter().chain(places(found)).collect();
    for event in open {
        if let Event::Added(samples) | Event::Late(samples) = event {
            keys.extend(samples.iter().map(|(series, time, _)| (*series, *time)));
        }
    }
    keys
}

fn sample(contents: &Contents, series: usize, time: i64) -> Option<&Sample> {
    contents.get(&series)?.get(&time)
}

fn newest(contents: &Contents) -> i64 {
    let times = contents
        .values()
        .filter_map(|samples| samples.last_key_value());
    times.map(|(&time, _)| time).max().unwrap_or(i64::MIN)
}

const NOTHING: TimeRange = TimeRange {
    min_time: i64::MIN,
    max_time: i64::MIN,
};
