//! Evaluating expressions, at one time and over a range.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::Annotations;
use promql::{InstantQuery, QueryError, QueryResult, RangeQuery, Statistics, Usage, Value};

use crate::admission::Client;
use crate::api::explain;
use crate::api::stats::{self, Shown, StepTimes, Wanted};
use crate::client::Asker;
use crate::json::push_value;
use crate::parameters::{Parameters, parse_duration};
use crate::response::{ApiError, ErrorKind, SUCCESS_BEGINS, end_success, to_json, written};
use crate::services::{Evaluated, Evaluation, Question, Services};

/// `/api/v1/query`
pub(crate) async fn instant(
    State(services): State<Services>,
    Asker(client): Asker,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let time = parameters
        .evaluation_time("time")?
        .unwrap_or_else(|| services.now_millis());
    let call = Call::read(&parameters)?;
    let question = call.question(&parameters, client);
    let lookback_delta = call.lookback_delta;
    let (stats, explain) = (call.stats, call.explain);
    let old_word = call.old_word(&parameters);
    let work = move |evaluation: &Evaluation<'_>| {
        let query = InstantQuery {
            text: evaluation.text,
            time,
            lookback_delta,
            interrupt: evaluation.interrupt.clone(),
            usage: Some(evaluation.usage.clone()),
            details: stats.details(explain),
        };
        let result = evaluation.engine.instant(evaluation.storage, &query)?;
        let steps = StepTimes::single(time);
        render(evaluation, result, limit, &steps)
    };
    Ok(finished(
        services.evaluate(question, work).await?,
        stats,
        old_word,
    ))
}

/// `/api/v1/query_range`
pub(crate) async fn range(
    State(services): State<Services>,
    Asker(client): Asker,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let (start, end, step) = range_of(&parameters)?;
    let call = Call::read(&parameters)?;
    let question = call.question(&parameters, client);
    let lookback_delta = call.lookback_delta;
    let (stats, explain) = (call.stats, call.explain);
    let old_word = call.old_word(&parameters);
    let work = move |evaluation: &Evaluation<'_>| {
        let query = RangeQuery {
            text: evaluation.text,
            start,
            end,
            step,
            lookback_delta,
            interrupt: evaluation.interrupt.clone(),
            usage: Some(evaluation.usage.clone()),
            details: stats.details(explain),
        };
        let result = evaluation.engine.range(evaluation.storage, &query)?;
        render(evaluation, result, limit, &StepTimes { start, step })
    };
    Ok(finished(
        services.evaluate(question, work).await?,
        stats,
        old_word,
    ))
}

/// What both calls may say beside expression and time.
struct Call {
    timeout: Option<Duration>,
    lookback_delta: Option<Duration>,
    stats: Wanted,
    /// Ours: what each part of the query did.
    explain: bool,
}

impl Call {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            timeout: parameters.duration("timeout")?,
            lookback_delta: lookback_delta(parameters.get("lookback_delta"))?,
            stats: Wanted::read(parameters.get("stats")),
            explain: !matches!(parameters.get("explain"), "" | "0" | "false"),
        })
    }

    /// What statistics were asked for by, if upstream will not understand it any more.
    fn old_word(&self, parameters: &Parameters) -> Option<String> {
        let is_old = self.stats == Wanted::SumsByOldWord;
        is_old.then(|| parameters.get("stats").to_owned())
    }

    fn question(&self, parameters: &Parameters, client: Client) -> Question {
        Question {
            text: parameters.get("query").to_owned(),
            client,
            timeout: self.timeout,
        }
    }
}

/// How far an instant looks back, if the asker says so; 0 means that it does not.
pub(crate) fn lookback_delta(text: &str) -> Result<Option<Duration>, ApiError> {
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

/// A rendered result: the beginning of an answer, up to the end of the result.
struct Answer {
    text: String,
    annotations: Annotations,
    statistics: Statistics,
    per_step: Option<stats::StepLists>,
    usage: Usage,
}

fn render(
    evaluation: &Evaluation<'_>,
    mut result: QueryResult,
    limit: usize,
    steps: &StepTimes,
) -> Result<Answer, QueryError> {
    let mut annotations = std::mem::take(&mut result.annotations);
    let truncated = limit > 0 && truncate(&mut result.value, limit);
    if truncated {
        annotations.warn("results truncated due to limit");
    }
    let usage = evaluation.usage.clone();
    let held = usage.bytes();
    let mut text = String::with_capacity(1024);
    text.push_str(SUCCESS_BEGINS);
    let mut told = 0;
    push_value(&mut text, &result.value, |text| {
        evaluation.interrupt.check()?;
        let more = text.capacity() - told;
        told = text.capacity();
        if more > 0 {
            usage.take(more as u64)
        } else {
            Ok(())
        }
    })?;
    if let Some(explained) = &result.explained {
        text.pop();
        text.push_str(",\"explain\":");
        text.push_str(&to_json(&explain::Shown::new(explained)));
        text.push('}');
        usage.take((text.capacity() - told) as u64)?;
    }
    drop(result.value);
    usage.give_back(held);
    Ok(Answer {
        text,
        annotations,
        statistics: result.statistics,
        per_step: result.per_step.map(|per_step| steps.lists(&per_step)),
        usage,
    })
}

fn finished(
    evaluated: Evaluated<Answer>,
    wanted: Wanted,
    old_word: Option<String>,
) -> Response<Body> {
    let (queue, evaluation) = (evaluated.queue_time, evaluated.evaluation_time);
    let mut answer = evaluated.value;
    if wanted != Wanted::Nothing {
        answer.text.pop();
        answer.text.push_str(",\"stats\":");
        let shown = Shown::new(queue, evaluation, &answer.statistics, answer.per_step);
        answer.text.push_str(&to_json(&shown));
        answer.text.push('}');
    }
    if let Some(word) = old_word {
        answer.annotations.warn(stats::deprecation(&word));
    }
    end_success(&mut answer.text, &answer.annotations);
    written(Accounted {
        text: answer.text,
        _usage: answer.usage,
    })
}

/// An answer on its way: it is accounted for until it has been sent.
struct Accounted {
    text: String,
    _usage: Usage,
}

impl AsRef<[u8]> for Accounted {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
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
