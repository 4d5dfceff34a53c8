//! Instant vectors while they are evaluated: series with one sample for each step.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use model::value::{STALE, is_stale};
use model::{Histogram, Labels};

use super::steps::Steps;
use super::window::total_sample_size;
use crate::limits::Lease;
use crate::query::QueryError;

/// A sample for each step, or none: a float, or a native histogram beside the floats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    /// The floats, [`STALE`] where there is none.
    pub(crate) values: Vec<f64>,
    /// The histograms. Where one is, `values` has none.
    pub(crate) histograms: HistogramColumn,
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Self {
            values,
            histograms: HistogramColumn::default(),
        }
    }
}

impl Column {
    /// Without a sample at any step.
    pub(crate) fn empty(steps: usize) -> Self {
        vec![STALE; steps].into()
    }

    /// Forgets the samples and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.histograms.clear();
    }

    /// True if there is a sample at the step.
    #[inline]
    pub(crate) fn is_present(&self, step: usize) -> bool {
        !is_stale(self.values[step]) || self.histograms.get(step).is_some()
    }

    /// True if any step has a sample.
    pub(crate) fn has_samples(&self) -> bool {
        self.values.iter().any(|&value| !is_stale(value)) || self.histograms.has_any()
    }

    /// The sample at the step.
    #[inline]
    pub(crate) fn get(&self, step: usize) -> Option<StepSample<'_>> {
        let value = self.values[step];
        if !is_stale(value) {
            return Some(StepSample::Float(value));
        }
        self.histograms.get(step).map(StepSample::Histogram)
    }

    /// Puts a float at the step.
    pub(crate) fn set_float(&mut self, step: usize, value: f64) {
        self.values[step] = value;
        self.histograms.remove(step);
    }

    /// Puts a histogram at the step.
    pub(crate) fn set_histogram(&mut self, step: usize, histogram: Arc<Histogram>) {
        self.values[step] = STALE;
        self.histograms.set(step, self.values.len(), histogram);
    }

    /// Puts a sample at the step.
    pub(crate) fn set(&mut self, step: usize, sample: StepValue) {
        match sample {
            StepValue::Float(value) => self.set_float(step, value),
            StepValue::Histogram(histogram) => self.set_histogram(step, histogram),
        }
    }

    /// Takes the sample at the step away.
    pub(crate) fn remove(&mut self, step: usize) {
        self.values[step] = STALE;
        self.histograms.remove(step);
    }

    /// Adds a step with this sample.
    pub(crate) fn push(&mut self, sample: Option<StepValue>) {
        match sample {
            Some(StepValue::Float(value)) => self.values.push(value),
            None => self.values.push(STALE),
            Some(StepValue::Histogram(histogram)) => {
                self.values.push(STALE);
                self.histograms
                    .set(self.values.len() - 1, self.values.len(), histogram);
            }
        }
    }

    /// The same sample at each of `steps` steps, taken from the first.
    pub(crate) fn repeated(&self, steps: usize) -> Self {
        let mut repeated: Self = vec![self.values[0]; steps].into();
        if let Some(histogram) = self.histograms.get(0) {
            repeated.histograms.places = vec![Some(Arc::clone(histogram)); steps];
        }
        repeated
    }

    /// Takes in the samples of `other`.
    ///
    /// # Errors
    /// Both have one at the same step.
    fn merge(&mut self, other: &Self) -> Result<(), QueryError> {
        for step in 0..other.values.len() {
            let Some(sample) = other.get(step) else {
                continue;
            };
            if self.is_present(step) {
                return Err(same_labels());
            }
            self.set(step, sample.to_value());
        }
        Ok(())
    }
}

/// The sample of a column at one step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StepSample<'a> {
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

impl StepSample<'_> {
    /// The sample for another column.
    pub(crate) fn to_value(self) -> StepValue {
        match self {
            Self::Float(value) => StepValue::Float(value),
            Self::Histogram(histogram) => StepValue::Histogram(Arc::clone(histogram)),
        }
    }
}

/// A sample on its way into a column.
#[derive(Clone, Debug)]
pub(crate) enum StepValue {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// Native histograms by step. Most series have none, which costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct HistogramColumn {
    /// Empty, or at most one place for each step; missing places hold nothing.
    places: Vec<Option<Arc<Histogram>>>,
}

impl HistogramColumn {
    /// True if no step has one for sure.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// True if any step has one.
    pub(crate) fn has_any(&self) -> bool {
        self.places.iter().any(Option::is_some)
    }

    /// The one at the step.
    #[inline]
    pub(crate) fn get(&self, step: usize) -> Option<&Arc<Histogram>> {
        self.places.get(step)?.as_ref()
    }

    /// How many samples they count for.
    pub(crate) fn sample_size(&self) -> usize {
        total_sample_size(self.places.iter().flatten())
    }

