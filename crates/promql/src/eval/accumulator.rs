//! Running aggregates of one group: one for each step, fed with one column at a time.

use model::value::{STALE, is_stale};

use super::columns::{Column, StepValue};
use super::histogram_total::{AggregationFindings, HistogramTotals};
use super::leaders::Leaders;
use crate::ast::AggregateOp;
use crate::functions::compensated::{CompensatedSum, Mean};
use crate::functions::over_time::{larger, quantile, smaller};

/// The running aggregates of a group at all steps.
#[derive(Debug)]
pub(crate) enum Accumulator {
    /// `sum`
    Sum(Vec<Option<CompensatedSum>>, HistogramTotals),
    /// `avg`
    Average(Vec<Option<Mean>>, HistogramTotals),
    /// `count`: 0 where nothing was seen.
    Count(Vec<f64>),
    /// `group`
    Presence(Vec<f64>),
    /// `min` and `max`: [`STALE`] where nothing was seen.
    Chosen(Vec<f64>, fn(f64, f64) -> f64),
    /// `stdvar`, and its root for `stddev`.
    Variance(Vec<Option<Spread>>, fn(f64) -> f64),
    /// `quantile`: all values.
    Values(Vec<Vec<f64>>),
    /// `topk` and `bottomk`: places of the leading series.
    Leaders(Leaders),
    /// `limitk`: places of the first series, and their samples.
    First(Vec<Vec<(usize, StepValue)>>),
}

/// How many series each step wants, for `topk`, `bottomk` and `limitk`.
pub(crate) type Wanted = [usize];

impl Accumulator {
    /// An empty one. `count_values` and `limit_ratio` have their own ways, see
    /// [`super::value_counts`] and [`super::aggregate`].
    pub(crate) fn new(op: AggregateOp, steps: usize) -> Self {
        let nothing = || vec![STALE; steps];
        match op {
            AggregateOp::Sum => Self::Sum(vec![None; steps], HistogramTotals::new(false)),
            AggregateOp::Average => Self::Average(vec![None; steps], HistogramTotals::new(true)),
            AggregateOp::Count | AggregateOp::CountValues | AggregateOp::LimitRatio => {
                Self::Count(vec![0.0; steps])
            }
            AggregateOp::Minimum => Self::Chosen(nothing(), smaller),
            AggregateOp::Maximum => Self::Chosen(nothing(), larger),
            AggregateOp::Group => Self::Presence(nothing()),
            AggregateOp::StandardDeviation => Self::Variance(vec![None; steps], f64::sqrt),
            AggregateOp::StandardVariance => Self::Variance(vec![None; steps], |value| value),
            AggregateOp::Quantile => Self::Values(vec![Vec::new(); steps]),
            AggregateOp::TopK => Self::Leaders(Leaders::largest(steps)),
            AggregateOp::BottomK => Self::Leaders(Leaders::smallest(steps)),
            AggregateOp::LimitK => Self::First(vec![Vec::new(); steps]),
        }
    }

    /// Takes in the column of the series at `place`. Returns how many of its samples are kept as
    /// they are.
    pub(crate) fn add(
        &mut self,
        place: usize,
        column: &Column,
        wanted: &Wanted,
        findings: &mut AggregationFindings,
    ) -> usize {
        if !column.histograms.is_empty() {
            self.add_histograms(place, column, findings);
        }
        let present = column
            .values
            .iter()
            .copied()
            .enumerate()
            .filter(|&(_, value)| !is_stale(value));
        match self {
            Self::Sum(sums, histograms) => {
                for (step, value) in present.filter(|&(step, _)| !histograms.are_incompatible(step))
                {
                    match &mut sums[step] {
                        Some(sum) => sum.add(value),
                        none => *none = Some(CompensatedSum::new(value)),
                    }
                }
            }
            Self::Average(means, histograms) => {
                for (step, value) in present.filter(|&(step, _)| !histograms.are_incompatible(step))
                {
                    match &mut means[step] {
                        Some(mean) => mean.add(value),
                        none => *none = Some(Mean::new(value)),
                    }
                }
            }
            Self::Count(counts) => present.for_each(|(step, _)| counts[step] += 1.0),
            Self::Presence(presence) => present.for_each(|(step, _)| presence[step] = 1.0),
            Self::Chosen(chosen, choose) => {
                present.for_each(|(step, value)| take_chosen(&mut chosen[step], value, *choose));
            }
            Self::Variance(spreads, _) => {
                present.for_each(|(step, value)| match &mut spreads[step] {
                    Some(spread) => spread.add(value),
                    none => *none = Some(Spread::new(value)),
                });
            }
            Self::Values(values) => {
                return present
                    .map(|(step, value)| values[step].push(value))
                    .count();
            }
            Self::Leaders(leaders) => {
                return present
                    .filter(|&(step, value)| leaders.offer(step, value, place, wanted[step]))
                    .count();
            }
            Self::First(first) => return add_first(first, place, column, wanted),
        }
        0
    }

