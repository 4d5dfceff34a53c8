//! `histogram_quantile` and `histogram_fraction` over the buckets of classic histograms.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use model::Labels;
use model::label::{BUCKET, METRIC_NAME};
use model::value::{STALE, is_stale};

use super::Evaluator;
use super::columns::{FastHash, Series, Vector};
use super::notes::ForcedMonotonicity;
use super::steps::Steps;
use crate::ast::{Call, Span};
use crate::functions::histogram::{self, Bucket};
use crate::query::QueryError;

/// The buckets of one histogram: bounds with columns of counts, sorted by bound.
struct Histogram<'a> {
    labels: Labels,
    drop_name: bool,
    buckets: Vec<(f64, &'a [f64])>,
}

impl Histogram<'_> {
    /// The buckets that are there at a step.
    fn at(&self, step: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        let present = self.buckets.iter().map(|&(bound, counts)| Bucket {
            bound,
            count: counts[step],
        });
        buckets.extend(present.filter(|bucket| !is_stale(bucket.count)));
    }
}

impl<'e> Evaluator<'e> {
    /// `histogram_quantile`
    pub(super) fn histogram_quantile(
        &self,
        node: &Call,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        let [quantile, vector] = &node.args[..] else {
            unreachable!("the parser checks the number of arguments");
        };
        let quantiles = self.scalar(quantile, steps)?;
        self.check_quantiles(&quantiles, quantile.without_parens().span());
        let span = vector.without_parens().span();
        let vector = self.vector(vector, steps)?;
        let mut forced: BTreeMap<String, ForcedMonotonicity> = BTreeMap::new();
        let out = self.of_histograms(&vector, span, steps, |histogram, step, buckets| {
            let (value, mended) = histogram::quantile(quantiles[step], buckets);
            if let Some(mended) = mended {
                let found = ForcedMonotonicity::new(mended, steps.time(step));
                let name = self.name_in_notes(&histogram.labels);
                forced
                    .entry(name)
                    .and_modify(|so_far| so_far.merge(&found))
                    .or_insert(found);
            }
            value
        })?;
        for (name, found) in &forced {
            self.notes.forced_monotonicity(name, found, span);
        }
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
        let lower = self.scalar(lower, steps)?;
        let upper = self.scalar(upper, steps)?;
        let span = vector.without_parens().span();
        let vector = self.vector(vector, steps)?;
        self.of_histograms(&vector, span, steps, |_, step, buckets| {
            histogram::fraction(lower[step], upper[step], buckets)
        })
    }

    /// One series a histogram, with what `value_of` makes of its buckets at each step.
    fn of_histograms(
        &self,
        vector: &Vector<'_>,
        span: Span,
        steps: Steps,
        mut value_of: impl FnMut(&Histogram<'_>, usize, &mut Vec<Bucket>) -> f64,
    ) -> Result<Vector<'_>, QueryError> {
        let mut out = self.nothing();
        let mut buckets = Vec::new();
        for histogram in self.histograms(vector, span) {
            self.interrupt.check()?;
            out.lease.grow(steps.count)?;
            let mut values = Vec::with_capacity(steps.count);
            for step in 0..steps.count {
                histogram.at(step, &mut buckets);
                values.push(match buckets.is_empty() {
                    true => STALE,
                    false => value_of(&histogram, step, &mut buckets),
                });
            }
            out.series.push(Series {
                labels: histogram.labels,
                drop_name: histogram.drop_name,
                column: values.into(),
            });
        }
        out.drop_names(self.options.delayed_name_removal)?;
        Ok(out)
    }

    /// Series that differ in `le` only, together.
    fn histograms<'a>(&self, vector: &'a Vector<'_>, span: Span) -> Vec<Histogram<'a>> {
        let mut index: HashMap<Labels, usize, FastHash> = HashMap::default();
        let mut histograms: Vec<Histogram<'a>> = Vec::new();
        for series in &vector.series {
            let bound_text = series.labels.get(BUCKET).unwrap_or_default();
            let Ok(bound) = bound_text.parse::<f64>() else {
                let name = series.labels.get(METRIC_NAME).unwrap_or_default();
                self.notes.bad_bucket_label(name, bound_text, span);
                continue;
            };
            let labels = series.labels.filter(|name| name != BUCKET);
            let next = histograms.len();
            let found = *index.entry(labels.clone()).or_insert(next);
            if found == next {
                histograms.push(Histogram {
                    labels,
                    drop_name: series.drop_name,
                    buckets: Vec::new(),
                });
            }
            histograms[found]
                .buckets
                .push((bound, &series.column.values));
        }
        for histogram in &mut histograms {
            histogram
                .buckets
                .sort_by(|left, right| left.0.total_cmp(&right.0));
        }
        histograms
    }

    /// The metric name that a note may speak of: one that has not been removed.
    fn name_in_notes(&self, labels: &Labels) -> String {
        let name = labels
            .get(METRIC_NAME)
            .filter(|_| self.options.delayed_name_removal);
        name.unwrap_or_default().to_owned()
    }
}
