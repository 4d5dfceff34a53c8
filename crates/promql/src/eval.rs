//! Evaluation: from a checked tree to a value, by columns of steps.
//!
//! An instant query is a range query with one step. Every node with an instant vector yields
//! series, each with one column that has a value for each step; scalars are one column. Selectors
//! are read once, series by series, and aggregations over them take each series in as it is read.

mod accumulator;
mod aggregate;
mod binary;
mod call;
pub(crate) mod columns;
mod extended;
mod group;
mod histogram_call;
mod histogram_total;
mod info;
mod leaders;
mod match_groups;
mod notes;
pub(crate) mod notices;
mod once;
mod operation;
mod range_call;
mod selector;
mod set_operator;
mod shard;
pub(crate) mod steps;
mod stream;
mod subquery;
pub(crate) mod trace;
mod value_counts;
mod vector_matching;
pub(crate) mod window;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Annotations;
use model::value::is_stale;
use storage::{Querier, Queryable};

use crate::ast::{Expr, UnaryOp, ValueType};
use crate::engine::{Engine, EngineOptions};
use crate::explain;
use crate::limits::{Budget, Interrupt, Lease, Usage};
use crate::parser;
use crate::plan;
use crate::query::{Details, InstantQuery, QueryError, QueryResult, RangeQuery};
use crate::statistics::{Counters, PerStep, Statistics, Timings};
use crate::value::{HistogramSample, InstantSample, RangeSeries, Sample, SampleValue, Value};
use columns::{Column, Series, StepSample, Vector};
use notes::Notes;
use once::Once;
use shard::BATCH;
use steps::Steps;
use trace::Trace;

/// Evaluates an instant query.
pub(crate) fn instant(
    engine: &Engine,
    store: &dyn Queryable,
    query: &InstantQuery<'_>,
) -> Result<QueryResult, QueryError> {
    query.interrupt.check()?;
    let asked = engine.now();
    let mut expr = parser::parse(query.text, &engine.options().parse)?;
    plan::resolve_durations(&mut expr, 0, 0)?;
    plan::resolve_at_modifiers(&mut expr, query.time, query.time);
    let run = Run {
        engine,
        text: query.text,
        interrupt: &query.interrupt,
        usage: query.usage.clone().unwrap_or_else(|| engine.usage()),
        details: query.details,
        asked,
        lookback: milliseconds(
            query
                .lookback_delta
                .unwrap_or(engine.options().lookback_delta),
        ),
        steps: Steps::single(query.time),
        bounds: Bounds {
            start: query.time,
            end: query.time,
            step: 0,
        },
    };
    run.evaluate(&expr, store, |evaluator, steps| {
        evaluator.instant_value(&expr, steps)
    })
}

/// Evaluates a range query.
pub(crate) fn range(
    engine: &Engine,
    store: &dyn Queryable,
    query: &RangeQuery<'_>,
) -> Result<QueryResult, QueryError> {
    query.interrupt.check()?;
    let asked = engine.now();
    let mut expr = parser::parse(query.text, &engine.options().parse)?;
    let value_type = expr.value_type();
    if !matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
        return Err(QueryError::NotOverTime(value_type));
    }
    let range = query.end.saturating_sub(query.start);
    plan::resolve_durations(&mut expr, query.step, range)?;
    plan::resolve_at_modifiers(&mut expr, query.start, query.end);
    let Some(steps) = Steps::between(query.start, query.end, query.step) else {
        return Ok(QueryResult {
            value: Value::RangeVector(Vec::new()),
            annotations: Annotations::default(),
            statistics: Default::default(),
            per_step: None,
            explained: None,
        });
    };
    let run = Run {
        engine,
        text: query.text,
        interrupt: &query.interrupt,
        usage: query.usage.clone().unwrap_or_else(|| engine.usage()),
        details: query.details,
        asked,
        lookback: milliseconds(
            query
                .lookback_delta
                .unwrap_or(engine.options().lookback_delta),
        ),
        steps,
        bounds: Bounds {
            start: query.start,
            end: query.end,
            step: query.step,
        },
    };
    run.evaluate(&expr, store, |evaluator, steps| {
        evaluator.range_value(&expr, steps)
    })
}