    fn add_histograms(
        &mut self,
        place: usize,
        column: &Column,
        findings: &mut AggregationFindings,
    ) {
        let steps = column.histograms.iter().map(|(step, _)| step);
        match self {
            Self::Sum(_, histograms) | Self::Average(_, histograms) => {
                histograms.add(place, column, findings);
            }
            Self::Count(counts) => steps.for_each(|step| counts[step] += 1.0),
            Self::Presence(presence) => steps.for_each(|step| presence[step] = 1.0),
            Self::First(_) => {}
            Self::Chosen(..) | Self::Variance(..) | Self::Values(_) | Self::Leaders(_) => {
                findings.ignored_histogram |= column.histograms.has_any();
            }
        }
    }

    /// Takes in what another thread gathered of later series of the same group.
    pub(crate) fn merge(
        &mut self,
        other: Self,
        wanted: &Wanted,
        findings: &mut AggregationFindings,
    ) {
        match (self, other) {
            (Self::Sum(sums, histograms), Self::Sum(others, other_histograms)) => {
                merge_options(sums, others, CompensatedSum::merge);
                histograms.merge(other_histograms, findings);
            }
            (Self::Average(means, histograms), Self::Average(others, other_histograms)) => {
                merge_options(means, others, Mean::merge);
                histograms.merge(other_histograms, findings);
            }
            (Self::Count(counts), Self::Count(others)) => {
                counts.iter_mut().zip(others).for_each(|(a, b)| *a += b);
            }
            (Self::Presence(presence), Self::Presence(others)) => {
                for (presence, other) in presence.iter_mut().zip(others) {
                    if !is_stale(other) {
                        *presence = other;
                    }
                }
            }
            (Self::Chosen(chosen, choose), Self::Chosen(others, _)) => {
                for (chosen, other) in chosen.iter_mut().zip(others) {
                    if !is_stale(other) {
                        take_chosen(chosen, other, *choose);
                    }
                }
            }
            (Self::Variance(spreads, _), Self::Variance(others, _)) => {
                merge_options(spreads, others, Spread::merge);
            }
            (Self::Values(values), Self::Values(others)) => {
                values.iter_mut().zip(others).for_each(|(a, b)| a.extend(b));
            }
            (Self::Leaders(leaders), Self::Leaders(others)) => leaders.merge(others, wanted),
            (Self::First(first), Self::First(others)) => {
                for ((first, others), &wanted) in first.iter_mut().zip(others).zip(wanted) {
                    first.extend(others);
                    first.truncate(wanted);
                }
            }
            _ => unreachable!("threads of one aggregation accumulate alike"),
        }
    }

    /// The aggregates as a column; `quantiles` holds the parameter of `quantile` at each step.
    /// [`Leaders`] and the first series have none.
    pub(crate) fn finish(self, quantiles: &[f64], findings: &mut AggregationFindings) -> Column {
        let floats = match self {
            Self::Sum(sums, histograms) => {
                let mut column = Column::from(or_stale(sums, CompensatedSum::value));
                histograms.finish(&mut column, findings);
                return column;
            }
            Self::Average(means, histograms) => {
                let mut column = Column::from(or_stale(means, Mean::value));
                histograms.finish(&mut column, findings);
                return column;
            }
            Self::Count(mut counts) => {
                for count in counts.iter_mut().filter(|count| **count == 0.0) {
                    *count = STALE;
                }
                counts
            }
            Self::Presence(presence) => presence,
            Self::Chosen(chosen, _) => chosen,
            Self::Variance(spreads, root) => or_stale(spreads, |spread| root(spread.variance())),
            Self::Values(values) => values
                .into_iter()
                .zip(quantiles)
                .map(|(mut values, &q)| match values.is_empty() {
                    true => STALE,
                    false => quantile(q, &mut values),
                })
                .collect(),
            Self::Leaders(_) | Self::First(_) => Vec::new(),
        };
        floats.into()
    }
}

