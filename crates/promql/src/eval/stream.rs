//! Series that are read one by one, each into one column of steps: selectors, and functions over
//! range selectors and subqueries.

use model::value::{STALE, is_stale};
use model::{Labels, label};
use storage::{SampleBuffer, SeriesSet};

use super::Evaluator;
use super::columns::{Series, Vector, has_values};
use super::range_call::RangeCall;
use super::shard::BATCH;
use super::steps::{Moments, Steps};
use super::window::{Slider, Window};
use crate::ast::Span;
use crate::limits::Interrupt;
use crate::query::QueryError;
use crate::statistics::Statistics;

/// Where the samples of a stream come from.
pub(crate) enum Source<'a> {
    /// A store's selection.
    Stored(Box<dyn SeriesSet + 'a>),
    /// The results of a subquery at its own steps.
    Evaluated(Vector<'a>, Steps),
}

impl Source<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Stored(set) => set.len(),
            Self::Evaluated(vector, _) => vector.series.len(),
        }
    }

    /// Labels of a series, and whether its name is to be removed when the query ends.
    pub(crate) fn labels(&self, index: usize) -> (Labels, bool) {
        match self {
            Self::Stored(set) => (set.labels(index), false),
            Self::Evaluated(vector, _) => {
                let series = &vector.series[index];
                (series.labels.clone(), series.drop_name)
            }
        }
    }

    /// Reads all samples of a series.
    pub(crate) fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), QueryError> {
        match self {
            Self::Stored(set) => set.read(index, buffer)?,
            Self::Evaluated(vector, steps) => {
                buffer.clear();
                for (time, &value) in steps.times().zip(&vector.series[index].values) {
                    if !is_stale(value) {
                        buffer.push(time, value);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a stream makes of a series' samples.
pub(crate) enum Reading {
    /// The latest sample at most `lookback` milliseconds old.
    Instant {
        /// How far it looks back.
        lookback: i64,
        /// The sample's time in seconds instead of its value.
        timestamps: bool,
    },
    /// A function over the samples of a range.
    Range {
        /// The function.
        call: RangeCall,
        /// The range in milliseconds.
        range: i64,
    },
}

/// Series to be read, and how.
pub(crate) struct Stream<'a> {
    /// Their samples.
    pub(crate) source: Source<'a>,
    /// What becomes of them.
    pub(crate) reading: Reading,
    /// When.
    pub(crate) moments: Moments,
    /// True if the results have no metric name any more.
    pub(crate) drops_name: bool,
    /// The metric name, if the selector allows one only; the labels may lack it.
    pub(crate) metric_name: Option<String>,
    /// Place of the selector in the query.
    pub(crate) span: Span,
}

/// What one thread needs to read series after series.
#[derive(Default)]
pub(crate) struct Scratch {
    /// The column of the series that was read last.
    pub(crate) column: Vec<f64>,
    /// What was read since the query's counters were told.
    pub(crate) tally: Statistics,
    buffer: SampleBuffer,
    sorting: Vec<f64>,
    noted: String,
    /// Samples that windows saw since the last look at the interrupt.
    work: usize,
}

impl Stream<'_> {
    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    /// Labels of a result, and whether its name is to be removed when the query ends.
    pub(crate) fn labels(&self, index: usize, delayed_name_removal: bool) -> (Labels, bool) {
        let (labels, drop_name) = self.source.labels(index);
        if self.drops_name && !delayed_name_removal {
            return (labels.without_name(), false);
        }
        (labels, drop_name || self.drops_name)
    }

    /// True if two results could have equal labels, because names are removed at once and the
    /// selector allows several.
    pub(crate) fn may_collide(&self, delayed_name_removal: bool) -> bool {
        self.drops_name && !delayed_name_removal && self.metric_name.is_none()
    }

    /// Reads a series into the scratch's column. False if it has no value at any step.
    #[inline]
    pub(crate) fn read(
        &self,
        index: usize,
        scratch: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<bool, QueryError> {
        self.source.read(index, &mut scratch.buffer)?;
        if let Source::Stored(_) = self.source {
            scratch.tally.series_read += 1;
            scratch.tally.samples_read += scratch.buffer.len() as u64;
        }
        scratch.column.clear();
        match &self.reading {
            Reading::Instant {
                lookback,
                timestamps,
            } => self.look_back(*lookback, *timestamps, scratch),
            Reading::Range { call, range } => {
                remove_stale_markers(&mut scratch.buffer);
                self.slide(call, *range, scratch, interrupt)?;
            }
        }
        Ok(has_values(&scratch.column))
    }

    fn look_back(&self, lookback: i64, as_timestamps: bool, scratch: &mut Scratch) {
        let (times, values) = (scratch.buffer.timestamps(), scratch.buffer.values());
        let mut next = 0;
        for step in 0..self.moments.steps().count {
            let moment = self.moments.of(step);
            while times.get(next).is_some_and(|&time| time <= moment) {
                next += 1;
            }
            let oldest = moment.saturating_sub(lookback);
            let found = next
                .checked_sub(1)
                .filter(|&latest| times[latest] > oldest && !is_stale(values[latest]));
            scratch.column.push(match found {
                Some(latest) if as_timestamps => times[latest] as f64 / 1_000.0,
                Some(latest) => values[latest],
                None => STALE,
            });
            scratch.tally.samples_looked_at += u64::from(found.is_some());
        }
    }

    fn slide(
        &self,
        call: &RangeCall,
        range: i64,
        scratch: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<(), QueryError> {
        let (times, values) = (scratch.buffer.timestamps(), scratch.buffer.values());
        let steps = self.moments.steps();
        let mut slider = Slider::default();
        // Windows overlap: one look at the series saves one at each of them.
        let may_fall = steps.count == 1 || !values.is_sorted();
        for step in 0..steps.count {
            let end = self.moments.of(step);
            let start = end.saturating_sub(range);
            let inside = slider.advance(times, start, end);
            if inside.is_empty() {
                scratch.column.push(STALE);
                continue;
            }
            scratch.tally.samples_looked_at += inside.len() as u64;
            scratch.work += inside.len();
            if scratch.work > WORK_BETWEEN_CHECKS {
                scratch.work = 0;
                interrupt.check()?;
            }
            let window = Window {
                timestamps: &times[inside.clone()],
                values: &values[inside],
                may_fall,
                start,
                end,
                step: steps.time(step),
            };
            let value = call.evaluate(step, &window, &mut scratch.sorting);
            scratch.column.push(value.unwrap_or(STALE));
        }
        Ok(())
    }
}

fn remove_stale_markers(buffer: &mut SampleBuffer) {
    if !buffer.values().iter().any(|&value| is_stale(value)) {
        return;
    }
    let (times, values) = buffer.columns_mut();
    let mut kept = 0;
    for index in 0..values.len() {
        if !is_stale(values[index]) {
            values[kept] = values[index];
            times[kept] = times[index];
            kept += 1;
        }
    }
    times.truncate(kept);
    values.truncate(kept);
}

impl Evaluator<'_> {
    /// Reads the series `range` of a stream and hands those that have values to `take`, with their
    /// place and column. Looks at the interrupt now and then.
    pub(super) fn read_each(
        &self,
        stream: &Stream<'_>,
        range: std::ops::Range<usize>,
        mut take: impl FnMut(usize, &[f64]) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut scratch = Scratch::default();
        let mut held = 0;
        let mut lease = self.lease();
        for (count, index) in range.enumerate() {
            if count % BATCH == 0 {
                self.interrupt.check()?;
            }
            let has_values = stream.read(index, &mut scratch, self.interrupt)?;
            if scratch.buffer.len() > held {
                lease.grow(scratch.buffer.len() - held)?;
                held = scratch.buffer.len();
            }
            if has_values {
                self.note_non_counter(stream, index, &mut scratch);
                take(index, &scratch.column)?;
            }
        }
        self.counters.add(&scratch.tally);
        Ok(())
    }

    /// All series of a stream.
    pub(super) fn collect(&self, stream: &Stream<'_>) -> Result<Vector<'_>, QueryError> {
        let delayed = self.options.delayed_name_removal;
        let parts = self.sharded(stream.len(), |range| {
            let mut part = self.nothing();
            self.read_each(stream, range, |index, column| {
                part.lease.grow(column.len())?;
                let (labels, drop_name) = stream.labels(index, delayed);
                part.series.push(Series {
                    labels,
                    drop_name,
                    values: column.to_vec(),
                });
                Ok(())
            })?;
            Ok(part)
        })?;
        let mut vector = self.nothing();
        for part in parts {
            vector.series.extend(part.series);
            vector.lease.absorb(part.lease);
        }
        if stream.may_collide(delayed) {
            vector.merge_equal()?;
        }
        Ok(vector)
    }

    /// `rate` and `increase` of what does not look like a counter is told, once a name.
    fn note_non_counter(&self, stream: &Stream<'_>, index: usize, scratch: &mut Scratch) {
        let Reading::Range { call, .. } = &stream.reading else {
            return;
        };
        if !call.wants_counter() {
            return;
        }
        if let Some(name) = &stream.metric_name {
            if scratch.noted.is_empty() && !looks_like_counter(name) {
                self.notes.possible_non_counter(name, stream.span);
                scratch.noted.push_str(name);
            }
            return;
        }
        let (labels, _) = stream.source.labels(index);
        let name = labels.get(label::METRIC_NAME).unwrap_or_default();
        if !name.is_empty() && !looks_like_counter(name) && scratch.noted != name {
            self.notes.possible_non_counter(name, stream.span);
            name.clone_into(&mut scratch.noted);
        }
    }
}

fn looks_like_counter(name: &str) -> bool {
    COUNTER_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Samples that windows may see between two looks at the interrupt: some milliseconds of work,
/// whatever the function.
const WORK_BETWEEN_CHECKS: usize = 1 << 18;
/// What names of counters end in.
const COUNTER_SUFFIXES: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
