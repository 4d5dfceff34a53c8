//! Aggregations: over streams of series that are not kept, or over the series of a vector.

use hashbrown::HashMap;
use model::Labels;
use model::label::METRIC_NAME;

use super::Evaluator;
use super::accumulator::Accumulator;
use super::columns::{Column, FastHash, Series, StepSample, StepValue, Vector};
use super::group::{Group, Grouping, Groups};
use super::histogram_total::AggregationFindings;
use super::leaders::heap_order;
use super::notes::HistogramOperation;
use super::shard::BATCH;
use super::steps::Steps;
use super::stream::Stream;
use crate::ast::{Aggregate, AggregateOp, Span};
use crate::engine::EngineOptions;
use crate::limits::Lease;
use crate::plan;
use crate::query::QueryError;

/// What is aggregated.
enum Input<'a> {
    Stream(Box<Stream<'a>>),
    Vector(Vector<'a>),
}

impl Input<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Stream(stream) => stream.len(),
            Self::Vector(vector) => vector.series.len(),
        }
    }

    fn labels(&self, place: usize, delayed_name_removal: bool) -> (Labels, bool) {
        match self {
            Self::Stream(stream) => stream.labels(place, delayed_name_removal),
            Self::Vector(vector) => {
                let series = &vector.series[place];
                (series.labels.clone(), series.drop_name)
            }
        }
    }
}

impl Input<'_> {
    /// The name that all series have and the labels that were read may lack.
    fn metric_name(&self, options: &EngineOptions) -> Option<&str> {
        match self {
            Self::Stream(stream) if !stream.drops_name || options.delayed_name_removal => {
                stream.metric_name.as_deref()
            }
            _ => None,
        }
    }
}

/// The parameter of an aggregation at each step.
#[derive(Default)]
struct Parameters {
    /// Of `quantile`.
    quantiles: Vec<f64>,
    /// Of `topk`, `bottomk` and `limitk`.
    wanted: Vec<usize>,
}

