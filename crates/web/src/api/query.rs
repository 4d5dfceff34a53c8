//! Evaluating expressions, at one time and over a range.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::Annotations;
use promql::{InstantQuery, QueryResult, RangeQuery, Value};

use crate::json::push_value;
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success_text};
use crate::services::Services;

/// `/api/v1/query`
pub(crate) async fn instant(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let time = parameters
        .time("time")?
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
                .map(|result| render(result, limit, call.stats))
        })
        .await?;
    Ok(success_text(&answer.text, &answer.annotations))
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
                .map(|result| render(result, limit, call.stats))
        })
        .await?;
    Ok(success_text(&answer.text, &answer.annotations))
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
            lookback_delta: parameters
                .duration("lookback_delta")?
                .filter(|d| !d.is_zero()),
            stats: !parameters.get("stats").is_empty(),
        })
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
    let step = parameters
        .duration("step")
        .and_then(|step| {
            step.ok_or_else(|| ApiError::parameter("step", "cannot parse \"\" to a valid duration"))
        })
        .or_else(|error| {
            if parameters.get("step").starts_with('-') {
                Ok(Duration::ZERO)
            } else {
                Err(error)
            }
        })?;
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

/// A finished answer.
struct Answer {
    text: String,
    annotations: Annotations,
}

fn render(mut result: QueryResult, limit: usize, stats: bool) -> Answer {
    let mut annotations = std::mem::take(&mut result.annotations);
    let truncated = limit > 0 && truncate(&mut result.value, limit);
    if truncated {
        annotations.warn("results truncated due to limit");
    }
    let mut text = String::with_capacity(1024);
    push_value(&mut text, &result.value);
    if stats {
        text.pop();
        text.push_str(&format!(
            ",\"stats\":{{\"samples\":{{\"totalQueryableSamples\":{},\"peakSamples\":{}}}}}}}",
            result.statistics.samples_read, result.statistics.peak_samples,
        ));
    }
    Answer { text, annotations }
}

fn truncate(value: &mut Value, limit: usize) -> bool {
    match value {
        Value::InstantVector(samples) if samples.len() > limit => samples.truncate(limit),
        Value::RangeVector(series) if series.len() > limit => series.truncate(limit),
        _ => return false,
    }
    true
}
