//! Exemplars of the series that an expression selects.

use axum::body::Body;
use axum::extract::State;
use http::{Response, StatusCode};
use model::{Annotations, Exemplar, Matcher, SeriesExemplars, TimeRange, number};
use promql::ast::Expr;
use promql::parser::parse;

use crate::json::{push_labels, push_list, push_timestamp};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success_text};
use crate::services::Services;

/// `/api/v1/query_exemplars`: of all selectors of the expression, whatever it does with them.
pub(crate) async fn list(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let start = parameters.time("start")?.unwrap_or(TimeRange::ALL.min_time);
    let end = parameters.time("end")?.unwrap_or(TimeRange::ALL.max_time);
    if end < start {
        let reason = "end timestamp must not be before start timestamp";
        return Err(ApiError::new(ErrorKind::BadData, reason));
    }
    let asked = services.clone();
    let work = move || answer(&asked, parameters.get("query"), TimeRange::new(start, end));
    services.run_query(work).await?
}

fn answer(services: &Services, query: &str, range: TimeRange) -> Result<Response<Body>, ApiError> {
    let expr = parse(query, services.parse_options())
        .map_err(|error| ApiError::new(ErrorKind::BadData, error.to_string()))?;
    let sets = selectors(&expr);
    if sets.is_empty() {
        let mut nothing = Response::new(Body::empty());
        *nothing.status_mut() = StatusCode::NO_CONTENT;
        return Ok(nothing);
    }
    let found = services.database().exemplars(range, &sets);
    let mut text = String::with_capacity(256 * found.len());
    text.push('[');
    push_list(&mut text, &found, push_series);
    text.push(']');
    Ok(success_text(&text, &Annotations::default()))
}

/// The conditions of each selector.
fn selectors(expr: &Expr) -> Vec<Vec<Matcher>> {
    let mut sets = Vec::new();
    expr.walk(&mut |node| match node {
        Expr::InstantSelector(selector) => sets.push(selector.matchers.clone()),
        Expr::RangeSelector(range) => sets.push(range.selector.matchers.clone()),
        _ => {}
    });
    sets
}

fn push_series(out: &mut String, series: &SeriesExemplars) {
    out.push_str("{\"seriesLabels\":");
    push_labels(out, &series.labels);
    out.push_str(",\"exemplars\":[");
    push_list(out, &series.exemplars, push_exemplar);
    out.push_str("]}");
}

fn push_exemplar(out: &mut String, exemplar: &Exemplar) {
    out.push_str("{\"labels\":");
    push_labels(out, &exemplar.labels);
    out.push_str(",\"value\":\"");
    number::push_json(out, exemplar.value);
    out.push_str("\",\"timestamp\":");
    push_timestamp(out, exemplar.timestamp);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use model::Labels;
    use promql::parser::ParseOptions;

    use super::*;

    #[test]
    fn every_selector_counts() {
        let cases = [
            ("1 + time()", 0),
            ("a", 1),
            ("sum(rate(a{x=\"1\"}[5m])) / on() b offset 1h + -c", 3),
            ("max_over_time(a[1h:1m])", 1),
        ];
        for (query, want) in cases {
            let expr = parse(query, &ParseOptions::default()).unwrap();
            assert_eq!(selectors(&expr).len(), want, "{query}");
        }
    }

    #[test]
    fn the_text_is_that_of_prometheus() {
        let series = SeriesExemplars {
            labels: Labels::from_pairs([("__name__", "a"), ("job", "t")]),
            exemplars: vec![Exemplar {
                labels: Labels::from_pairs([("trace_id", "x\"y")]),
                value: 1e21,
                timestamp: 1_500,
                has_timestamp: true,
            }],
        };
        let mut out = String::new();
        push_series(&mut out, &series);
        let want = r#"{"seriesLabels":{"__name__":"a","job":"t"},"exemplars":[{"labels":{"trace_id":"x\"y"},"value":"1e+21","timestamp":1.500}]}"#;
        assert_eq!(out, want);
    }
}
