//! What each relabel rule of a job does to a label set.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::Labels;
use model::relabel::{self, RelabelRule, RelabelSpec, RelabelStep, Subject};
use scrape::{Fate, PoolDiscovery};
use serde::Serialize;
use serde_json::Value;
use serde_json::error::Category;

use super::{LabelMap, discovery_of};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// A rule as upstream shows it.
#[derive(Debug, Serialize)]
pub(super) struct Rule<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    source_labels: &'a [String],
    separator: &'a str,
    regex: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    modulus: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    target_label: &'a str,
    replacement: &'a str,
    action: &'static str,
}

impl<'a> Rule<'a> {
    pub(super) fn new(rule: &'a RelabelRule) -> Self {
        let RelabelSpec {
            source_labels,
            separator,
            regex,
            states_regex: _,
            modulus,
            target_label,
            replacement,
            action,
        } = rule.spec();
        Self {
            source_labels,
            separator,
            regex,
            modulus: *modulus,
            target_label,
            replacement,
            action: action.as_str(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `/api/v1/targets/relabel_steps`
pub(crate) async fn steps(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    #[derive(Serialize)]
    struct Step<'a> {
        rule: Rule<'a>,
        output: LabelMap,
        keep: bool,
    }
    #[derive(Serialize)]
    struct Steps<'a> {
        steps: Vec<Step<'a>>,
    }
    let (discovery, labels) = asked(&services, &parameters)?;
    let rules = &discovery.config().relabel_configs;
    let mut taken = relabel::trace(rules, &labels).into_iter();
    // As upstream: what was dropped stays dropped, and has no labels.
    let step = |rule| {
        let (output, keep) = taken.next().map_or_else(
            || (Labels::empty(), false),
            |step: RelabelStep<'_>| (step.labels, step.keep),
        );
        Step {
            rule: Rule::new(rule),
            output: LabelMap(output),
            keep,
        }
    };
    Ok(success(&Steps {
        steps: rules.iter().map(step).collect(),
    }))
}

/// What a rule looked at, what it did, and what was left.
#[derive(Serialize)]
struct ExplainedStep<'a> {
    rule: Rule<'a>,
    /// The joined values of the source labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The value of the target label, where it is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_value: Option<String>,
    /// Names of the labels that match, where names are matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
    applied: bool,
    keep: bool,
    output: LabelMap,
}

impl<'a> ExplainedStep<'a> {
    fn new(step: RelabelStep<'a>) -> Self {
        let (value, target_value, names) = match step.subject {
            Subject::Value(value) => (Some(value), None, None),
            Subject::Values { source, target } => (Some(source), Some(target), None),
            Subject::Names(names) => (None, None, Some(names)),
        };
        Self {
            rule: Rule::new(step.rule),
            value,
            target_value,
            names,
            applied: step.applied,
            keep: step.keep,
            output: LabelMap(step.labels),
        }
    }
}

/// What became of a label set, in words and labels.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    /// `target`, `duplicate`, `dropped` or `failed`.
    pub(super) outcome: &'static str,
    /// The rule that dropped it, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by: Option<usize>,
    /// Why it cannot be scraped.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Labels that its series get.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<LabelMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Which target of its job it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl Outcome {
    pub(super) fn new(fate: Fate) -> Self {
        let mut outcome = Self {
            outcome: "target",
            dropped_by: None,
            error: None,
            labels: None,
            url: None,
            id: None,
        };
        match fate {
            Fate::Target { id, labels, url } => {
                outcome.labels = Some(LabelMap(labels));
                outcome.url = Some(url);
                outcome.id = Some(id.to_string());
            }
            Fate::Duplicate { labels } => {
                outcome.outcome = "duplicate";
                outcome.labels = Some(LabelMap(labels));
            }
            Fate::Dropped(rule) => {
                outcome.outcome = "dropped";
                outcome.dropped_by = rule;
            }
            Fate::Failed(error) => {
                outcome.outcome = "failed";
                outcome.error = Some(error.to_string());
            }
        }
        outcome
    }
}

