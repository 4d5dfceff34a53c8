//! Warnings and infos as they come up, each with the place in the query that it speaks of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::Annotations;
use model::date::format_rfc3339;
use model::histogram::NanEffect;
use model::number::general;
use model::quote::quoted;

use crate::ast::{AggregateOp, BinaryOp, Span};
use crate::functions::histogram::Mended;

/// Gathers annotations, from all threads of a query. What is told at several places is told once: at
/// the last of them in order of evaluation.
#[derive(Debug)]
pub(crate) struct Notes<'a> {
    text: &'a str,
    gathered: Mutex<Gathered>,
    /// How often something was told, repetitions included.
    told: AtomicU64,
}

#[derive(Debug, Default)]
struct Gathered {
    /// From stores.
    annotations: Annotations,
    /// By message.
    warnings: BTreeMap<String, Span>,
    infos: BTreeMap<String, Span>,
    /// Of histograms whose counts fell: by metric name, at the first place.
    forced: BTreeMap<String, (ForcedMonotonicity, Span)>,
}

impl<'a> Notes<'a> {
    /// Notes on this query.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            gathered: Mutex::default(),
            told: AtomicU64::new(0),
        }
    }

    /// What was gathered.
    pub(crate) fn finish(self) -> Annotations {
        let text = self.text;
        let placed = |kind: &str, message: &str, span: Span| {
            let (line, column) = span.line_column(text);
            format!("{kind}: {message} ({line}:{column})")
        };
        let Gathered {
            mut annotations,
            warnings,
            mut infos,
            forced,
        } = self
            .gathered
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, (found, span)) in forced {
            infos.insert(found.message(&name), span);
        }
        for (message, span) in warnings {
            annotations.warn(placed("PromQL warning", &message, span));
        }
        for (message, span) in infos {
            annotations.info(placed("PromQL info", &message, span));
        }
        annotations
    }

    /// How often something was told so far.
    pub(crate) fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    /// Takes over what a store says.
    pub(crate) fn merge(&self, annotations: Annotations) {
        if !annotations.is_empty() {
            self.told.fetch_add(1, Ordering::Relaxed);
            self.lock().annotations.merge(annotations);
        }
    }

    /// A quantile outside of 0 to 1.
    pub(crate) fn quantile_out_of_range(&self, q: f64, span: Span) {
        let q = general(q);
        self.warn(
            span,
            &format!("quantile value should be between 0 and 1, got {q}"),
        );
    }

    /// `sort` in a range query.
    pub(crate) fn sort_is_ineffective(&self, span: Span) {
        self.warn(
            span,
            "sort is ineffective for range queries since results are always ordered by labels",
        );
    }

    /// A bucket whose `le` is no number.
    pub(crate) fn bad_bucket_label(&self, metric_name: &str, label: &str, span: Span) {
        let label = quoted(label);
        let of_metric = for_metric(metric_name);
        self.warn(
            span,
            &format!(
                "bucket label \"le\" is missing or has a malformed value of {label}{of_metric}"
            ),
        );
    }

    /// `rate` or `increase` of something that does not look like a counter.
    pub(crate) fn possible_non_counter(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.info(
            span,
            &format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {name}"
            ),
        );
    }

    /// `rate` or `increase` of something whose type is another one.
    pub(crate) fn not_typed_as_counter(&self, metric_name: &str, kind: &str, span: Span) {
        let (name, kind) = (quoted(metric_name), quoted(kind));
        self.info(
            span,
            &format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \
                 \"histogram\", got {kind}: {name}"
            ),
        );
    }

    /// A ratio outside of -1 to 1, which is taken for `capped`.
    pub(crate) fn ratio_out_of_range(&self, ratio: f64, capped: f64, span: Span) {
        let (ratio, capped) = (general(ratio), general(capped));
        self.warn(
            span,
            &format!("ratio value should be between -1 and 1, got {ratio}, capping to {capped}"),
        );
    }

    /// An operator that does not know samples of these types.
    pub(crate) fn incompatible_types(&self, op: BinaryOp, left: &str, right: &str, span: Span) {
        self.info(
            span,
            &format!(
                "incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}"
            ),
        );
    }

    /// An operator between exponential and custom buckets.
    pub(crate) fn incompatible_bucket_layouts(&self, op: BinaryOp, span: Span) {
        self.warn(
            span,
            &format!("incompatible bucket layout encountered for binary operator {op}"),
        );
    }

    /// Native histograms with different custom bounds were combined.
    pub(crate) fn reconciled_bounds(&self, operation: HistogramOperation, span: Span) {
        let operation = operation.as_str();
        self.info(
            span,
            &format!("mismatched custom buckets were reconciled during {operation}"),
        );
    }

    /// Native histograms with and without a counter reset were combined.
    pub(crate) fn colliding_counter_resets(&self, operation: HistogramOperation, span: Span) {
        let operation = operation.as_str();
        self.warn(
            span,
            &format!("conflicting counter resets during histogram {operation}"),
        );
    }

    /// A native histogram in an aggregation that is of floats only.
    pub(crate) fn histogram_ignored(&self, op: AggregateOp, span: Span) {
        self.info(span, &format!("ignored histogram in {op} aggregation"));
    }

    /// Floats and native histograms in one aggregation.
    pub(crate) fn mixed_types_in_aggregation(&self, span: Span) {
        self.warn(
            span,
            "encountered a mix of histograms and floats for aggregation",
        );
    }

    /// Floats and native histograms in one range.
    pub(crate) fn mixed_types_in_range(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.warn(
            span,
            &format!("encountered a mix of histograms and floats for metric name {name}"),
        );
    }

    /// A sample that began to count before the one before it ended.
    pub(crate) fn overlapping_starts(&self, metric_name: &str, span: Span) {
        let of_metric = for_metric(metric_name);
        self.warn(
            span,
            &format!(
                "sample has start time that overlaps with previous sample timestamp{of_metric}"
            ),
        );
    }

    /// A native histogram that is a gauge where a counter is wanted.
    pub(crate) fn not_a_counter(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.warn(
            span,
            &format!("this native histogram metric is not a counter: {name}"),
        );
    }

    /// A native histogram that is no gauge where one is wanted.
    pub(crate) fn not_a_gauge(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.warn(
            span,
            &format!("this native histogram metric is not a gauge: {name}"),
        );
    }

    /// Native histograms in a range of which only the floats are looked at.
    pub(crate) fn histograms_ignored_in_range(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.info(
            span,
            &format!(
                "ignored histograms in a range containing both floats and histograms for metric \
                 name {name}"
            ),
        );
    }

    /// Exponential and custom buckets in one aggregation.
    pub(crate) fn mixed_schemas(&self, metric_name: &str, span: Span) {
        let name = quoted(metric_name);
        self.warn(
            span,
            &format!(
                "vector contains a mix of histograms with exponential and custom buckets schemas \
                 for metric name {name}"
            ),
        );
    }

    /// A histogram that is native and classic at once.
    pub(crate) fn mixed_classic_and_native(&self, metric_name: &str, span: Span) {
        let of_metric = for_metric(metric_name);
        self.warn(
            span,
            &format!("vector contains a mix of classic and native histograms{of_metric}"),
        );
    }

    /// A quantile of a native histogram that has observations of NaN.
    pub(crate) fn nan_in_quantile(&self, effect: NanEffect, metric_name: &str, span: Span) {
        let effect = match effect {
            NanEffect::None => return,
            NanEffect::Result => "NaN",
            NanEffect::Skew => "skewed higher",
        };
        let of_metric = for_metric(metric_name);
        self.info(
            span,
            &format!(
                "input to histogram_quantile has NaN observations, result is {effect}{of_metric}"
            ),
        );
    }

    /// A fraction of a native histogram that has observations of NaN.
    pub(crate) fn nan_in_fraction(&self, metric_name: &str, span: Span) {
        let of_metric = for_metric(metric_name);
        self.info(
            span,
            &format!(
                "input to histogram_fraction has NaN observations, which are excluded from all \
                 fractions{of_metric}"
            ),
        );
    }

    /// Buckets whose counts fall. What is told of a metric at several places is added up.
    pub(crate) fn forced_monotonicity(
        &self,
        metric_name: &str,
        found: ForcedMonotonicity,
        span: Span,
    ) {
        self.told.fetch_add(1, Ordering::Relaxed);
        let mut gathered = self.lock();
        match gathered.forced.get_mut(metric_name) {
            Some((so_far, _)) => so_far.merge(&found),
            None => {
                let found = (found, span);
                gathered.forced.insert(metric_name.to_owned(), found);
            }
        }
    }

    /// How many samples were told of so far whose counts fall, by metric name.
    pub(crate) fn forced_samples(&self) -> BTreeMap<String, i64> {
        let forced = &self.lock().forced;
        let samples = |(name, (found, _)): (&String, &(ForcedMonotonicity, Span))| {
            (name.clone(), found.samples)
        };
        forced.iter().map(samples).collect()
    }

    fn warn(&self, span: Span, message: &str) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.lock().warnings.insert(message.to_owned(), span);
    }

    fn info(&self, span: Span, message: &str) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.lock().infos.insert(message.to_owned(), span);
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How native histograms were combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistogramOperation {
    Addition,
    Subtraction,
    Aggregation,
}

