//! `info`: series get the labels of the info metrics that describe their target.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use model::label::METRIC_NAME;
use model::value::is_stale;
use model::{Labels, LabelsBuilder, MatchOp, Matcher};
use storage::SelectHints;

use super::Evaluator;
use super::columns::{Column, FastHash, Series, StepSample, Vector};
use super::selector::Reads;
use super::steps::{Moments, Steps};
use super::stream::{Reading, Stream};
use super::vector_matching::in_braces;
use crate::ast::{Call, Expr, InstantSelector, Span};
use crate::plan;
use crate::query::QueryError;

/// What the second argument says: which info metrics, and which of their labels.
struct Wanted<'a> {
    /// Conditions on the info metrics' names, of which one at least says what a name is.
    names: Vec<Matcher>,
    /// Conditions on the labels that are added; none: all labels are.
    data: Vec<&'a Matcher>,
}

/// Info series, and when each was scraped as seen from each step.
struct InfoSeries {
    labels: Labels,
    /// Milliseconds, none where there is no sample.
    times: Vec<Option<i64>>,
}

/// One info metric: for each target the series that describes it, by step.
struct InfoMetric {
    name: String,
    targets: HashMap<Labels, Vec<Option<usize>>, FastHash>,
}

/// The describing series at one step, one for each info metric that has one.
type Describing = Vec<usize>;

impl Evaluator<'_> {
    /// `info`
    pub(super) fn info(&self, node: &Call, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let base = self.vector(&node.args[0], steps)?;
        let wanted = Wanted::new(node.args.get(1))?;
        let (offset, at) = plan::reference_time(&node.args[0]);
        let moments = Moments::new(steps, offset, at);
        let series = self.info_series(&base, &wanted, moments)?;
        let metrics = metrics_of(&series, steps)?;
        let mut out = self.nothing();
        for described in base.series {
            self.interrupt.check()?;
            if wanted.is_info(&described.labels) {
                out.lease.grow(steps.count)?;
                out.series.push(described);
                continue;
            }
            let target = target_of(&described.labels);
            let describing: Vec<&[Option<usize>]> = metrics
                .iter()
                .filter_map(|metric| metric.targets.get(&target).map(Vec::as_slice))
                .collect();
            let parts = enrich(described, &describing, &series, &wanted)?;
            out.lease.grow(steps.count.saturating_mul(parts.len()))?;
            out.series.extend(parts);
        }
        out.merge_equal()?;
        Ok(out)
    }

    /// The info series of the targets that `base` has.
    fn info_series(
        &self,
        base: &Vector<'_>,
        wanted: &Wanted<'_>,
        moments: Moments,
    ) -> Result<Vec<InfoSeries>, QueryError> {
        let mut matchers = target_matchers(base, wanted)?;
        if matchers.is_empty() {
            return Ok(Vec::new());
        }
        matchers.extend(wanted.names.iter().cloned());
        matchers.extend(wanted.data.iter().map(|&matcher| matcher.clone()));
        let selector = InstantSelector {
            name: None,
            matchers,
            offset: 0,
            offset_expr: None,
            at: None,
            extended: None,
            span: Span::default(),
        };
        let range = plan::instant_range(&moments, self.lookback);
        let hints = SelectHints {
            function: "info".to_owned(),
            ..SelectHints::default()
        };
        let mut stream = Stream {
            source: self.select(&selector, selector.span, range, hints)?,
            reading: Reading::Instant {
                lookback: self.lookback,
                reads: Reads::Values,
            },
            moments,
            statistics_only: false,
            drops_name: false,
            metric_name: None,
            span: selector.span,
        };
        let samples = self.collect(&stream)?;
        if samples
            .series
            .iter()
            .any(|series| series.column.histograms.has_any())
        {
            return Err(QueryError::Execution(
                "info sample should be float".to_owned(),
            ));
        }
        stream.reading = Reading::Instant {
            lookback: self.lookback,
            reads: Reads::Timestamps,
        };
        let series = self.collect(&stream)?.series.into_iter();
        Ok(series
            .map(|series| InfoSeries {
                labels: series.labels,
                times: series.column.values.into_iter().map(milliseconds).collect(),
            })
            .collect())
    }
}

impl<'a> Wanted<'a> {
    fn new(selector: Option<&'a Expr>) -> Result<Self, QueryError> {
        let matchers = match selector.map(Expr::without_parens) {
            Some(Expr::InstantSelector(selector)) => selector.matchers.as_slice(),
            _ => &[],
        };
        let (names, data): (Vec<_>, Vec<_>) = matchers
            .iter()
            .partition(|matcher| matcher.name() == METRIC_NAME);
        let mut names: Vec<Matcher> = names.into_iter().cloned().collect();
        if names.is_empty() {
            names.push(Matcher::equal(METRIC_NAME, TARGET_INFO));
        }
        // What a name is not does not make an info metric of the others.
        let is_positive = |name: &Matcher| matches!(name.op(), MatchOp::Equal | MatchOp::Regex);
        if !names.iter().any(is_positive) {
            names.push(regex_matcher(METRIC_NAME, ANY_INFO)?);
        }
        Ok(Self { names, data })
    }

    /// True for series that are info metrics themselves: they stay as they are.
    fn is_info(&self, labels: &Labels) -> bool {
        let name = labels.get(METRIC_NAME).unwrap_or_default();
        self.names.iter().all(|matcher| matcher.matches(name))
    }

    /// True if the label with this name is to be added.
    fn adds(&self, name: &str) -> bool {
        name != METRIC_NAME
            && (self.data.is_empty() || self.data.iter().any(|matcher| matcher.name() == name))
    }

