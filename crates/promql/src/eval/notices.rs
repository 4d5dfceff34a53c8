//! What is noticed of one series while its windows are looked at. It is told once the series has been
//! read, with its name.

use std::sync::atomic::Ordering;

use super::Evaluator;
use super::notes::HistogramOperation;
use super::stream::{Reading, Stream};
use model::label::METRIC_NAME;

/// Things to tell of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Floats and native histograms in one window.
    MixedTypes,
    /// Exponential and custom buckets in one window.
    MixedSchemas,
    /// A gauge where a counter is wanted.
    NotCounter,
    /// No gauge where one is wanted.
    NotGauge,
    /// Histograms in a window of which only the floats are looked at.
    IgnoredHistograms,
    /// Different custom bounds were added.
    ReconciledAddition,
    /// Different custom bounds were subtracted.
    ReconciledSubtraction,
    /// Different custom bounds were summed.
    ReconciledAggregation,
    /// Histograms with and without a counter reset were summed.
    CollidingResets,
    /// A sample began to count before the one before it ended.
    OverlappingStarts,
    /// A quantile was asked for that is none.
    Quantile,
}

/// What was noticed of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notices(u16);

impl Notices {
    /// Adds a notice.
    #[inline]
    pub(crate) fn add(&mut self, notice: Notice) {
        self.0 |= 1 << notice as u16;
    }

    /// True if there is nothing to tell.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn has(self, notice: Notice) -> bool {
        self.0 & (1 << notice as u16) != 0
    }
}

impl Evaluator<'_> {
    /// Tells what was noticed of the series at `index`.
    #[cold]
    pub(super) fn tell_notices(&self, stream: &Stream<'_>, index: usize, notices: Notices) {
        let labels = stream.source.labels(index).0;
        let known = labels.get(METRIC_NAME).map(str::to_owned);
        let name = known
            .or_else(|| stream.metric_name.clone())
            .unwrap_or_default();
        let (notes, span) = (&self.notes, stream.span);
        for notice in ALL.into_iter().filter(|&notice| notices.has(notice)) {
            match notice {
                Notice::MixedTypes => notes.mixed_types_in_range(&name, span),
                Notice::MixedSchemas => notes.mixed_schemas(&name, span),
                Notice::NotCounter => notes.not_a_counter(&name, span),
                Notice::NotGauge => notes.not_a_gauge(&name, span),
                Notice::IgnoredHistograms => notes.histograms_ignored_in_range(&name, span),
                Notice::ReconciledAddition => {
                    notes.reconciled_bounds(HistogramOperation::Addition, span);
                }
                Notice::ReconciledSubtraction => {
                    notes.reconciled_bounds(HistogramOperation::Subtraction, span);
                }
                Notice::ReconciledAggregation => {
                    notes.reconciled_bounds(HistogramOperation::Aggregation, span);
                }
                Notice::CollidingResets => {
                    notes.colliding_counter_resets(HistogramOperation::Aggregation, span);
                }
                Notice::OverlappingStarts => notes.overlapping_starts(&name, span),
                Notice::Quantile => {
                    if let Reading::Range { call, .. } = &stream.reading
                        && let Some(quantiles) = call.arguments.first()
                    {
                        let steps = quantiles.iter().zip(&call.bad_quantiles);
                        let bad = steps.filter(|(_, is_bad)| is_bad.load(Ordering::Relaxed));
                        let bad: Vec<f64> = bad.map(|(&quantile, _)| quantile).collect();
                        self.check_quantiles(&bad, call.first_argument);
                    }
                }
            }
        }
    }
}

const ALL: [Notice; 11] = [
    Notice::MixedTypes,
    Notice::MixedSchemas,
    Notice::NotCounter,
    Notice::NotGauge,
    Notice::IgnoredHistograms,
    Notice::ReconciledAddition,
    Notice::ReconciledSubtraction,
    Notice::ReconciledAggregation,
    Notice::CollidingResets,
    Notice::OverlappingStarts,
    Notice::Quantile,
];
