//! `histogram_*`: functions of native histograms, and of the buckets of classic ones.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use model::label::{BUCKET, METRIC_NAME, is_label_name};
use model::value::{STALE, is_stale};
use model::{Histogram, Labels, LabelsBuilder, number};

use super::columns::{Column, FastHash, Series, Vector};
use super::notes::ForcedMonotonicity;
use super::steps::Steps;
use super::{Evaluator, text_of};
use crate::ast::{Call, Expr, Span};
use crate::functions::histogram::{self, Bucket, Mended};
use crate::query::QueryError;

/// The histograms of a vector. Where a native and a classic one have the same labels at one step,
/// neither counts.
struct Histograms<'a> {
    native: Vec<&'a Series>,
    classic: Vec<ClassicHistogram<'a>>,
    /// Steps at which a native histogram does not count, by its place; mostly none.
    conflicts: HashMap<usize, Vec<bool>, FastHash>,
}

/// The buckets of a classic histogram: bounds with columns of counts, sorted by bound.
struct ClassicHistogram<'a> {
    labels: Labels,
    drop_name: bool,
    buckets: Vec<(f64, &'a [f64])>,
    /// Steps at which it does not count; mostly none.
    conflicts: Vec<bool>,
}

impl ClassicHistogram<'_> {
    fn has_buckets_at(&self, step: usize) -> bool {
        self.buckets
            .iter()
            .any(|(_, counts)| !is_stale(counts[step]))
    }

    /// The buckets that are there at a step.
    fn at(&self, step: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        if self.conflicts.get(step).is_some_and(|&conflicts| conflicts) {
            return;
        }
        let present = self.buckets.iter().map(|&(bound, counts)| Bucket {
            bound,
            count: counts[step],
        });
        buckets.extend(present.filter(|bucket| !is_stale(bucket.count)));
    }
}

/// What a function makes of a histogram at one step.
trait HistogramFunction {
    /// Of a native one with this name in notes.
    fn of_native(&mut self, step: usize, histogram: &Histogram, name: &str) -> f64;
    /// Of the buckets of a classic one, of which there is at least one.
    fn of_classic(&mut self, step: usize, buckets: &mut Vec<Bucket>, labels: &Labels) -> f64;
}