impl HistogramOperation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Addition => "addition",
            Self::Subtraction => "subtraction",
            Self::Aggregation => "aggregation",
        }
    }
}

/// All that had to be mended in the histograms of one metric.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForcedMonotonicity {
    /// Over all of them.
    pub(crate) mended: Mended,
    /// How many there were, as upstream counts.
    pub(crate) samples: i64,
    /// The earliest step.
    pub(crate) first: i64,
    /// The latest step.
    pub(crate) last: i64,
}

impl ForcedMonotonicity {
    /// Both together.
    fn merge(&mut self, other: &Self) {
        self.mended.merge(&other.mended);
        self.samples = self.samples.wrapping_add(other.samples);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    fn message(&self, metric_name: &str) -> String {
        let Mended {
            lowest,
            highest,
            largest_fall,
        } = self.mended;
        format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)\
             {}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            for_metric(metric_name),
            general(lowest),
            general(highest),
            two_digits(largest_fall),
            self.samples,
            whole_seconds(self.first),
            whole_seconds(self.last),
        )
    }
}

fn for_metric(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    format!(" for metric name {}", quoted(name))
}

fn whole_seconds(millis: i64) -> String {
    let text = format_rfc3339(millis.div_euclid(1_000) * 1_000);
    text.replace(".000Z", "Z")
}

