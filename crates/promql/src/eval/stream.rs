//! Series that are read one by one, each into one column of steps: selectors, and functions over
//! range selectors and subqueries.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::histogram::CounterResetHint;
use model::value::is_stale;
use model::{Histogram, Labels, label};
use storage::{NumberedLabels, SampleBuffer, SeriesSet};

use super::Evaluator;
use super::columns::{Column, Series, StepValue, Vector, same_labels, series_bytes};
use super::extended::Reach;
use super::notices::Notices;
use super::range_call::RangeCall;
use super::selector::Reads;
use super::shard::BATCH;
use super::steps::{Moments, Steps};
use super::window::{HistogramSlider, Slider, Window};
use crate::ast::Span;
use crate::limits::Interrupt;
use crate::query::QueryError;
use crate::statistics::{PerStep, Statistics};

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

    /// All label sets by number, if the store has them so.
    pub(crate) fn numbered_labels(&self) -> Option<NumberedLabels> {
        match self {
            Self::Stored(set) => set.numbered_labels(),
            Self::Evaluated(..) => None,
        }
    }

    /// Reads all samples of a series.
    pub(crate) fn read(&self, index: usize, buffer: &mut SampleBuffer) -> Result<(), QueryError> {
        match self {
            Self::Stored(set) => set.read(index, buffer)?,
            Self::Evaluated(vector, steps) => {
                buffer.clear();
                let column = &vector.series[index].column;
                for (time, &value) in steps.times().zip(&column.values) {
                    if !is_stale(value) {
                        buffer.push(time, value);
                    }
                }
                for (step, histogram) in column.histograms.iter() {
                    let histograms = buffer.histograms_mut();
                    histograms.push(steps.time(step), unhinted(histogram), 0);
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
        /// What of the sample.
        reads: Reads,
    },
    /// The value on the line between the samples around each moment, at most `lookback`
    /// milliseconds away.
    Smoothed {
        /// How far it looks to both sides.
        lookback: i64,
    },
    /// A function over the samples of a range.
    Range {
        /// The function.
        call: RangeCall,
        /// The range in milliseconds.
        range: i64,
        /// How the range is extended, if it is.
        reach: Option<Reach>,
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
    /// True if of native histograms only count and sum are looked at.
    pub(crate) statistics_only: bool,
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
    pub(crate) column: Column,
    /// What was read since the query's counters were told.
    pub(crate) tally: Tally,
    /// The samples of the series that was read last.
    pub(super) buffer: SampleBuffer,
    /// Memory to sort values in.
    pub(super) sorting: Vec<f64>,
    noted: String,
    /// What was noticed of the series that was read last.
    pub(super) notices: Notices,
}

/// What one thread has read.
#[derive(Default)]
pub(crate) struct Tally {
    /// Since the query's counters were told.
    pub(crate) counts: Statistics,
    /// At each step, if that is wanted.
    pub(crate) per_step: Option<PerStep>,
    /// Samples that windows saw since the last look at the interrupt.
    work: usize,
}

impl Tally {
    /// Counts as [`count`](Self::count) does, and looks at the interrupt now and then: windows over
    /// one long series may take their time.
    #[inline]
    pub(super) fn count_window(
        &mut self,
        step: usize,
        looked_at: usize,
        newly: usize,
        interrupt: &Interrupt,
    ) -> Result<(), QueryError> {
        self.count(step, looked_at, newly);
        self.work += looked_at;
        if self.work > WORK_BETWEEN_CHECKS {
            self.work = 0;
            interrupt.check()?;
        }
        Ok(())
    }

    /// Counts the samples that a step looked at, and those of them that no step before did.
    #[inline]
    pub(super) fn count(&mut self, step: usize, looked_at: usize, newly: usize) {
        self.counts.samples_looked_at += looked_at as u64;
        self.counts.samples_newly_looked_at += newly as u64;
        if let Some(per_step) = &mut self.per_step {
            per_step.count(step, looked_at, newly);
        }
    }
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
        if self.statistics_only && !scratch.buffer.histograms().is_empty() {
            keep_statistics(&mut scratch.buffer);
        }
        if let Source::Stored(_) = self.source {
            scratch.tally.counts.series_read += 1;
            scratch.tally.counts.samples_read += samples_in(&scratch.buffer) as u64;
        }
        scratch.column.clear();
        match &self.reading {
            Reading::Instant { lookback, reads } => self.look_back(*lookback, *reads, scratch),
            Reading::Smoothed { lookback } => {
                remove_stale_markers(&mut scratch.buffer);
                self.smooth(*lookback, scratch);
            }
            Reading::Range { call, range, reach } => {
                remove_stale_markers(&mut scratch.buffer);
                match reach {
                    Some(reach) => self.slide_extended(call, *range, *reach, scratch, interrupt)?,
                    None => self.slide(call, *range, scratch, interrupt)?,
                }
            }
        }
        Ok(scratch.column.has_samples())
    }

    fn look_back(&self, lookback: i64, reads: Reads, scratch: &mut Scratch) {
        let (times, values) = (scratch.buffer.timestamps(), scratch.buffer.values());
        let starts = scratch.buffer.start_timestamps();
        let histograms = scratch.buffer.histograms();
        let (mut next, mut next_histogram) = (0, 0);
        for step in 0..self.moments.steps().count {
            let moment = self.moments.of(step);
            let oldest = moment.saturating_sub(lookback);
            let float = latest(times, &mut next, moment);
            let histogram = latest(histograms.timestamps(), &mut next_histogram, moment);
            let histogram = histogram.filter(|&index| {
                float.is_none_or(|float| histograms.timestamps()[index] > times[float])
            });
            let found = match (float, histogram) {
                (_, Some(index)) => {
                    (histograms.timestamps()[index] > oldest).then(|| match reads {
                        Reads::Values => {
                            StepValue::Histogram(Arc::clone(&histograms.values()[index]))
                        }
                        Reads::Timestamps => seconds(histograms.timestamps()[index]),
                        Reads::StartTimestamps => seconds(histograms.start_timestamps()[index]),
                    })
                }
                (Some(index), None) => {
                    let is_there = times[index] > oldest && !is_stale(values[index]);
                    is_there.then(|| match reads {
                        Reads::Values => StepValue::Float(values[index]),
                        Reads::Timestamps => seconds(times[index]),
                        Reads::StartTimestamps => {
                            seconds(starts.get(index).copied().unwrap_or_default())
                        }
                    })
                }
                (None, None) => None,
            };
            let looked_at = match &found {
                None => 0,
                Some(StepValue::Float(_)) => 1,
                Some(StepValue::Histogram(histogram)) => histogram.sample_size(),
            };
            scratch.tally.count(step, looked_at, looked_at);
            scratch.column.push(found);
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
        let starts = match call.use_starts {
            true => scratch.buffer.start_timestamps(),
            false => &[],
        };
        let steps = self.moments.steps();
        let mut slider = Slider::default();
        let mut histogram_slider =
            HistogramSlider::over(scratch.buffer.histograms(), call.use_starts);
        // Windows overlap: one look at the series saves one at each of them.
        let may_fall = steps.count == 1 || !values.is_sorted();
        for step in 0..steps.count {
            let end = self.moments.of(step);
            let start = end.saturating_sub(range);
            let inside = slider.advance(times, start, end);
            let histograms_inside = histogram_slider.advance(start, end);
            let count = inside.len() + histograms_inside.sample_size();
            if count == 0 {
                scratch.column.push(None);
                continue;
            }
            let newly = slider.newly() + histogram_slider.newly();
            scratch.tally.count_window(step, count, newly, interrupt)?;
            let window = Window {
                timestamps: &times[inside.clone()],
                values: &values[inside.clone()],
                starts: starts.get(inside).unwrap_or_default(),
                histograms: histograms_inside,
                may_fall,
                start,
                end,
                step: steps.time(step),
            };
            let value = call.evaluate(step, &window, &mut scratch.sorting, &mut scratch.notices);
            scratch.column.push(value);
        }
        Ok(())
    }
}

fn remove_stale_markers(buffer: &mut SampleBuffer) {
    if !buffer.values().iter().any(|&value| is_stale(value)) {
        return;
    }
    buffer.retain(|_, value| !value.is_some_and(is_stale));
}

/// A histogram that others may have stood before: what it says of the one before is void.
fn unhinted(histogram: &Arc<Histogram>) -> Arc<Histogram> {
    match histogram.counter_reset_hint {
        CounterResetHint::Unknown | CounterResetHint::Gauge => Arc::clone(histogram),
        CounterResetHint::Reset | CounterResetHint::NotReset => Arc::new(Histogram {
            counter_reset_hint: CounterResetHint::Unknown,
            ..Histogram::clone(histogram)
        }),
    }
}

/// Takes the buckets of native histograms away, and notes whether the counter was reset at each.
fn keep_statistics(buffer: &mut SampleBuffer) {
    let mut before: Option<Arc<Histogram>> = None;
    for histogram in buffer.histograms_mut().values_mut() {
        let counter_reset_hint = match (histogram.counter_reset_hint, &before) {
            (CounterResetHint::Unknown, Some(before)) => match histogram.detect_reset(before) {
                true => CounterResetHint::Reset,
                false => CounterResetHint::NotReset,
            },
            (hint, _) => hint,
        };
        let statistics = Histogram {
            counter_reset_hint,
            // Tells custom buckets from exponential ones still.
            schema: histogram.schema,
            count: histogram.count,
            sum: histogram.sum,
            ..Histogram::default()
        };
        before = Some(std::mem::replace(histogram, Arc::new(statistics)));
    }
}

fn seconds(millis: i64) -> StepValue {
    StepValue::Float(millis as f64 / 1_000.0)
}

/// The place of the latest time up to `moment`; `next` moves on to the one after it.
#[inline]
fn latest(times: &[i64], next: &mut usize, moment: i64) -> Option<usize> {
    while times.get(*next).is_some_and(|&time| time <= moment) {
        *next += 1;
    }
    next.checked_sub(1)
}

fn samples_in(buffer: &SampleBuffer) -> usize {
    buffer.len() + buffer.histograms().len()
}

impl Evaluator<'_> {
    /// Reads the series `range` of a stream and hands those that have values to `take`, with their
    /// place and column, which `take` may empty. Looks at the interrupt now and then.
    pub(super) fn read_each(
        &self,
        stream: &Stream<'_>,
        range: std::ops::Range<usize>,
        mut take: impl FnMut(usize, &mut Column) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut scratch = Scratch::default();
        let steps = self.per_step().map(|steps| steps.looked_at.len());
        scratch.tally.per_step = steps.map(PerStep::new);
        let mut held = 0;
        let mut lease = self.lease();
        for (count, index) in range.enumerate() {
            if count % BATCH == 0 {
                self.interrupt.check()?;
                self.count(&std::mem::take(&mut scratch.tally.counts));
            }
            let has_values = stream.read(index, &mut scratch, self.interrupt)?;
            let read = samples_in(&scratch.buffer);
            if read > held {
                lease.grow(read - held)?;
                lease.grow_bytes((read - held) * size_of::<i64>())?;
                held = read;
            }
            if !scratch.notices.is_empty() {
                self.tell_notices(stream, index, std::mem::take(&mut scratch.notices));
            }
            if has_values {
                self.note_non_counter(stream, index, &mut scratch);
                take(index, &mut scratch.column)?;
            }
        }
        self.count(&scratch.tally.counts);
        if let (Some(mut all), Some(part)) = (self.per_step(), &scratch.tally.per_step) {
            all.add(part);
        }
        Ok(())
    }

    /// Adds to the query's counts. As upstream's, they know of the windows over a subquery, but not
    /// of what was looked at for its own steps.
    pub(super) fn count(&self, tally: &Statistics) {
        let mut tally = *tally;
        if self.subqueries.load(Ordering::Relaxed) > 0 {
            tally.samples_looked_at = 0;
            tally.samples_newly_looked_at = 0;
        }
        self.counters().add(&tally);
    }

    /// All series of a stream.
    pub(super) fn collect(&self, stream: &Stream<'_>) -> Result<Vector<'_>, QueryError> {
        let delayed = self.options.delayed_name_removal;
        let begin = self.begin();
        let parts = self.sharded(stream.len(), |range| {
            let mut part = self.nothing();
            self.read_each(stream, range, |index, column| {
                part.lease
                    .grow(column.values.len() + column.histograms.sample_size())?;
                let (labels, drop_name) = stream.labels(index, delayed);
                let histograms = column.histograms.bytes();
                part.lease.grow_bytes(series_bytes(&labels) + histograms)?;
                part.series.push(Series {
                    labels,
                    drop_name,
                    column: Column {
                        values: column.values.clone(),
                        histograms: std::mem::take(&mut column.histograms),
                    },
                });
                Ok(())
            })?;
            Ok(part)
        })?;
        self.trace_stream(begin, stream);
        let mut vector = self.nothing();
        vector.differs_without_names = stream.metric_name.is_some() || stream.drops_name;
        let total = parts.iter().map(|part| part.series.len()).sum();
        vector.series.reserve_exact(total);
        for part in parts {
            vector.series.extend(part.series);
            vector.lease.absorb(part.lease);
        }
        let loses_types = self.options.type_and_unit_labels && stream.drops_name && !delayed;
        if stream.may_collide(delayed) || loses_types {
            let before = vector.series.len();
            vector.merge_equal()?;
            let is_range = matches!(stream.reading, Reading::Range { .. });
            if is_range && vector.series.len() < before {
                // Functions over ranges do not join series that have samples at different steps.
                return Err(same_labels());
            }
        }
        Ok(vector)
    }

    /// `rate` and `increase` of what does not look like a counter is told, once a name. Native
    /// histograms say themselves what they are.
    fn note_non_counter(&self, stream: &Stream<'_>, index: usize, scratch: &mut Scratch) {
        let Reading::Range { call, .. } = &stream.reading else {
            return;
        };
        let is_float = |values: &[f64]| values.iter().any(|&value| !is_stale(value));
        if !call.wants_counter() || !is_float(&scratch.column.values) {
            return;
        }
        if self.options.type_and_unit_labels {
            return self.note_other_type(stream, index, scratch);
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

    /// The same where labels say what a metric is.
    fn note_other_type(&self, stream: &Stream<'_>, index: usize, scratch: &mut Scratch) {
        let (labels, _) = stream.source.labels(index);
        let name = labels.get(label::METRIC_NAME).unwrap_or_default();
        let kind = labels.get(label::TYPE).unwrap_or_default();
        if name.is_empty() || matches!(kind, "counter" | "histogram") {
            return;
        }
        let noted = format!("{name}\0{kind}");
        if scratch.noted != noted {
            self.notes.not_typed_as_counter(name, kind, stream.span);
            scratch.noted = noted;
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