/// Lets the samples of a series in at steps that want more. Returns how many.
fn add_first(
    first: &mut [Vec<(usize, StepValue)>],
    place: usize,
    column: &Column,
    wanted: &Wanted,
) -> usize {
    let mut added = 0;
    for (step, (first, &wanted)) in first.iter_mut().zip(wanted).enumerate() {
        if first.len() >= wanted {
            continue;
        }
        if let Some(sample) = column.get(step) {
            first.push((place, sample.to_value()));
            added += 1;
        }
    }
    added
}

#[inline]
fn take_chosen(chosen: &mut f64, value: f64, choose: fn(f64, f64) -> f64) {
    // The first value is compared with itself, which `min` and `max` leave alone.
    let so_far = if is_stale(*chosen) { value } else { *chosen };
    *chosen = choose(so_far, value);
}

fn merge_options<T: Copy>(
    values: &mut [Option<T>],
    others: Vec<Option<T>>,
    merge: impl Fn(&mut T, T),
) {
    for (value, other) in values.iter_mut().zip(others) {
        match (value, other) {
            (Some(value), Some(other)) => merge(value, other),
            (none, other) if none.is_none() => *none = other,
            _ => {}
        }
    }
}

fn or_stale<T>(values: Vec<Option<T>>, finish: impl Fn(T) -> f64) -> Vec<f64> {
    let finished = values.into_iter().map(|value| value.map_or(STALE, &finish));
    finished.collect()
}

/// Running population variance (Welford).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    count: f64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Spread {
    /// The spread of one number: none, but unknown if that is infinite.
    fn new(value: f64) -> Self {
        Self {
            count: 1.0,
            mean: value,
            squares: if value.is_finite() { 0.0 } else { f64::NAN },
        }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        let delta = other.mean - self.mean;
        self.squares += other.squares + delta * delta * self.count * other.count / count;
        self.mean += delta * other.count / count;
        self.count = count;
    }

    fn variance(self) -> f64 {
        self.squares / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f64; 3]; 4] = [
        [1.0, STALE, 4.0],
        [2.0, STALE, f64::NAN],
        [6.0, 5.0, 1.0],
        [3.0, STALE, 7.0],
    ];

    fn aggregate(op: AggregateOp) -> (Vec<f64>, Vec<f64>) {
        let wanted = [0; 3];
        let fed = |rows: &[[f64; 3]]| {
            let mut accumulator = Accumulator::new(op, 3);
            for (place, row) in rows.iter().enumerate() {
                accumulator.add(
                    place,
                    &row.to_vec().into(),
                    &wanted,
                    &mut AggregationFindings::default(),
                );
            }
            accumulator
        };
        let quantiles = [0.5; 3];
        let mut merged = fed(&ROWS[..2]);
        let mut findings = AggregationFindings::default();
        merged.merge(fed(&ROWS[2..]), &wanted, &mut findings);
        let one = fed(&ROWS).finish(&quantiles, &mut findings).values;
        (one, merged.finish(&quantiles, &mut findings).values)
    }

    #[test]
    fn columns_are_aggregated_alike_by_one_thread_and_by_two() {
        use AggregateOp::*;
        let nan = f64::NAN;
        let cases = [
            (Sum, [12.0, 5.0, nan]),
            (Average, [3.0, 5.0, nan]),
            (Count, [4.0, 1.0, 4.0]),
            (Minimum, [1.0, 5.0, 1.0]),
            (Maximum, [6.0, 5.0, 7.0]),
            (Group, [1.0, 1.0, 1.0]),
            (StandardVariance, [3.5, 0.0, nan]),
            (StandardDeviation, [3.5_f64.sqrt(), 0.0, nan]),
            (Quantile, [2.5, 5.0, 2.5]),
        ];
        for (op, want) in cases {
            let (one, two) = aggregate(op);
            for ((want, one), two) in want.iter().zip(one).zip(two) {
                let is = |got: f64| (got - want).abs() < 1e-12 || (got.is_nan() && want.is_nan());
                assert!(is(one) && is(two), "{op}: {one} and {two}, not {want}");
            }
        }
    }

    #[test]
    fn nothing_gives_nothing() {
        for op in AggregateOp::ALL {
            let mut findings = AggregationFindings::default();
            let column = Accumulator::new(op, 2).finish(&[0.5; 2], &mut findings);
            assert!(!column.has_samples(), "{op}");
        }
    }
}