/// What both kinds of query have in common.
struct Run<'a> {
    engine: &'a Engine,
    text: &'a str,
    interrupt: &'a Interrupt,
    usage: Usage,
    details: Details,
    /// The time when the query came in.
    asked: Duration,
    lookback: i64,
    steps: Steps,
    bounds: Bounds,
}

/// What a query was asked for, in milliseconds; subqueries do not change it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// 0 in an instant query.
    pub(crate) step: i64,
}

impl Run<'_> {
    fn evaluate(
        &self,
        expr: &Expr,
        store: &dyn Queryable,
        value_of: impl FnOnce(&Evaluator<'_>, Steps) -> Result<Value, QueryError>,
    ) -> Result<QueryResult, QueryError> {
        let options = self.engine.options();
        if self.steps.count > options.max_samples {
            return Err(QueryError::TooManySamples);
        }
        let subquery_interval = milliseconds(self.engine.no_step_subquery_interval());
        let range = plan::time_range(expr, self.steps, self.lookback, subquery_interval);
        let querier = range.map(|range| store.querier(range)).transpose()?;
        let statistics_only = plan::StatisticsOnly::of(expr);
        let wants_steps = self.details.per_step && options.per_step_statistics;
        let evaluator = Evaluator {
            querier: querier.as_deref(),
            options,
            engine: self.engine,
            interrupt: self.interrupt,
            lookback: self.lookback,
            bounds: self.bounds,
            subquery_interval,
            budget: Budget::new(options.max_samples, self.usage.clone()),
            subqueries: AtomicUsize::new(0),
            per_step: wants_steps.then(|| Mutex::new(PerStep::new(self.steps.count))),
            trace: self.details.explain.then(Trace::default),
            notes: Notes::new(self.text),
            once: Once::new(plan::RepeatedParts::of(expr, &statistics_only)),
            statistics_only,
        };
        let prepared = self.engine.now();
        let mut value = value_of(&evaluator, self.steps)?;
        let evaluated = self.engine.now();
        if let Value::RangeVector(series) = &mut value {
            self.interrupt.check()?;
            series.sort_by(|left, right| left.labels.cmp(&right.labels));
        }
        let mut statistics = self.usage.statistics();
        statistics.peak_samples = evaluator.budget.peak() as u64;
        statistics.peak_bytes = self.usage.peak_bytes();
        statistics.timings = Timings {
            preparation: prepared.saturating_sub(self.asked),
            evaluation: evaluated.saturating_sub(prepared),
            sorting: self.engine.now().saturating_sub(evaluated),
        };
        let explained = evaluator.trace.map(|trace| {
            let records = trace.finish();
            let tree = explain::explain(self.text, expr, &records, evaluator.once.parts());
            Box::new(tree)
        });
        Ok(QueryResult {
            value,
            explained,
            statistics,
            per_step: evaluator
                .per_step
                .map(|steps| steps.into_inner().unwrap_or_else(PoisonError::into_inner)),
            annotations: evaluator.notes.finish(),
        })
    }
}

fn milliseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What the evaluation of one query needs everywhere. Its threads share it.
pub(crate) struct Evaluator<'a> {
    /// None for queries without selectors.
    querier: Option<&'a (dyn Querier + 'a)>,
    options: &'a EngineOptions,
    engine: &'a Engine,
    interrupt: &'a Interrupt,
    /// Milliseconds that an instant selector looks back.
    lookback: i64,
    bounds: Bounds,
    /// Milliseconds between the steps of subqueries that do not say it.
    subquery_interval: i64,
    budget: Budget,
    /// Subqueries that are being evaluated, one inside the other.
    subqueries: AtomicUsize,
    /// Samples of each step, if they are wanted.
    per_step: Option<Mutex<PerStep>>,
    /// What each part did, if that is wanted.
    trace: Option<Trace>,
    notes: Notes<'a>,
    once: Once,
    /// Selectors of whose histograms only count and sum are looked at.
    statistics_only: plan::StatisticsOnly,
}

