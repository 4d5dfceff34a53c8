//! Evaluating expressions, at one time and over a range.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::Annotations;
use promql::{InstantQuery, QueryResult, RangeQuery, Statistics, Value};
use serde::Serialize;

use crate::json::push_value;
use crate::parameters::{Parameters, parse_duration};
use crate::response::{ApiError, ErrorKind, success_text, to_json};
use crate::services::{Evaluated, Services};

/// `/api/v1/query`
pub(crate) async fn instant(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let time = parameters
        .evaluation_time("time")?
        .unwrap_or_else(|| services.now_millis());
    let call = Call::read(&parameters)?;
    let text = parameters.get("query").to_owned();
    let lookback_delta = call.lookback_delta;
    let answer = services
        .evaluate(call.timeout, move |engine, storage, interrupt| {
            let query = InstantQuery {
                text: &text,
                time,
                lookback_delta,
                interrupt,
            };
            engine
                .instant(storage, &query)
                .map(|result| render(result, limit))
        })
        .await?;
    Ok(finished(answer, call.stats))
}

/// `/api/v1/query_range`
pub(crate) async fn range(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let (start, end, step) = range_of(&parameters)?;
    let call = Call::read(&parameters)?;
    let text = parameters.get("query").to_owned();
    let lookback_delta = call.lookback_delta;
    let answer = services
        .evaluate(call.timeout, move |engine, storage, interrupt| {
            let query = RangeQuery {
                text: &text,
                start,
                end,
                step,
                lookback_delta,
                interrupt,
            };
            engine
                .range(storage, &query)
                .map(|result| render(result, limit))
        })
        .await?;
    Ok(finished(answer, call.stats))
}

/// What both calls may say beside expression and time.
struct Call {
    timeout: Option<Duration>,
    lookback_delta: Option<Duration>,
    stats: bool,
}

impl Call {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            timeout: parameters.duration("timeout")?,
            lookback_delta: lookback_delta(parameters.get("lookback_delta"))?,
            stats: !parameters.get("stats").is_empty(),
        })
    }
}

/// How far an instant looks back, if the asker says so; 0 means that it does not.
fn lookback_delta(text: &str) -> Result<Option<Duration>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    match parse_duration(text) {
        Ok(delta) => Ok((!delta.is_zero()).then_some(delta)),
        Err(reason) => Err(ApiError::new(
            ErrorKind::BadData,
            format!("error parsing lookback delta duration: {reason}"),
        )),
    }
}

/// Start, end and step in milliseconds.
fn range_of(parameters: &Parameters) -> Result<(i64, i64, i64), ApiError> {
    let start = parameters.required_time("start")?;
    let end = parameters.required_time("end")?;
    if end < start {
        return Err(ApiError::parameter(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    let step = parse_duration(parameters.get("step"))
        .map_err(|reason| ApiError::parameter("step", reason))?;
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    if step <= 0 {
        return Err(ApiError::parameter(
            "step",
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    if (end - start) / step > MAX_STEPS {
        return Err(ApiError::new(
            ErrorKind::BadData,
            "exceeded maximum resolution of 11,000 points per timeseries. \
             Try decreasing the query resolution (?step=XX)",
        ));
    }
    Ok((start, end, step))
}

/// Upstream's safety limit: 60 s resolution over a week, 1 h over a year.
const MAX_STEPS: i64 = 11_000;

/// A rendered result.
struct Answer {
    text: String,
    annotations: Annotations,
    statistics: Statistics,
}

fn render(mut result: QueryResult, limit: usize) -> Answer {
    let mut annotations = std::mem::take(&mut result.annotations);
    let truncated = limit > 0 && truncate(&mut result.value, limit);
    if truncated {
        annotations.warn("results truncated due to limit");
    }
    let mut text = String::with_capacity(1024);
    push_value(&mut text, &result.value);
    Answer {
        text,
        annotations,
        statistics: result.statistics,
    }
}

fn finished(evaluated: Evaluated<Answer>, stats: bool) -> Response<Body> {
    let (queue, evaluation) = (evaluated.queue_time, evaluated.evaluation_time);
    let mut answer = evaluated.value;
    if stats {
        answer.text.pop();
        answer.text.push_str(",\"stats\":");
        let stats = Stats::new(queue, evaluation, &answer.statistics);
        answer.text.push_str(&to_json(&stats));
        answer.text.push('}');
    }
    success_text(&answer.text, &answer.annotations)
}

/// What a query cost. Upstream splits the evaluation into three parts more, which evaluating by
/// columns does not have.
#[derive(Serialize)]
struct Stats {
    timings: Timings,
    samples: Samples,
}

/// In seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timings {
    eval_total_time: f64,
    exec_queue_time: f64,
    exec_total_time: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples {
    total_queryable_samples: u64,
    peak_samples: u64,
    samples_read: u64,
}

impl Stats {
    fn new(queue: Duration, evaluation: Duration, statistics: &Statistics) -> Self {
        Self {
            timings: Timings {
                eval_total_time: evaluation.as_secs_f64(),
                exec_queue_time: queue.as_secs_f64(),
                exec_total_time: (queue + evaluation).as_secs_f64(),
            },
            samples: Samples {
                total_queryable_samples: statistics.samples_looked_at,
                peak_samples: statistics.peak_samples,
                samples_read: statistics.samples_read,
            },
        }
    }
}

fn truncate(value: &mut Value, limit: usize) -> bool {
    match value {
        Value::InstantVector(samples) if samples.len() > limit => samples.truncate(limit),
        Value::RangeVector(series) if series.len() > limit => series.truncate(limit),
        _ => return false,
    }
    true
}
