//! `/api/v1/targets/discovered`: what discovery found for a job, and what became of each.

use axum::body::Body;
use axum::extract::State;
use http::Response;
use scrape::{Discovered, PoolDiscovery};
use serde::Serialize;

use super::relabeling::{Outcome, Rule};
use super::{LabelMap, discovery_of};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

#[derive(Serialize)]
struct Answer<'a> {
    rules: Vec<Rule<'a>>,
    counts: Counts,
    /// How many fit the question.
    matching: usize,
    /// These, or the first of them.
    targets: Vec<Found>,
}

/// How many label sets came to what.
#[derive(Default, Serialize)]
struct Counts {
    target: usize,
    duplicate: usize,
    dropped: usize,
    failed: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    discovered_labels: LabelMap,
    source: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Which label sets are asked for.
struct Question {
    outcome: String,
    /// Stands in the value of a label, in any case.
    search: String,
    limit: usize,
}

/// `/api/v1/targets/discovered`
pub(crate) async fn discovered(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let discovery = discovery_of(&services, &parameters)?;
    let question = Question {
        outcome: parameters.get("outcome").to_owned(),
        search: parameters.get("search").to_lowercase(),
        limit: limit(parameters.get("limit"))?,
    };
    services
        .describe(move || success(&answer(&discovery, &question)))
        .await
}

fn answer<'a>(discovery: &'a PoolDiscovery, question: &Question) -> Answer<'a> {
    let mut answer = Answer {
        rules: discovery
            .config()
            .relabel_configs
            .iter()
            .map(Rule::new)
            .collect(),
        counts: Counts::default(),
        matching: 0,
        targets: Vec::new(),
    };
    for found in discovery.all() {
        let Discovered {
            labels,
            source,
            fate,
        } = found;
        let outcome = Outcome::new(fate);
        let count = match outcome.outcome {
            "target" => &mut answer.counts.target,
            "duplicate" => &mut answer.counts.duplicate,
            "dropped" => &mut answer.counts.dropped,
            _ => &mut answer.counts.failed,
        };
        *count += 1;
        let is_asked = question.outcome.is_empty() || question.outcome == outcome.outcome;
        let is_found = question.search.is_empty()
            || labels
                .iter()
                .any(|(_, value)| value.to_lowercase().contains(&question.search));
        if !is_asked || !is_found {
            continue;
        }
        answer.matching += 1;
        if answer.targets.len() < question.limit {
            answer.targets.push(Found {
                discovered_labels: LabelMap(labels),
                source,
                outcome,
            });
        }
    }
    answer
}

fn limit(text: &str) -> Result<usize, ApiError> {
    match text {
        "" => Ok(DEFAULT_ROWS),
        text => match text.parse() {
            Ok(limit) if limit <= MOST_ROWS => Ok(limit),
            _ => Err(ApiError::new(
                ErrorKind::BadData,
                format!("limit must be a number up to {MOST_ROWS}"),
            )),
        },
    }
}

/// Label sets of an answer when the asker names no number.
const DEFAULT_ROWS: usize = 1_000;
/// Most label sets of an answer: those of discovery in a cluster have kilobytes each.
const MOST_ROWS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_bounded() {
        assert_eq!(limit("").unwrap(), DEFAULT_ROWS);
        assert_eq!(limit("0").unwrap(), 0);
        for text in ["x", "-1", "10001"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
