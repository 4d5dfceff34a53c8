//! Sums and averages of native histograms while a group takes its series in.

use std::sync::Arc;

use model::histogram::{Combined, CompensatedHistogram, CounterResetHint, HistogramMean};
use model::{Histogram, histogram::MixedSchemas};

use super::columns::Column;

/// The histograms of a group at all steps, on their way to a sum or an average.
#[derive(Debug)]
pub(crate) struct HistogramTotals {
    averages: bool,
    /// Empty as long as there is no histogram.
    steps: Vec<Option<Box<Total>>>,
}

/// What an aggregation has to tell its reader, gathered over all series and steps.
#[derive(Debug, Default)]
pub(crate) struct AggregationFindings {
    /// A histogram was passed over by an aggregation that is of floats only.
    pub(crate) ignored_histogram: bool,
    /// Floats and histograms met at one step.
    pub(crate) mixed_types: bool,
    /// Histograms with and without a counter reset met.
    pub(crate) colliding_counter_resets: bool,
    /// Different custom bounds met.
    pub(crate) reconciled_bounds: bool,
    /// Places of series whose exponential buckets met custom ones, or the other way around.
    pub(crate) mixed_schemas: Vec<usize>,
}

impl AggregationFindings {
    /// Takes over what another thread found.
    pub(crate) fn merge(&mut self, other: Self) {
        self.ignored_histogram |= other.ignored_histogram;
        self.mixed_types |= other.mixed_types;
        self.colliding_counter_resets |= other.colliding_counter_resets;
        self.reconciled_bounds |= other.reconciled_bounds;
        self.mixed_schemas.extend(other.mixed_schemas);
    }

    fn add_combined(&mut self, combined: Result<Combined, MixedSchemas>, place: usize) -> bool {
        match combined {
            Ok(combined) => self.reconciled_bounds |= combined.bounds_reconciled,
            Err(MixedSchemas) => self.mixed_schemas.push(place),
        }
        combined.is_ok()
    }
}

/// The histograms of a group at one step.
#[derive(Debug)]
struct Total {
    /// None once there were histograms that do not go together.
    running: Option<Running>,
    first_place: usize,
    saw_reset: bool,
    saw_no_reset: bool,
}

#[derive(Debug)]
enum Running {
    Sum(CompensatedHistogram),
    Mean(HistogramMean),
}

impl HistogramTotals {
    /// For `avg`, or for `sum`.
    pub(crate) fn new(averages: bool) -> Self {
        Self {
            averages,
            steps: Vec::new(),
        }
    }

    /// True if histograms at the step did not go together: there nothing counts any more.
    #[inline]
    pub(crate) fn are_incompatible(&self, step: usize) -> bool {
        let total = self.steps.get(step).and_then(Option::as_deref);
        total.is_some_and(|total| total.running.is_none())
    }

    /// Takes in the histograms of the series at `place`.
    pub(crate) fn add(
        &mut self,
        place: usize,
        column: &Column,
        findings: &mut AggregationFindings,
    ) {
        for (step, histogram) in column.histograms.iter() {
            if self.steps.is_empty() {
                self.steps.resize_with(column.values.len(), || None);
            }
            match &mut self.steps[step] {
                Some(total) => total.add(place, histogram, findings),
                none => *none = Some(Box::new(Total::new(place, histogram, self.averages))),
            }
        }
    }

    /// Takes in what another thread gathered of later series.
    pub(crate) fn merge(&mut self, other: Self, findings: &mut AggregationFindings) {
        if self.steps.is_empty() {
            self.steps = other.steps;
            return;
        }
        for (total, other) in self.steps.iter_mut().zip(other.steps) {
            match (total, other) {
                (Some(total), Some(other)) => total.merge(*other, findings),
                (none, Some(other)) => *none = Some(other),
                (_, None) => {}
            }
        }
    }

    /// Puts the results into a column. Where it has a float too there is no result.
    pub(crate) fn finish(self, column: &mut Column, findings: &mut AggregationFindings) {
        for (step, total) in self.steps.into_iter().enumerate() {
            let Some(total) = total else { continue };
            if column.is_present(step) {
                findings.mixed_types = true;
                column.remove(step);
                continue;
            }
            findings.colliding_counter_resets |= total.saw_reset && total.saw_no_reset;
            if let Some(running) = total.running {
                let mut result = running.finish();
                result.compact(0);
                column.set_histogram(step, Arc::new(result));
            }
        }
    }
}

