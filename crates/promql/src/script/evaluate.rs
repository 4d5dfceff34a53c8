//! `eval`: runs a query in all its forms.

use super::Bench;
use super::command::{Eval, EvalTime};
use super::compare::{Mismatch, compare};
use super::expectation::ExpectedValue;
use super::pin::pinned;
use crate::ast::Expr;
use crate::parser::{ParseOptions, parse};
use crate::query::{InstantQuery, RangeQuery};
use crate::value::{InstantSample, RangeSeries, Sample, SampleValue, Value};

/// How an eval ended.
pub(super) enum Outcome {
    Passed,
    Failed {
        query: String,
        expected: String,
        got: String,
    },
}

pub(super) fn evaluate(bench: &Bench, eval: &Eval) -> Outcome {
    let expr = parse(&eval.text, &ParseOptions::all()).ok();
    let result = match eval.time {
        EvalTime::Range { start, end, step } => range(bench, eval, start, end, step),
        EvalTime::Instant(time) => instants(bench, eval, expr.as_ref(), time),
    };
    match result {
        Ok(()) => Outcome::Passed,
        Err(Wrong {
            query,
            mismatch: Mismatch { expected, got },
        }) => Outcome::Failed {
            query,
            expected,
            got,
        },
    }
}

/// A run that does not hold.
struct Wrong {
    query: String,
    mismatch: Mismatch,
}

impl Wrong {
    fn new(query: &str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        let mismatch = Mismatch {
            expected: expected.into(),
            got: got.into(),
        };
        Self {
            query: query.to_owned(),
            mismatch,
        }
    }
}

fn range(bench: &Bench, eval: &Eval, start: i64, end: i64, step: i64) -> Result<(), Wrong> {
    let query = RangeQuery::new(&eval.text, start, end, step);
    let result = bench.engine.range(&bench.store, &query);
    let Some(result) = checked(eval, &eval.text, result)? else {
        return Ok(());
    };
    compare(&eval.expectation, eval.time, &result).map_err(|mismatch| Wrong {
        query: eval.text.clone(),
        mismatch,
    })
}

/// Runs an instant query, then again with its times pinned at other evaluation times.
fn instants(bench: &Bench, eval: &Eval, expr: Option<&Expr>, time: i64) -> Result<(), Wrong> {
    let time = match eval.expectation.range {
        Some(EvalTime::Range { end, .. }) => end,
        _ => time,
    };
    instant(bench, eval, &eval.text, time)?;
    if let Some((text, times)) = expr.and_then(|expr| pinned(expr, time)) {
        for time in times {
            instant(bench, eval, &text, time)?;
        }
    }
    Ok(())
}

/// Runs an instant query, then again as the middle step of a range query.
fn instant(bench: &Bench, eval: &Eval, text: &str, time: i64) -> Result<(), Wrong> {
    let name = format!("{text} at {time}");
    let result = bench
        .engine
        .instant(&bench.store, &InstantQuery::new(text, time));
    let Some(value) = checked(eval, &name, result)? else {
        return Ok(());
    };
    compare(&eval.expectation, EvalTime::Instant(time), &value).map_err(|mismatch| Wrong {
        query: name,
        mismatch,
    })?;
    let has_no_range_form = eval.expectation.range.is_some()
        || matches!(eval.expectation.value, ExpectedValue::Text(_))
        || QUERY_BOUNDS.iter().any(|call| text.contains(call));
    if has_no_range_form {
        return Ok(());
    }
    let name = format!("{text} at {time} in a range query");
    let query = RangeQuery::new(text, time - MINUTE, time + MINUTE, MINUTE);
    let result = bench.engine.range(&bench.store, &query);
    let result = result.map_err(|error| Wrong::new(&name, "a value", error.to_string()))?;
    let (Value::RangeVector(series), false) = (result.value, eval.expectation.ordered) else {
        return Ok(());
    };
    if !series.is_sorted_by(|a, b| a.labels <= b.labels) {
        return Err(Wrong::new(
            &name,
            "series sorted by labels",
            "another order",
        ));
    }
    let middle = at_time(&series, time, matches!(value, Value::Scalar(_)));
    compare(&eval.expectation, EvalTime::Instant(time), &middle).map_err(|mismatch| Wrong {
        query: name,
        mismatch,
    })
}

/// Checks a failure against an expected one, and annotations; yields the value if there is one.
fn checked(
    eval: &Eval,
    query: &str,
    result: Result<crate::query::QueryResult, crate::query::QueryError>,
) -> Result<Option<Value>, Wrong> {
    let result = match (result, &eval.expectation.fail) {
        (Ok(result), None) => result,
        (Err(error), Some(want)) if want.matches(&error.to_string()) => return Ok(None),
        (Ok(_), Some(want)) => {
            return Err(Wrong::new(
                query,
                format!("failure: {}", want.describe()),
                "a value",
            ));
        }
        (Err(error), want) => {
            let want = want.as_ref();
            let expected = want.map_or("a value".to_owned(), |want| {
                format!("failure: {}", want.describe())
            });
            return Err(Wrong::new(query, expected, format!("failure: {error}")));
        }
    };
    match eval.expectation.annotation_violation(&result.annotations) {
        Some((expected, got)) => Err(Wrong::new(query, expected, got)),
        None => Ok(Some(result.value)),
    }
}

/// What a range query says of one step, as an instant query would.
fn at_time(series: &[RangeSeries], time: i64, is_scalar: bool) -> Value {
    let samples: Vec<InstantSample> = series
        .iter()
        .filter_map(|series| {
            let mut floats = series.samples();
            let mut histograms = series.histograms.iter();
            let float = floats.find(|sample| sample.timestamp == time);
            let histogram = histograms.find(|sample| sample.timestamp == time);
            let value = match (float, histogram) {
                (Some(sample), _) => SampleValue::Float(sample.value),
                (None, Some(sample)) => SampleValue::Histogram(sample.histogram.clone()),
                (None, None) => return None,
            };
            Some(InstantSample {
                labels: series.labels.clone(),
                timestamp: time,
                value,
            })
        })
        .collect();
    match samples.as_slice() {
        [only] if is_scalar => Value::Scalar(Sample {
            timestamp: time,
            value: only.value.float().unwrap_or(f64::NAN),
        }),
        _ => Value::InstantVector(samples),
    }
}

/// Calls that mean something else in a range query.
const QUERY_BOUNDS: [&str; 4] = ["start()", "end()", "range()", "step()"];
const MINUTE: i64 = 60_000;