impl<'e> Evaluator<'e> {
    /// A function of native histograms only.
    pub(super) fn of_native_histograms(
        &self,
        node: &Call,
        steps: Steps,
        value_of: impl Fn(&Histogram) -> f64 + Sync,
    ) -> Result<Vector<'_>, QueryError> {
        let mut vector = self.vector(&node.args[0], steps)?;
        self.change_each(&mut vector, |_, series| {
            series.map_histograms(|_, histogram| value_of(histogram));
        })?;
        vector.drop_empty();
        if self.options.delayed_name_removal {
            self.drop_names(&mut vector)?;
            return Ok(vector);
        }
        // These functions, unlike all others, leave type and unit where they are, as upstream's do.
        self.change_each(&mut vector, |_, series| {
            series.labels = series.labels.filter(|name| name != METRIC_NAME);
        })?;
        vector.merge_equal()?;
        Ok(vector)
    }

    /// `histogram_quantile`
    pub(super) fn histogram_quantile(
        &self,
        node: &Call,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let [quantile, vector] = &node.args[..] else {
            unreachable!("the parser checks the number of arguments");
        };
        let before = self.notes.forced_samples();
        let quantiles = self.scalar(quantile, steps)?;
        let span = vector.without_parens().span();
        let vector = self.vector(vector, steps)?;
        self.check_quantiles(&quantiles, quantile.without_parens().span());
        let histograms = self.histograms(&vector, span, steps);
        let mut forced = Forced::default();
        let mut function = Quantile::new(self, &quantiles, span, &mut forced);
        let mut out = self.of_histograms(&histograms, steps, &mut function)?;
        self.tell_forced(&forced, &before, span, steps);
        self.finish_histograms(&mut out)?;
        Ok(out)
    }

    /// `histogram_quantiles`
    pub(super) fn histogram_quantiles(
        &self,
        node: &Call,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let [vector, label, quantiles @ ..] = &node.args[..] else {
            unreachable!("the parser checks the number of arguments");
        };
        let label = quantile_label(label)?;
        let before = self.notes.forced_samples();
        let span = vector.without_parens().span();
        let vector = self.vector(vector, steps)?;
        let mut columns = Vec::with_capacity(quantiles.len());
        for quantile in quantiles {
            let column = self.scalar(quantile, steps)?;
            self.check_quantiles(&column, quantile.without_parens().span());
            columns.push(column);
        }
        let histograms = self.histograms(&vector, span, steps);
        let mut out = self.nothing();
        let mut forced = Forced::default();
        for column in &columns {
            let mut function = Quantile::new(self, column, span, &mut forced);
            let part = self.of_histograms(&histograms, steps, &mut function)?;
            out.lease.absorb(part.lease);
            for series in part.series {
                label_with_quantiles(series, label, column, &mut out.series);
            }
        }
        self.tell_forced(&forced, &before, span, steps);
        self.finish_histograms(&mut out)?;
        Ok(out)
    }

    /// `histogram_fraction`
    pub(super) fn histogram_fraction(
        &self,
        node: &Call,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let [lower, upper, vector] = &node.args[..] else {
            unreachable!("the parser checks the number of arguments");
        };
        let span = vector.without_parens().span();
        let mut function = Fraction {
            evaluator: self,
            lower: self.scalar(lower, steps)?,
            upper: self.scalar(upper, steps)?,
            span,
        };
        let vector = self.vector(vector, steps)?;
        let histograms = self.histograms(&vector, span, steps);
        let mut out = self.of_histograms(&histograms, steps, &mut function)?;
        self.finish_histograms(&mut out)?;
        Ok(out)
    }

    /// One series a histogram, with what the function makes of it at each step.
    fn of_histograms(
        &self,
        histograms: &Histograms<'_>,
        steps: Steps,
        function: &mut dyn HistogramFunction,
    ) -> Result<Vector<'_>, QueryError> {
        let mut out = self.nothing();
        for (place, series) in histograms.native.iter().enumerate() {
            self.interrupt.check()?;
            out.lease.grow(steps.count)?;
            let conflicts = histograms.conflicts.get(&place);
            let name = self.name_in_notes(&series.labels);
            let mut values = vec![STALE; steps.count];
            for (step, histogram) in series.column.histograms.iter() {
                if !conflicts.is_some_and(|conflicts| conflicts[step]) {
                    values[step] = function.of_native(step, histogram, name);
                }
            }
            out.series.push(Series {
                labels: series.labels.clone(),
                drop_name: series.drop_name,
                column: values.into(),
            });
        }
        let mut buckets = Vec::new();
        for histogram in &histograms.classic {
            self.interrupt.check()?;
            out.lease.grow(steps.count)?;
            let mut values = Vec::with_capacity(steps.count);
            for step in 0..steps.count {
                histogram.at(step, &mut buckets);
                values.push(match buckets.is_empty() {
                    true => STALE,
                    false => function.of_classic(step, &mut buckets, &histogram.labels),
                });
            }
            out.series.push(Series {
                labels: histogram.labels.clone(),
                drop_name: histogram.drop_name,
                column: values.into(),
            });
        }
        out.drop_empty();
        Ok(out)
    }

    /// Tells of the histograms whose counts fell. At each step upstream merges all that the call has
    /// found so far into what it has told so far, so that it counts samples of earlier steps again
    /// and again; and as both are one thing unless an argument told of the same metric before, it
    /// mostly counts itself twice, too. The number here is the same.
    fn tell_forced(
        &self,
        forced: &Forced,
        before: &BTreeMap<String, i64>,
        span: Span,
        steps: Steps,
    ) {
        let of_arguments = self.notes.forced_samples();
        for (name, found) in forced {
            let (Some((&first, at)), Some((&last, _))) =
                (found.first_key_value(), found.last_key_value())
            else {
                continue;
            };
            let is_one_thing = of_arguments.get(name) == before.get(name);
            let mut mended = at.mended;
            let (mut so_far, mut told) = (0_i64, 0_i64);
            for step in first..steps.count {
                if let Some(at) = found.get(&step) {
                    mended.merge(&at.mended);
                    so_far = so_far.wrapping_add(at.histograms);
                }
                told = match is_one_thing {
                    true if step == first => so_far,
                    true => so_far.wrapping_mul(2),
                    false => told.wrapping_add(so_far),
                };
                if is_one_thing {
                    so_far = told;
                }
            }
            let found = ForcedMonotonicity {
                mended,
                samples: told,
                first: steps.time(first),
                last: steps.time(last),
            };
            self.notes.forced_monotonicity(name, found, span);
        }
    }

    fn finish_histograms(&self, out: &mut Vector<'_>) -> Result<(), QueryError> {
        self.drop_names(out)?;
        // A native histogram may have the labels of a classic one at other steps.
        out.merge_equal()
    }

    fn histograms<'a>(&self, vector: &'a Vector<'_>, span: Span, steps: Steps) -> Histograms<'a> {
        let mut index: HashMap<Labels, usize, FastHash> = HashMap::default();
        let mut histograms = Histograms {
            native: Vec::new(),
            classic: Vec::new(),
            conflicts: HashMap::default(),
        };
        for series in &vector.series {
            if series.column.histograms.has_any() {
                histograms.native.push(series);
            }
            if series.column.values.iter().all(|&value| is_stale(value)) {
                continue;
            }
            let bound_text = series.labels.get(BUCKET).unwrap_or_default();
            let Ok(bound) = bound_text.parse::<f64>() else {
                let name = self.name_in_notes(&series.labels);
                self.notes.bad_bucket_label(name, bound_text, span);
                continue;
            };
            let labels = series.labels.filter(|name| name != BUCKET);
            let next = histograms.classic.len();
            let found = *index.entry(labels.clone()).or_insert(next);
            if found == next {
                histograms.classic.push(ClassicHistogram {
                    labels,
                    drop_name: series.drop_name,
                    buckets: Vec::new(),
                    conflicts: Vec::new(),
                });
            }
            let buckets = &mut histograms.classic[found].buckets;
            buckets.push((bound, &series.column.values));
        }
        for histogram in &mut histograms.classic {
            histogram
                .buckets
                .sort_by(|left, right| left.0.total_cmp(&right.0));
        }
        self.note_conflicts(&mut histograms, &index, span, steps);
        histograms
    }

    /// Finds the steps at which a native and a classic histogram are the same.
    fn note_conflicts(
        &self,
        histograms: &mut Histograms<'_>,
        index: &HashMap<Labels, usize, FastHash>,
        span: Span,
        steps: Steps,
    ) {
        for (place, series) in histograms.native.iter().enumerate() {
            let Some(classic) = index.get(&series.labels) else {
                continue;
            };
            let classic = &mut histograms.classic[*classic];
            let mut conflicts = vec![false; steps.count];
            for (step, _) in series.column.histograms.iter() {
                conflicts[step] = classic.has_buckets_at(step);
            }
            if conflicts.contains(&true) {
                let name = self.name_in_notes(&series.labels);
                self.notes.mixed_classic_and_native(name, span);
                classic.conflicts.clone_from(&conflicts);
                histograms.conflicts.insert(place, conflicts);
            }
        }
    }

    /// The metric name that a note may speak of: one that has not been removed.
    fn name_in_notes<'a>(&self, labels: &'a Labels) -> &'a str {
        let name = labels
            .get(METRIC_NAME)
            .filter(|_| self.options.delayed_name_removal);
        name.unwrap_or_default()
    }
}