    /// Bytes that they take; neighbours that are the same histogram take them once.
    pub(crate) fn bytes(&self) -> usize {
        let mut bytes = self.places.len() * size_of::<Option<Arc<Histogram>>>();
        let mut before: Option<&Arc<Histogram>> = None;
        for (_, histogram) in self.iter() {
            if before.is_none_or(|before| !Arc::ptr_eq(before, histogram)) {
                // Spans and bounds are shared by the samples of a series.
                let buckets = histogram.positive.counts.len() + histogram.negative.counts.len();
                bytes += size_of::<Histogram>() + buckets * size_of::<f64>();
            }
            before = Some(histogram);
        }
        bytes
    }

    /// Steps with a histogram.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<Histogram>)> {
        let places = self.places.iter().enumerate();
        places.filter_map(|(step, place)| Some((step, place.as_ref()?)))
    }

    fn set(&mut self, step: usize, steps: usize, histogram: Arc<Histogram>) {
        if self.places.len() < steps {
            self.places.resize(steps, None);
        }
        self.places[step] = Some(histogram);
    }

    fn remove(&mut self, step: usize) {
        if let Some(place) = self.places.get_mut(step) {
            *place = None;
        }
    }

    /// Takes all away.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
    }

    /// Takes all away; yields their steps and the histograms.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (usize, Arc<Histogram>)> + use<> {
        let places = std::mem::take(&mut self.places).into_iter().enumerate();
        places.filter_map(|(step, place)| Some((step, place?)))
    }
}

/// One series: a column that has a sample at one step at least.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its labels.
    pub(crate) labels: Labels,
    /// True if the metric name is to be removed when the query ends.
    pub(crate) drop_name: bool,
    /// The samples.
    pub(crate) column: Column,
}

/// Bytes that a series takes beside its samples. Labels that the store or another vector holds, too,
/// are theirs.
pub(crate) fn series_bytes(labels: &Labels) -> usize {
    size_of::<Series>() + label_bytes(labels)
}

/// The part of it for the labels.
pub(crate) fn label_bytes(labels: &Labels) -> usize {
    match labels.is_shared() {
        true => 0,
        false => labels.heap_bytes(),
    }
}

/// An instant vector at all steps. Accounts for the memory of its columns.
#[derive(Debug)]
pub(crate) struct Vector<'a> {
    /// The series, in an order that is kept where it can be.
    pub(crate) series: Vec<Series>,
    /// What the columns take.
    pub(crate) lease: Lease<'a>,
    /// True if it is sure that the label sets differ also without metric names.
    pub(crate) differs_without_names: bool,
}

impl Vector<'_> {
    /// The only step of each series at each of `steps`.
    pub(crate) fn repeated(mut self, steps: Steps) -> Result<Self, QueryError> {
        let more = self.series.len().saturating_mul(steps.count - 1);
        self.lease.grow(more)?;
        for series in &mut self.series {
            series.column = series.column.repeated(steps.count);
        }
        Ok(self)
    }

    /// Which steps have a sample in any series.
    pub(crate) fn occupied(&self, steps: usize) -> Vec<bool> {
        let mut occupied = vec![false; steps];
        for series in &self.series {
            for (occupied, &value) in occupied.iter_mut().zip(&series.column.values) {
                *occupied |= !is_stale(value);
            }
            for (step, _) in series.column.histograms.iter() {
                occupied[step] = true;
            }
        }
        occupied
    }

    /// Removes series that have no sample left.
    pub(crate) fn drop_empty(&mut self) {
        self.series.retain(|series| series.column.has_samples());
    }

    /// Removes the metric names of series that have lost them, which was
    /// [put off](super::Evaluator::drop_names) to the end of the query.
    ///
    /// # Errors
    /// Two series are then the same and have samples at one step.
    pub(crate) fn drop_delayed_names(&mut self) -> Result<(), QueryError> {
        let mut dropped = false;
        for series in &mut self.series {
            if std::mem::take(&mut series.drop_name) {
                series.labels = series.labels.without_name();
                dropped = true;
            }
        }
        if dropped { self.merge_equal() } else { Ok(()) }
    }

    /// Joins series with equal labels whose samples are at different steps.
    ///
    /// # Errors
    /// Two of them have samples at one step.
    pub(crate) fn merge_equal(&mut self) -> Result<(), QueryError> {
        merge_equal(&mut self.series)
    }
}

impl Series {
    /// Applies `change` to each float; `None` takes it away. Histograms are taken away.
    pub(crate) fn map_floats(&mut self, change: impl Fn(usize, f64) -> Option<f64>) {
        self.column.histograms.clear();
        for (step, value) in self.column.values.iter_mut().enumerate() {
            if !is_stale(*value) {
                *value = change(step, *value).unwrap_or(STALE);
            }
        }
    }

    /// Turns the sign of each sample.
    pub(crate) fn negate(&mut self) {
        for value in self.column.values.iter_mut().filter(|it| !is_stale(**it)) {
            *value = -*value;
        }
        for (step, histogram) in self.column.histograms.take() {
            let mut negated = Arc::unwrap_or_clone(histogram);
            negated.mul(-1.0);
            self.column.set_histogram(step, Arc::new(negated));
        }
    }

