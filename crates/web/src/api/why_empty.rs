//! Why a query has no result. A call of ours.

use axum::body::Body;
use axum::extract::State;
use http::Response;
use promql::why_empty::{Blame, Count, Finding, Outcome, Question, why_empty};
use serde::Serialize;

use crate::api::query::lookback_delta;
use crate::client::Asker;
use crate::parameters::{Parameters, parse_duration};
use crate::response::{ApiError, success};
use crate::services::{self, Evaluation, Services};

/// `/api/v1/explain_empty`
pub(crate) async fn of(
    State(services): State<Services>,
    Asker(client): Asker,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let (start, end, step) = times(&parameters, services.now_millis())?;
    let lookback = lookback_delta(parameters.get("lookback_delta"))?
        .map(|delta| i64::try_from(delta.as_millis()).unwrap_or(i64::MAX));
    let question = services::Question {
        text: parameters.get("query").to_owned(),
        client,
        timeout: parameters.duration("timeout")?,
    };
    let work = move |evaluation: &Evaluation<'_>| {
        let question = Question {
            text: evaluation.text,
            start,
            end,
            step,
            lookback,
            interrupt: evaluation.interrupt.clone(),
        };
        let findings = why_empty(evaluation.engine, evaluation.storage, &question)?;
        let selectors = findings.selectors.into_iter();
        Ok(Answer {
            selectors: selectors
                .map(|finding| Shown::new(evaluation.text, finding))
                .collect(),
            left_out: findings.left_out,
        })
    };
    Ok(success(&services.evaluate(question, work).await?.value))
}

/// First and last step and the time between two: of a range if `start` is given, else of an instant.
fn times(parameters: &Parameters, now: i64) -> Result<(i64, i64, i64), ApiError> {
    let Some(start) = parameters.time("start")? else {
        let time = parameters.evaluation_time("time")?.unwrap_or(now);
        return Ok((time, time, 0));
    };
    let end = parameters.time("end")?.unwrap_or(now);
    if end < start {
        let reason = "end timestamp must not be before start time";
        return Err(ApiError::parameter("end", reason));
    }
    let step = match parameters.get("step") {
        "" => end.saturating_sub(start),
        text => {
            let step =
                parse_duration(text).map_err(|reason| ApiError::parameter("step", reason))?;
            i64::try_from(step.as_millis()).unwrap_or(i64::MAX)
        }
    };
    Ok((start, end, step.max(1)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    selectors: Vec<Shown>,
    left_out: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    text: String,
    /// Bytes, the end exclusive.
    start: usize,
    end: usize,
    /// Seconds, both ends inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<[f64; 2]>,
    series: usize,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_sample: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    later_samples: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blame: Option<ShownBlame>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownBlame {
    left: Vec<ShownCount>,
    without: Vec<ShownCount>,
    label: String,
    label_exists: bool,
    near_names: Vec<String>,
    near_values: Vec<String>,
    partial: bool,
}

#[derive(Serialize)]
struct ShownCount {
    matcher: String,
    series: usize,
}

impl Shown {
    fn new(text: &str, finding: Finding) -> Self {
        let span = finding.span;
        let mut shown = Self {
            text: text
                .get(span.start..span.end)
                .unwrap_or_default()
                .to_owned(),
            start: span.start,
            end: span.end,
            range: finding
                .range
                .map(|range| [range.min_time, range.max_time].map(seconds)),
            series: finding.series,
            outcome: "found",
            latest_sample: None,
            later_samples: None,
            blame: None,
        };
        match finding.outcome {
            Outcome::Found => {}
            Outcome::NotReached => shown.outcome = "notReached",
            Outcome::NoSamples { latest, has_later } => {
                shown.outcome = "noSamples";
                shown.latest_sample = latest.map(seconds);
                shown.later_samples = Some(has_later);
            }
            Outcome::NoSeries(blame) => {
                shown.outcome = "noSeries";
                shown.blame = Some(blame.into());
            }
        }
        shown
    }
}

impl From<Blame> for ShownBlame {
    fn from(blame: Blame) -> Self {
        let counts = |counts: Vec<Count>| {
            let counts = counts.into_iter().map(|count| ShownCount {
                matcher: count.matcher,
                series: count.series,
            });
            counts.collect()
        };
        Self {
            left: counts(blame.left),
            without: counts(blame.without),
            label: blame.label,
            label_exists: blame.label_exists,
            near_names: blame.near_names,
            near_values: blame.near_values,
            partial: blame.is_partial,
        }
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}