impl<'e> Evaluator<'e> {
    fn instant_value(&self, expr: &Expr, steps: Steps) -> Result<Value, QueryError> {
        let timestamp = steps.start;
        Ok(match expr.value_type() {
            ValueType::Text => Value::Text {
                timestamp,
                text: text_of(expr).to_owned(),
            },
            ValueType::Scalar => Value::Scalar(Sample {
                timestamp,
                value: self.scalar(expr, steps)?[0],
            }),
            ValueType::InstantVector => {
                let mut vector = self.vector(expr, steps)?;
                vector.drop_delayed_names()?;
                let presented = vector.series.len() * size_of::<InstantSample>();
                vector.lease.grow_bytes(presented)?;
                let sample = |series: Series| InstantSample {
                    labels: series.labels,
                    timestamp,
                    value: match series.column.get(0) {
                        Some(StepSample::Histogram(histogram)) => {
                            SampleValue::Histogram(Arc::clone(histogram))
                        }
                        _ => SampleValue::Float(series.column.values[0]),
                    },
                };
                let samples = vector.series.into_iter().map(sample).collect();
                vector.lease.hold_to_the_end();
                Value::InstantVector(samples)
            }
            ValueType::RangeVector => {
                let mut series = self.range_vector(expr, steps)?;
                series.sort_by(|left, right| left.labels.cmp(&right.labels));
                // Names that go late can leave equal series of a subquery.
                if series
                    .windows(2)
                    .any(|pair| pair[0].labels == pair[1].labels)
                {
                    return Err(columns::same_labels());
                }
                Value::RangeVector(series)
            }
        })
    }

    fn range_value(&self, expr: &Expr, steps: Steps) -> Result<Value, QueryError> {
        if expr.value_type() == ValueType::Scalar {
            return Ok(Value::RangeVector(vec![RangeSeries {
                timestamps: steps.times().collect(),
                values: self.scalar(expr, steps)?,
                ..RangeSeries::default()
            }]));
        }
        let mut vector = self.vector(expr, steps)?;
        vector.drop_delayed_names()?;
        let mut out = Vec::with_capacity(vector.series.len());
        for (index, series) in vector.series.into_iter().enumerate() {
            if index % BATCH == 0 {
                self.interrupt.check()?;
            }
            // Values take the place of the column; times come to them.
            let times = steps.count * size_of::<i64>();
            vector.lease.grow_bytes(times + size_of::<RangeSeries>())?;
            out.push(present(series, steps));
        }
        vector.lease.hold_to_the_end();
        Ok(Value::RangeVector(out))
    }