/// Quantiles of histograms.
struct Quantile<'e, 'q> {
    evaluator: &'e Evaluator<'e>,
    /// At each step.
    quantiles: &'q [f64],
    span: Span,
    forced: &'q mut Forced,
}

/// Classic histograms whose counts fell: by name, then by step.
type Forced = BTreeMap<String, BTreeMap<usize, ForcedAt>>;

/// Histograms whose counts fell at one step.
struct ForcedAt {
    mended: Mended,
    histograms: i64,
}

impl<'e, 'q> Quantile<'e, 'q> {
    fn new(
        evaluator: &'e Evaluator<'e>,
        quantiles: &'q [f64],
        span: Span,
        forced: &'q mut Forced,
    ) -> Self {
        Self {
            evaluator,
            quantiles,
            span,
            forced,
        }
    }

    fn note_mended(&mut self, mended: Mended, step: usize, labels: &Labels) {
        let name = self.evaluator.name_in_notes(labels).to_owned();
        let steps = self.forced.entry(name).or_default();
        let histograms = 0;
        let at = steps.entry(step);
        let at = at.or_insert(ForcedAt { mended, histograms });
        at.mended.merge(&mended);
        at.histograms += 1;
    }
}

impl HistogramFunction for Quantile<'_, '_> {
    fn of_native(&mut self, step: usize, histogram: &Histogram, name: &str) -> f64 {
        let quantile = histogram.quantile(self.quantiles[step]);
        let notes = &self.evaluator.notes;
        notes.nan_in_quantile(quantile.nan_effect, name, self.span);
        quantile.value
    }