    /// True if series stay without being described.
    fn allows_nothing(&self) -> bool {
        self.data.iter().all(|matcher| matcher.matches_empty())
    }
}

/// Matchers for the targets of the series to be described; none if no series names one.
fn target_matchers(base: &Vector<'_>, wanted: &Wanted<'_>) -> Result<Vec<Matcher>, QueryError> {
    let mut matchers = Vec::new();
    for name in IDENTIFYING_LABELS {
        let described = base.series.iter().filter(|s| !wanted.is_info(&s.labels));
        let values: BTreeSet<&str> = described.filter_map(|s| s.labels.get(name)).collect();
        if values.is_empty() {
            continue;
        }
        let escaped: Vec<String> = values.into_iter().map(escaped).collect();
        matchers.push(regex_matcher(name, &escaped.join("|"))?);
    }
    Ok(matchers)
}

fn regex_matcher(name: &str, pattern: &str) -> Result<Matcher, QueryError> {
    let matcher = Matcher::new(name, MatchOp::Regex, pattern);
    matcher.map_err(|error| QueryError::Execution(error.to_string()))
}

/// A pattern that matches `text` only.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn target_of(labels: &Labels) -> Labels {
    labels.filter(|name| IDENTIFYING_LABELS.contains(&name))
}

/// Sorts info series by metric and target. At each step the one that was scraped last describes.
fn metrics_of(series: &[InfoSeries], steps: Steps) -> Result<Vec<InfoMetric>, QueryError> {
    let mut metrics: Vec<InfoMetric> = Vec::new();
    for (place, info) in series.iter().enumerate() {
        let name = info.labels.get(METRIC_NAME).unwrap_or_default();
        let known = metrics.iter().position(|metric| metric.name == name);
        let index = known.unwrap_or_else(|| {
            metrics.push(InfoMetric {
                name: name.to_owned(),
                targets: HashMap::default(),
            });
            metrics.len() - 1
        });
        let target = metrics[index].targets.entry(target_of(&info.labels));
        let describing = target.or_insert_with(|| vec![None; steps.count]);
        for (step, &time) in info.times.iter().enumerate() {
            let Some(time) = time else {
                continue;
            };
            let other =
                describing[step].and_then(|other| Some((other, series[other].times[step]?)));
            match other {
                Some((_, other_time)) if other_time > time => {}
                Some((other, other_time)) if other_time == time => {
                    return Err(duplicate(&series[other], info, time));
                }
                _ => describing[step] = Some(place),
            }
        }
    }
    Ok(metrics)
}

fn duplicate(existing: &InfoSeries, new: &InfoSeries, time: i64) -> QueryError {
    QueryError::Execution(format!(
        "found duplicate series for info metric: existing {} @ {time}, new {} @ {time}",
        in_braces(&existing.labels),
        in_braces(&new.labels)
    ))
}

/// The series with the labels of what describes it: one for each set of describing series.
fn enrich(
    described: Series,
    by_metric: &[&[Option<usize>]],
    infos: &[InfoSeries],
    wanted: &Wanted<'_>,
) -> Result<Vec<Series>, QueryError> {
    let steps = described.column.values.len();
    let mut places: HashMap<Describing, Option<usize>, FastHash> = HashMap::default();
    let mut parts: Vec<Series> = Vec::new();
    for step in 0..steps {
        let Some(sample) = described.column.get(step) else {
            continue;
        };
        let describing: Describing = by_metric.iter().filter_map(|metric| metric[step]).collect();
        let place = match places.get(&describing) {
            Some(&place) => place,
            None => {
                let is_dropped = describing.is_empty() && !wanted.allows_nothing();
                let place = if is_dropped {
                    None
                } else {
                    parts.push(Series {
                        labels: with_labels_of(&described.labels, &describing, infos, wanted)?,
                        drop_name: described.drop_name,
                        column: Column::empty(steps),
                    });
                    Some(parts.len() - 1)
                };
                places.insert(describing, place);
                place
            }
        };
        let Some(part) = place.and_then(|place| parts.get_mut(place)) else {
            continue;
        };
        match sample {
            StepSample::Float(value) => part.column.set_float(step, value),
            StepSample::Histogram(histogram) => {
                part.column.set_histogram(step, histogram.clone());
            }
        }
    }
    Ok(parts)
}

fn with_labels_of(
    labels: &Labels,
    describing: &[usize],
    infos: &[InfoSeries],
    wanted: &Wanted<'_>,
) -> Result<Labels, QueryError> {
    let mut added: Vec<(&str, &str)> = Vec::new();
    for &info in describing {
        for (name, value) in infos[info]
            .labels
            .iter()
            .filter(|(name, _)| wanted.adds(name))
        {
            let other = added.iter().find(|(added, _)| *added == name);
            if other.is_some_and(|(_, other)| *other != value) {
                return Err(QueryError::Execution(format!("conflicting label: {name}")));
            }
            if labels.get(name).is_none() {
                added.push((name, value));
            }
        }
    }
    let mut builder = LabelsBuilder::from_labels(labels);
    for (name, value) in added {
        builder.set(name, value);
    }
    Ok(builder.build())
}

/// A time as selectors yield it, in milliseconds.
fn milliseconds(seconds: f64) -> Option<i64> {
    (!is_stale(seconds)).then(|| (seconds * 1_000.0).round() as i64)
}

/// The info metric that is meant if the call names none.
const TARGET_INFO: &str = "target_info";
/// The info metrics that are meant if the call says only which it does not mean.
const ANY_INFO: &str = ".+_info";
/// Labels that tell targets apart.
const IDENTIFYING_LABELS: [&str; 2] = ["instance", "job"];