    /// The column of a scalar.
    fn scalar(&self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, QueryError> {
        self.interrupt.check()?;
        match &self.trace {
            None => self.evaluated_scalar(expr, steps),
            Some(trace) => self.traced_scalar(trace, expr, steps),
        }
    }

    fn evaluated_scalar(&self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, QueryError> {
        match expr {
            Expr::Number(node) => Ok(vec![node.value; steps.count]),
            Expr::Paren(node) => self.scalar(&node.expr, steps),
            Expr::Unary(node) => {
                let mut column = self.scalar(&node.expr, steps)?;
                if node.op == UnaryOp::Minus {
                    column.iter_mut().for_each(|value| *value = -*value);
                }
                Ok(column)
            }
            Expr::Binary(node) => self.binary_scalars(node, steps),
            Expr::Call(node) => self.scalar_call(node, steps),
            Expr::Text(_)
            | Expr::InstantSelector(_)
            | Expr::RangeSelector(_)
            | Expr::Subquery(_)
            | Expr::Aggregate(_) => unreachable!("the parser checks that this is a scalar"),
        }
    }

    fn evaluated(&self, expr: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        self.interrupt.check()?;
        if steps.start != steps.until && plan::is_step_invariant(expr) {
            return self.repeated(expr, steps);
        }
        match expr {
            Expr::Paren(node) => self.vector(&node.expr, steps),
            Expr::Unary(node) => {
                let mut vector = self.vector(&node.expr, steps)?;
                if node.op == UnaryOp::Minus {
                    self.change_each(&mut vector, |_, series| series.negate())?;
                    self.drop_names(&mut vector)?;
                }
                Ok(vector)
            }
            Expr::InstantSelector(node) => {
                self.collect(&self.instant_stream(node, steps, selector::Reads::Values)?)
            }
            Expr::Binary(node) => self.binary(node, steps),
            Expr::Aggregate(node) => self.aggregate(node, steps),
            Expr::Call(node) => self.call(node, steps),
            Expr::Number(_) | Expr::Text(_) | Expr::RangeSelector(_) | Expr::Subquery(_) => {
                unreachable!("the parser checks that this is an instant vector")
            }
        }
    }

    /// A vector that is the same at each step: evaluated at the first.
    fn repeated(&self, expr: &Expr, steps: Steps) -> Result<Vector<'_>, QueryError> {
        let before = self.counters().so_far();
        let vector = self.vector(expr, Steps::single(steps.start))?;
        self.count_again(&before, steps);
        vector.repeated(steps)
    }

    /// What the first step looked at counts for the others, too: they would have looked at the same.
    fn count_again(&self, before: &Statistics, steps: Steps) {
        let looked_at = self.counters().so_far().since(before).samples_looked_at;
        self.counters().add(&Statistics {
            samples_looked_at: looked_at * (steps.count as u64 - 1),
            ..Statistics::default()
        });
        if let Some(mut per_step) = self.per_step() {
            let others = per_step.looked_at.iter_mut().skip(1);
            others.for_each(|step| *step += looked_at);
        }
    }

    /// What the query has read so far.
    fn counters(&self) -> &Counters {
        self.budget.usage().counters()
    }

    /// The samples of each step, if they are wanted and the steps are the query's.
    fn per_step(&self) -> Option<MutexGuard<'_, PerStep>> {
        let inside = self.subqueries.load(Ordering::Relaxed) > 0;
        let per_step = self.per_step.as_ref().filter(|_| !inside)?;
        Some(per_step.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lease(&self) -> Lease<'_> {
        Lease::new(&self.budget)
    }

    /// A vector without series.
    fn nothing(&self) -> Vector<'_> {
        Vector {
            series: Vec::new(),
            lease: self.lease(),
            differs_without_names: false,
        }
    }

    /// A vector of one series without a name.
    fn one_series(&self, labels: model::Labels, column: Column) -> Result<Vector<'_>, QueryError> {
        let mut vector = self.nothing();
        vector.lease.grow(column.values.len())?;
        vector.series.push(Series {
            labels,
            drop_name: false,
            column,
        });
        vector.drop_empty();
        Ok(vector)
    }
}

/// The characters of a text literal.
fn text_of(expr: &Expr) -> &str {
    match expr.without_parens() {
        Expr::Text(node) => &node.value,
        _ => unreachable!("the parser checks that this is a text"),
    }
}

/// A series without the steps at which it has no sample.
fn present(series: Series, steps: Steps) -> RangeSeries {
    let floats = series
        .column
        .values
        .iter()
        .filter(|&&v| !is_stale(v))
        .count();
    let mut out = RangeSeries {
        labels: series.labels,
        timestamps: Vec::with_capacity(floats),
        values: Vec::with_capacity(floats),
        ..RangeSeries::default()
    };
    for (step, timestamp) in steps.times().enumerate() {
        match series.column.get(step) {
            Some(StepSample::Float(value)) => {
                out.timestamps.push(timestamp);
                out.values.push(value);
            }
            Some(StepSample::Histogram(histogram)) => out.histograms.push(HistogramSample {
                timestamp,
                histogram: Arc::clone(histogram),
            }),
            None => {}
        }
    }
    out
}