    fn of_classic(&mut self, step: usize, buckets: &mut Vec<Bucket>, labels: &Labels) -> f64 {
        let (value, mended) = histogram::quantile(self.quantiles[step], buckets);
        if let Some(mended) = mended {
            self.note_mended(mended, step, labels);
        }
        value
    }
}

/// Fractions of histograms between two values.
struct Fraction<'e> {
    evaluator: &'e Evaluator<'e>,
    /// At each step.
    lower: Vec<f64>,
    upper: Vec<f64>,
    span: Span,
}

impl HistogramFunction for Fraction<'_> {
    fn of_native(&mut self, step: usize, histogram: &Histogram, name: &str) -> f64 {
        let fraction = histogram.fraction(self.lower[step], self.upper[step]);
        if fraction.has_nan {
            self.evaluator.notes.nan_in_fraction(name, self.span);
        }
        fraction.value
    }

    fn of_classic(&mut self, step: usize, buckets: &mut Vec<Bucket>, _labels: &Labels) -> f64 {
        histogram::fraction(self.lower[step], self.upper[step], buckets)
    }
}

/// The name of the label that takes the quantile.
fn quantile_label(expr: &Expr) -> Result<&str, QueryError> {
    let label = text_of(expr);
    if is_label_name(label) {
        return Ok(label);
    }
    let message = format!("invalid label name {}", model::quote::quoted(label));
    Err(QueryError::Execution(message))
}

/// Adds a series of quantiles with its quantile as a label: mostly one series, more if the quantile
/// is not the same at each step.
fn label_with_quantiles(series: Series, label: &str, quantiles: &[f64], out: &mut Vec<Series>) {
    let mut builder = LabelsBuilder::new();
    let mut labeled = |quantile: f64, column: Column| {
        builder.reset(&series.labels);
        builder.set(label, &number::openmetrics(quantile));
        out.push(Series {
            labels: builder.build(),
            drop_name: series.drop_name,
            column,
        });
    };
    let first = quantiles[0];
    if quantiles.iter().all(|q| q.to_bits() == first.to_bits()) {
        return labeled(first, series.column);
    }
    let mut columns: BTreeMap<u64, Column> = BTreeMap::new();
    for (step, quantile) in quantiles.iter().enumerate() {
        if let Some(sample) = series.column.get(step) {
            let column = columns.entry(quantile.to_bits());
            let column = column.or_insert_with(|| Column::empty(quantiles.len()));
            column.set(step, sample.to_value());
        }
    }
    for (bits, column) in columns {
        labeled(f64::from_bits(bits), column);
    }
}