impl<'e> Evaluator<'e> {
    /// An aggregation.
    pub(super) fn aggregate(
        &self,
        node: &Aggregate,
        steps: Steps,
    ) -> Result<Vector<'_>, QueryError> {
        match node.op {
            AggregateOp::CountValues => return self.count_values(node, steps),
            AggregateOp::LimitRatio => return self.limited_by_ratio(node, steps),
            _ => {}
        }
        let Some(parameters) = self.parameters(node, steps)? else {
            // What cannot be evaluated is a fault even if nobody wants it.
            self.vector(&node.expr, steps)?;
            return Ok(self.nothing());
        };
        let stream = self.aggregated_stream(&node.expr, steps, |names_are_read| {
            plan::projection_of(node, names_are_read)
        })?;
        let input = match stream {
            Some(stream) => Input::Stream(Box::new(stream)),
            None => Input::Vector(self.vector(&node.expr, steps)?),
        };
        if let Some(param) = &node.param {
            self.check_quantile_parameter(&parameters.quantiles, param.without_parens().span());
        }
        let drops_name = matches!(&input, Input::Stream(stream) if stream.drops_name);
        let grouping = Grouping::new(node, drops_name && !self.options.delayed_name_removal);
        let (groups, mut findings, lease) =
            self.group(&input, node.op, &grouping, &parameters.wanted, steps)?;
        if node.op.picks_series() {
            self.tell(node, &input, findings);
            return self.picked_series(&input, &groups, steps, lease);
        }
        let series = groups.into_iter().map(|group| Series {
            labels: group.labels,
            drop_name: group.drop_name,
            column: group
                .accumulator
                .finish(&parameters.quantiles, &mut findings),
        });
        let mut vector = Vector {
            series: series.collect(),
            lease,
            differs_without_names: !node.grouping.iter().any(|name| name == METRIC_NAME),
        };
        self.tell(node, &input, findings);
        vector.drop_empty();
        Ok(vector)
    }

    /// Tells what came up on the way. Histograms that are passed over are told of at the place of
    /// the aggregation if it picks series, else at that of what it aggregates, as upstream.
    fn tell(&self, node: &Aggregate, input: &Input<'_>, findings: AggregationFindings) {
        let span = node.expr.without_parens().span();
        if findings.ignored_histogram {
            let span = if node.op.picks_series() {
                node.span
            } else {
                span
            };
            self.notes.histogram_ignored(node.op, span);
        }
        if findings.mixed_types {
            self.notes.mixed_types_in_aggregation(span);
        }
        for place in findings.mixed_schemas {
            let (labels, _) = input.labels(place, self.options.delayed_name_removal);
            let name = labels.metric_name().or(input.metric_name(self.options));
            self.notes.mixed_schemas(name.unwrap_or_default(), span);
        }
        if findings.reconciled_bounds {
            let operation = HistogramOperation::Aggregation;
            self.notes.reconciled_bounds(operation, span);
        }
        if findings.colliding_counter_resets {
            let operation = HistogramOperation::Aggregation;
            self.notes.colliding_counter_resets(operation, span);
        }
    }

    /// `limit_ratio`: of all series the share whose hashes are below the ratio, or, if that is
    /// negative, the share that the ratio's complement leaves.
    fn limited_by_ratio(&self, node: &Aggregate, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let param = node.param.as_deref();
        let param = param.expect("the parser checks that there is a ratio");
        let ratios = self.scalar(param, steps)?;
        let mut vector = self.vector(&node.expr, steps)?;
        let ratios = self.checked_ratios(ratios, param.without_parens().span())?;
        if ratios.iter().all(|&ratio| ratio == 0.0) {
            return Ok(self.nothing());
        }
        let grouping = Grouping::new(node, false);
        let groups = match steps.count {
            1 => numbers_of_groups(&grouping, &vector.series),
            _ => HashMap::default(),
        };
        self.change_each(&mut vector, |_, series| {
            let share = series.labels.stable_hash() as f64 / u64::MAX as f64;
            for (step, &ratio) in ratios.iter().enumerate() {
                let is_drawn = if ratio < 0.0 {
                    share >= 1.0 + ratio
                } else {
                    share < ratio
                };
                if !is_drawn {
                    series.column.remove(step);
                }
            }
        })?;
        vector.drop_empty();
        if steps.count == 1 {
            let mut parts: Vec<Vec<Series>> = groups.iter().map(|_| Vec::new()).collect();
            for series in vector.series {
                let group = groups.get(&grouping.labels(&series.labels));
                parts[group.copied().unwrap_or_default()].push(series);
            }
            let rank = |series: &Series| match series.column.get(0) {
                Some(StepSample::Float(value)) => value,
                _ => 0.0,
            };
            let parts = parts.into_iter().map(|part| heap_order(part, rank));
            vector.series = parts.flatten().collect();
        }
        Ok(vector)
    }

    /// Ratios from -1 to 1. Tells of the extremes only, as upstream.
    fn checked_ratios(&self, mut ratios: Vec<f64>, span: Span) -> Result<Vec<f64>, QueryError> {
        if ratios.iter().any(|ratio| ratio.is_nan()) {
            return Err(QueryError::Execution("Ratio value is NaN".to_owned()));
        }
        let largest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        if largest > 1.0 {
            self.notes.ratio_out_of_range(largest, 1.0, span);
        }
        if smallest < -1.0 {
            self.notes.ratio_out_of_range(smallest, -1.0, span);
        }
        for ratio in &mut ratios {
            *ratio = ratio.clamp(-1.0, 1.0);
        }
        Ok(ratios)
    }

    fn group<'a>(
        &'a self,
        input: &Input<'_>,
        op: AggregateOp,
        grouping: &Grouping,
        wanted: &[usize],
        steps: Steps,
    ) -> Result<(Vec<Group>, AggregationFindings, Lease<'a>), QueryError> {
        let new = || Groups::new(grouping, op, wanted, steps.count, self.lease());
        let numbered = match input {
            Input::Stream(stream) => stream.source.numbered_labels(),
            Input::Vector(_) => None,
        };
        let begin = self.begin();
        let parts = self.sharded(input.len(), |range| {
            let mut groups = new();
            match input {
                // The grouping knows of names that are gone, so the labels may still have them.
                Input::Stream(stream) => self.read_each(stream, range, |place, column| {
                    if let Some(numbered) = &numbered {
                        return groups.add_numbered(place, numbered, stream.drops_name, column);
                    }
                    let (labels, drop_name) = stream.labels(place, true);
                    groups.add(place, &labels, drop_name, column)
                })?,
                Input::Vector(vector) => {
                    for place in range {
                        if place % BATCH == 0 {
                            self.interrupt.check()?;
                        }
                        let series = &vector.series[place];
                        groups.add(place, &series.labels, series.drop_name, &series.column)?;
                    }
                }
            }
            Ok(groups)
        })?;
        if let Input::Stream(stream) = input {
            self.trace_stream(begin, stream);
        }
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(new);
        parts.for_each(|part| all.merge(part));
        Ok(all.finish())
    }

    /// The series that `topk`, `bottomk` or `limitk` found, in their order if there is one step only.
    fn picked_series<'a>(
        &'a self,
        input: &Input<'_>,
        groups: &[Group],
        steps: Steps,
        mut lease: Lease<'a>,
    ) -> Result<Vector<'a>, QueryError> {
        let mut position: HashMap<usize, usize, FastHash> = HashMap::default();
        let mut series: Vec<Series> = Vec::new();
        let mut put = |step: usize, place: usize, sample: StepValue| -> Result<(), QueryError> {
            let next = series.len();
            let index = *position.entry(place).or_insert(next);
            if index == next {
                lease.grow(steps.count)?;
                let (labels, drop_name) = input.labels(place, self.options.delayed_name_removal);
                series.push(Series {
                    labels,
                    drop_name,
                    column: Column::empty(steps.count),
                });
            }
            series[index].column.set(step, sample);
            Ok(())
        };
        for step in 0..steps.count {
            for group in groups {
                match &group.accumulator {
                    Accumulator::Leaders(leaders) => {
                        for (place, value) in leaders.at(step) {
                            put(step, place, StepValue::Float(value))?;
                        }
                    }
                    Accumulator::First(first) => {
                        let first = first[step].iter().collect();
                        for (place, sample) in heap_order(first, |(_, sample)| match sample {
                            StepValue::Float(value) => *value,
                            StepValue::Histogram(_) => 0.0,
                        }) {
                            put(step, *place, sample.clone())?;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(Vector {
            series,
            lease,
            differs_without_names: false,
        })
    }

    /// The parameter's values, checked. None if no series is wanted at any step.
    fn parameters(&self, node: &Aggregate, steps: Steps) -> Result<Option<Parameters>, QueryError> {
        let Some(param) = &node.param else {
            return Ok(Some(Parameters::default()));
        };
        let column = self.scalar(param, steps)?;
        if node.op == AggregateOp::Quantile {
            return Ok(Some(Parameters {
                quantiles: column,
                ..Parameters::default()
            }));
        }
        let wanted = wanted_series(&column)?;
        Ok(wanted.map(|wanted| Parameters {
            wanted,
            ..Parameters::default()
        }))
    }

    /// Tells of the extremes only, as upstream: of NaN, of the largest one if it is too large, and
    /// of the smallest one if it is too small. Both are NaN as soon as one is, unless one is infinite.
    fn check_quantile_parameter(&self, column: &[f64], span: Span) {
        let has_nan = column.iter().any(|q| q.is_nan());
        let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = column.iter().copied().fold(f64::INFINITY, f64::min);
        if has_nan {
            self.check_quantiles(&[f64::NAN], span);
        }
        if largest > 1.0 && (!has_nan || largest.is_infinite()) {
            self.check_quantiles(&[largest], span);
        }
        if smallest < 0.0 && (!has_nan || smallest.is_infinite()) {
            self.check_quantiles(&[smallest], span);
        }
    }
}

/// The numbers of the groups of series, in order of their first ones.
fn numbers_of_groups(grouping: &Grouping, series: &[Series]) -> HashMap<Labels, usize, FastHash> {
    let mut groups: HashMap<Labels, usize, FastHash> = HashMap::default();
    for series in series {
        let next = groups.len();
        groups
            .entry(grouping.labels(&series.labels))
            .or_insert(next);
    }
    groups
}

/// How many series each step wants. None if no step wants any.
fn wanted_series(column: &[f64]) -> Result<Option<Vec<usize>>, QueryError> {
    let error = |message: String| Err(QueryError::Execution(message));
    if column.iter().any(|k| k.is_nan()) {
        return error("Parameter value is NaN".to_owned());
    }
    if column.iter().all(|&k| k < 1.0) {
        return Ok(None);
    }
    if let Some(k) = column.iter().find(|&&k| k <= i64::MIN as f64) {
        let k = model::number::general(*k);
        return error(format!("Scalar value {k} underflows int64"));
    }
    if let Some(k) = column.iter().find(|&&k| k >= i64::MAX as f64) {
        let k = model::number::general(*k);
        return error(format!("Scalar value {k} overflows int64"));
    }
    // Negative ones become 0.
    Ok(Some(column.iter().map(|&k| k as usize).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked_with_upstreams_words() {
        let text = |column: &[f64]| wanted_series(column).map_err(|error| error.to_string());
        assert_eq!(text(&[2.9, -1.0]), Ok(Some(vec![2, 0])));
        assert_eq!(text(&[0.5]), Ok(None));
        assert_eq!(text(&[f64::NAN]), Err("Parameter value is NaN".to_owned()));
        let over = "Scalar value 1e+30 overflows int64".to_owned();
        assert_eq!(text(&[1e30]), Err(over));
        let under = "Scalar value -Inf underflows int64".to_owned();
        assert_eq!(text(&[1.0, f64::NEG_INFINITY]), Err(under));
    }
}
