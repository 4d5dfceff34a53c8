//! What targets say about their metrics: by metric, and by target.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::{Labels, Matcher, Metadata};
use promql::parser;
use serde::Serialize;

use super::LabelMap;
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// `/api/v1/metadata`
pub(crate) async fn of_metrics(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    struct Entry {
        r#type: &'static str,
        unit: String,
        help: String,
    }
    let limit = whole_number(&parameters, "limit")?;
    let per_metric = whole_number(&parameters, "limit_per_metric")?.filter(|count| *count > 0);
    let wanted = parameters.get("metric");
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let targets = services.targets().clone();
    for target in services.describe(move || targets.metadata()).await? {
        for (metric, metadata) in target.metrics {
            if !wanted.is_empty() && wanted != metric {
                continue;
            }
            let entry = Entry {
                r#type: metadata.metric_type.as_str(),
                unit: metadata.unit,
                help: metadata.help,
            };
            let entries = found.entry(metric).or_default();
            let full = per_metric.is_some_and(|most| entries.len() >= most);
            if !full && !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    let shown = limit.unwrap_or(usize::MAX);
    Ok(success(
        &found.into_iter().take(shown).collect::<BTreeMap<_, _>>(),
    ))
}

/// A bound of the metadata call, which reads its bounds unlike the others: 0 is none at all, a
/// negative number is no bound.
fn whole_number(parameters: &Parameters, name: &str) -> Result<Option<usize>, ApiError> {
    match parameters.get(name) {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(number) => Ok(usize::try_from(number).ok()),
            Err(_) => Err(ApiError::new(
                ErrorKind::BadData,
                format!("{name} must be a number"),
            )),
        },
    }
}

/// What one target says about one metric.
#[derive(Debug, Serialize)]
struct TargetEntry {
    target: LabelMap,
    /// Absent if the asker named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    r#type: &'static str,
    help: String,
    unit: String,
}

/// `/api/v1/targets/metadata`
pub(crate) async fn of_targets(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let limit = whole_number(&parameters, "limit")?.unwrap_or(usize::MAX);
    let matchers = match parameters.get("match_target") {
        "" => Vec::new(),
        text => parser::parse_selector(text)
            .map_err(|error| ApiError::parameter("match_target", error))?,
    };
    let wanted = parameters.get("metric").to_owned();
    let targets = services.targets().clone();
    let answer = move || {
        let mut entries = Vec::new();
        for target in targets.metadata() {
            // As upstream: a target that is begun is told whole.
            if entries.len() >= limit {
                break;
            }
            if !matches(&matchers, &target.target) {
                continue;
            }
            let shown = |metric: Option<String>, metadata: Metadata| TargetEntry {
                target: LabelMap(target.target.clone()),
                metric,
                r#type: metadata.metric_type.as_str(),
                help: metadata.help,
                unit: metadata.unit,
            };
            let mut metrics = target.metrics;
            if wanted.is_empty() {
                entries.extend(metrics.into_iter().map(|(name, m)| shown(Some(name), m)));
            } else {
                entries.extend(
                    metrics
                        .remove(&wanted)
                        .map(|metadata| shown(None, metadata)),
                );
            }
        }
        success(&entries)
    };
    services.describe(answer).await
}

fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers
        .iter()
        .all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or_default()))
}