impl Total {
    fn new(place: usize, first: &Histogram, averages: bool) -> Self {
        let mut total = Self {
            running: Some(match averages {
                true => Running::Mean(HistogramMean::new(first.clone())),
                false => Running::Sum(CompensatedHistogram::new(first.clone())),
            }),
            first_place: place,
            saw_reset: false,
            saw_no_reset: false,
        };
        total.see(first.counter_reset_hint);
        total
    }

    fn see(&mut self, hint: CounterResetHint) {
        self.saw_reset |= hint == CounterResetHint::Reset;
        self.saw_no_reset |= hint == CounterResetHint::NotReset;
    }

    fn add(&mut self, place: usize, histogram: &Histogram, findings: &mut AggregationFindings) {
        let combined = match &mut self.running {
            Some(Running::Sum(sum)) => sum.add(histogram),
            Some(Running::Mean(mean)) => mean.add(histogram),
            None => return,
        };
        self.see(histogram.counter_reset_hint);
        if !findings.add_combined(combined, place) {
            self.running = None;
        }
    }

    fn merge(&mut self, other: Self, findings: &mut AggregationFindings) {
        self.saw_reset |= other.saw_reset;
        self.saw_no_reset |= other.saw_no_reset;
        let combined = match (&mut self.running, other.running) {
            (Some(Running::Sum(sum)), Some(Running::Sum(other))) => sum.add(&other.into_sum()),
            (Some(Running::Mean(mean)), Some(Running::Mean(other))) => mean.merge(other),
            _ => {
                self.running = None;
                return;
            }
        };
        if !findings.add_combined(combined, other.first_place) {
            self.running = None;
        }
    }
}

impl Running {
    fn finish(self) -> Histogram {
        match self {
            Self::Sum(sum) => sum.into_sum(),
            Self::Mean(mean) => mean.into_mean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::histogram::Buckets;

    use super::*;

    fn histogram(count: f64, hint: CounterResetHint) -> Histogram {
        Histogram {
            counter_reset_hint: hint,
            count,
            sum: 2.0 * count,
            positive: Buckets::from_offset(0, vec![count]),
            ..Histogram::default()
        }
    }

    fn fed(averages: bool, histograms: &[Histogram]) -> (HistogramTotals, AggregationFindings) {
        let mut totals = HistogramTotals::new(averages);
        let mut findings = AggregationFindings::default();
        for (place, histogram) in histograms.iter().enumerate() {
            let mut column = Column::empty(1);
            column.set_histogram(0, Arc::new(histogram.clone()));
            totals.add(place, &column, &mut findings);
        }
        (totals, findings)
    }

    /// The result of two threads that have these, and what they have to tell.
    fn merged(
        averages: bool,
        left: &[Histogram],
        right: &[Histogram],
    ) -> (Option<f64>, AggregationFindings) {
        let (mut totals, mut findings) = fed(averages, left);
        let (others, more) = fed(averages, right);
        findings.merge(more);
        totals.merge(others, &mut findings);
        let mut column = Column::empty(1);
        totals.finish(&mut column, &mut findings);
        let result = column.histograms.get(0);
        (
            result.map(|histogram| histogram.positive.counts[0]),
            findings,
        )
    }

    #[test]
    fn threads_add_up_what_one_would() {
        use CounterResetHint::{NotReset, Reset, Unknown};
        let [one, two, five] = [1.0, 2.0, 5.0].map(|count| histogram(count, Unknown));
        let left = [one.clone(), two.clone()];
        assert_eq!(
            merged(false, &left, &[five.clone(), two.clone()]).0,
            Some(10.0)
        );
        assert_eq!(merged(true, &left, &[five.clone(), two]).0, Some(2.5));
        assert_eq!(merged(true, &[], &[five]).0, Some(5.0));
        let huge = histogram(f64::MAX / 2.0, Unknown);
        let huge = [huge.clone(), huge];
        assert_eq!(merged(true, &huge, &huge).0, Some(f64::MAX / 2.0));

        let (_, findings) = merged(false, &[histogram(1.0, Reset)], &[histogram(1.0, NotReset)]);
        assert!(findings.colliding_counter_resets);
        let custom = Histogram::with_custom_buckets([1.0]);
        let (result, findings) = merged(false, &left, &[custom]);
        assert_eq!((result, findings.mixed_schemas), (None, vec![0]));
    }
}