/// As Go's `%.2g`.
fn two_digits(value: f64) -> String {
    let text = format!("{value:.1e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return general(value);
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..2).contains(&exponent) {
        return general(text.parse().unwrap_or(value));
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_say_where() {
        let notes = Notes::new("a +\n  rate(b[1m])");
        notes.possible_non_counter("b", Span::new(0, 1));
        notes.possible_non_counter("b", Span::new(11, 16));
        notes.quantile_out_of_range(f64::NAN, Span::new(0, 1));
        let annotations = notes.finish();
        assert_eq!(
            annotations.infos(),
            [
                "PromQL info: metric might not be a counter, name does not end in \
              _total/_sum/_count/_bucket: \"b\" (2:8)"
            ]
        );
        assert_eq!(
            annotations.warnings(),
            ["PromQL warning: quantile value should be between 0 and 1, got NaN (1:1)"]
        );
    }

    #[test]
    fn mended_histograms_are_told_together() {
        let mended = |bound: f64, largest_fall| Mended {
            lowest: bound,
            highest: bound,
            largest_fall,
        };
        let found = |mended, time| ForcedMonotonicity {
            mended,
            samples: 1,
            first: time,
            last: time,
        };
        let notes = Notes::new("hq(q)");
        let (one, other) = (mended(5.0, 5.5), mended(100.0, 10.0));
        let span = Span::new(3, 4);
        notes.forced_monotonicity("series_1", found(one, 1_735_084_800_000), span);
        let span = Span::new(0, 1);
        notes.forced_monotonicity("series_1", found(other, 1_703_462_400_500), span);
        let text = notes.finish().infos()[0].clone();
        let want = " for metric name \"series_1\", from buckets 5 to 100, with a max diff of 10, \
                    over 2 samples from 2023-12-25T00:00:00Z to 2024-12-25T00:00:00Z (1:4)";
        assert!(text.ends_with(want), "{text}");
    }

    #[test]
    fn two_digits_are_gos() {
        let cases = [
            (5.5, "5.5"),
            (10.0, "10"),
            (123.0, "1.2e+02"),
            (100.0, "1e+02"),
            (0.000_012, "1.2e-05"),
            (0.05, "0.05"),
        ];
        for (value, want) in cases {
            assert_eq!(two_digits(value), want);
        }
    }
}