    /// Changes each histogram to a float, and takes floats away.
    pub(crate) fn map_histograms(&mut self, change: impl Fn(usize, &Histogram) -> f64) {
        self.column.values.fill(STALE);
        for (step, histogram) in self.column.histograms.take() {
            self.column.values[step] = change(step, &histogram);
        }
    }
}

/// Joins series with equal labels whose samples are at different steps.
///
/// # Errors
/// Two of them have samples at one step.
pub(crate) fn merge_equal(series: &mut Vec<Series>) -> Result<(), QueryError> {
    let state = FastHash::default();
    let mut table: HashTable<(u64, usize)> = HashTable::with_capacity(series.len());
    let mut equal = None;
    for (index, one) in series.iter().enumerate() {
        let hash = state.hash_one(&one.labels);
        let same = |&(other, at): &(u64, usize)| other == hash && series[at].labels == one.labels;
        if table.find(hash, same).is_some() {
            equal = Some(index);
            break;
        }
        table.insert_unique(hash, (hash, index), |&(hash, _)| hash);
    }
    let Some(first_equal) = equal else {
        return Ok(());
    };
    // From here on the places in the table are those of `series`, which only grows.
    let rest = series.split_off(first_equal);
    for one in rest {
        let hash = state.hash_one(&one.labels);
        let same = |&(other, at): &(u64, usize)| other == hash && series[at].labels == one.labels;
        match table.find(hash, same) {
            Some(&(_, at)) => series[at].column.merge(&one.column)?,
            None => {
                table.insert_unique(hash, (hash, series.len()), |&(hash, _)| hash);
                series.push(one);
            }
        }
    }
    Ok(())
}

/// Two series of a vector cannot be told apart.
pub(crate) fn same_labels() -> QueryError {
    QueryError::Execution("vector cannot contain metrics with the same labelset".to_owned())
}

/// Hashes of label sets: of a store's own data, for the length of one query, seeded by process.
pub(crate) type FastHash = rapidhash::fast::RandomState;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Usage};

    fn series(name: &str, values: &[f64]) -> Series {
        Series {
            labels: Labels::from_pairs([(model::label::METRIC_NAME, name), ("job", "a")]),
            drop_name: false,
            column: values.to_vec().into(),
        }
    }

    #[test]
    fn equal_series_merge_only_where_they_do_not_meet() {
        let budget = Budget::new(100, Usage::default());
        let vector = |values: [&[f64]; 2]| Vector {
            series: vec![series("x", values[0]), series("y", values[1])],
            lease: Lease::new(&budget),
            differs_without_names: false,
        };
        let mark = |vector: &mut Vector<'_>| {
            vector
                .series
                .iter_mut()
                .for_each(|series| series.drop_name = true);
        };
        let mut apart = vector([&[1.0, STALE], &[STALE, 2.0]]);
        mark(&mut apart);
        apart.drop_delayed_names().unwrap();
        assert_eq!(apart.series.len(), 1);
        assert_eq!(apart.series[0].column.values, [1.0, 2.0]);
        assert_eq!(apart.series[0].labels.metric_name(), None);

        let mut meeting = vector([&[1.0, STALE], &[1.0, 2.0]]);
        mark(&mut meeting);
        let error = meeting.drop_delayed_names().unwrap_err();
        assert_eq!(error.to_string(), same_labels().to_string());
    }

    #[test]
    fn values_are_mapped_and_taken_away() {
        let budget = Budget::new(100, Usage::default());
        let mut vector = Vector {
            series: vec![
                series("x", &[1.0, STALE, 3.0]),
                series("y", &[1.0, 1.0, 1.0]),
            ],
            lease: Lease::new(&budget),
            differs_without_names: false,
        };
        for series in &mut vector.series {
            series.map_floats(|_, value| (value > 1.0).then_some(value * 2.0));
        }
        vector.drop_empty();
        assert_eq!(vector.series.len(), 1);
        assert_eq!(vector.occupied(3), [false, false, true]);
    }

    #[test]
    fn a_step_holds_a_float_or_a_histogram() {
        let histogram = Arc::new(Histogram::default());
        let mut column = Column::empty(3);
        column.set_histogram(1, Arc::clone(&histogram));
        column.set_float(2, 1.0);
        let kinds = |column: &Column| -> Vec<_> {
            (0..3)
                .map(|step| match column.get(step) {
                    None => '_',
                    Some(StepSample::Float(_)) => 'f',
                    Some(StepSample::Histogram(_)) => 'h',
                })
                .collect()
        };
        assert_eq!(kinds(&column), ['_', 'h', 'f']);
        column.set_histogram(2, histogram);
        column.set_float(1, 0.0);
        assert_eq!(kinds(&column), ['_', 'f', 'h']);
        column.remove(2);
        assert_eq!(kinds(&column), ['_', 'f', '_']);
        column.push(Some(StepValue::Histogram(Arc::default())));
        assert!(column.is_present(3) && !column.is_present(2));
    }
}