/// `/api/v1/targets/explain`: the same as [`steps`] and why, down to what became of the label set.
pub(crate) async fn explain(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Explanation<'a> {
        discovered_labels: LabelMap,
        steps: Vec<ExplainedStep<'a>>,
        #[serde(flatten)]
        outcome: Outcome,
    }
    let (discovery, labels) = asked(&services, &parameters)?;
    let (discovered, fate) = discovery.explain(&labels);
    let steps = relabel::trace(&discovery.config().relabel_configs, &discovered);
    Ok(success(&Explanation {
        discovered_labels: LabelMap(discovered),
        steps: steps.into_iter().map(ExplainedStep::new).collect(),
        outcome: Outcome::new(fate),
    }))
}

/// The job and the label set that a request names.
fn asked(
    services: &Services,
    parameters: &Parameters,
) -> Result<(PoolDiscovery, Labels), ApiError> {
    let refused = |reason: String| ApiError::new(ErrorKind::BadData, reason);
    if parameters.get("scrapePool").is_empty() {
        return Err(refused("no scrapePool parameter provided".to_owned()));
    }
    let text = parameters.get("labels");
    if text.is_empty() {
        return Err(refused("no labels parameter provided".to_owned()));
    }
    let labels =
        read_labels(text).map_err(|reason| refused(format!("error parsing labels: {reason}")))?;
    Ok((discovery_of(services, parameters)?, labels))
}

/// Reads an object of texts; faults are told in the words of Go's decoder.
fn read_labels(text: &str) -> Result<Labels, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| syntax_fault(text, &error))?;
    let object = match value {
        Value::Null => return Ok(Labels::empty()),
        Value::Object(object) => object,
        other => return Err(wrong_kind(&other, "map[string]string")),
    };
    let mut labels = BTreeMap::new();
    for (name, value) in object {
        match value {
            Value::Null => {}
            Value::String(value) => drop(labels.insert(name, value)),
            other => return Err(wrong_kind(&other, "string")),
        }
    }
    Ok(Labels::from_pairs(labels))
}

fn wrong_kind(value: &Value, wanted: &str) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}

fn syntax_fault(text: &str, error: &serde_json::Error) -> String {
    if error.classify() == Category::Eof {
        return "unexpected end of JSON input".to_owned();
    }
    let line = text.split('\n').nth(error.line().saturating_sub(1));
    let start = error.column().saturating_sub(1);
    let found = line.and_then(|line| line.get(start..)?.chars().next());
    let found = match found.unwrap_or('\n') {
        '"' => "\"".to_owned(),
        other => other.escape_debug().to_string(),
    };
    let message = error.to_string();
    let place = PLACES
        .iter()
        .find(|(ours, _)| message.starts_with(ours))
        .map_or("looking for beginning of value", |(_, go)| *go);
    format!("invalid character '{found}' {place}")
}

/// How our decoder's messages begin, and where Go's decoder says that it was.
const PLACES: [(&str, &str); 6] = [
    ("trailing characters", "after top-level value"),
    ("expected `:`", "after object key"),
    ("expected `,` or `}`", "after object key:value pair"),
    ("expected `,` or `]`", "after array element"),
    (
        "key must be a string",
        "looking for beginning of object key string",
    ),
    ("control character", "in string literal"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_and_refused_as_upstream_does() {
        let read = |text: &str| read_labels(text).map(|labels| labels.to_string());
        assert_eq!(
            read(r#"{"a":"b","c":null,"d":""}"#),
            Ok("{a=\"b\"}".to_owned())
        );
        assert_eq!(read("null"), Ok("{}".to_owned()));
        let cases = [
            ("x", "invalid character 'x' looking for beginning of value"),
            (" ", "unexpected end of JSON input"),
            (r#"{"a":"b""#, "unexpected end of JSON input"),
            (
                r#"{"a":"b"} x"#,
                "invalid character 'x' after top-level value",
            ),
            (
                r#"{a:1}"#,
                "invalid character 'a' looking for beginning of object key string",
            ),
            (r#"{"a" "b"}"#, "invalid character '\"' after object key"),
            (
                r#"["a"]"#,
                "json: cannot unmarshal array into Go value of type map[string]string",
            ),
            (
                r#"{"a":1}"#,
                "json: cannot unmarshal number into Go value of type string",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(read(text), Err(want.to_owned()), "{text}");
        }
    }
}
