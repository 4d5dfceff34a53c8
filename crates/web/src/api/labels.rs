//! Which label names and values there are.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::State;
use http::{Response, Uri};
use model::{Annotations, Matcher, label};
use storage::{LabelQuery, Querier, SelectError};

use crate::api::selectors::{matcher_sets, time_range};
use crate::form::label_name;
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success, success_with};
use crate::services::Services;

type Answer = Result<(Vec<String>, Annotations), SelectError>;

/// `/api/v1/labels`
pub(crate) async fn names(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    union(services, parameters, |querier, query| {
        querier.label_names(query)
    })
    .await
}

/// `/api/v1/label/<name>/values`
pub(crate) async fn values(
    State(services): State<Services>,
    uri: Uri,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    let segment = uri.path().rsplit('/').nth(1).unwrap_or_default();
    let name = label_name(segment).unwrap_or_default();
    if !label::is_label_name(&name) {
        let reason = format!("invalid label name: {}", model::quote::quoted(segment));
        return Err(ApiError::new(ErrorKind::BadData, reason));
    }
    union(services, parameters, move |querier, query| {
        querier.label_values(&name, query)
    })
    .await
}

/// Asks once for each `match[]`, or once for all series, and puts the answers together.
async fn union(
    services: Services,
    parameters: Parameters,
    ask: impl Fn(&dyn Querier, &LabelQuery) -> Answer + Send + 'static,
) -> Result<Response<Body>, ApiError> {
    let limit = parameters.limit()?;
    let range = time_range(&parameters)?;
    let mut sets = matcher_sets(&parameters)?;
    if sets.is_empty() {
        sets.push(Vec::new());
    }
    let Some(range) = range else {
        return Ok(success(&[(); 0]));
    };
    let storage = services.storage();
    let (mut found, mut annotations) = services
        .run_query(move || -> Result<_, ApiError> {
            let querier = storage.querier(range)?;
            if let [matchers] = &mut sets[..] {
                let query = label_query(std::mem::take(matchers), limit);
                return Ok(ask(&*querier, &query)?);
            }
            let mut found: BTreeSet<String> = BTreeSet::new();
            let mut annotations = Annotations::default();
            for matchers in sets {
                let (texts, notes) = ask(&*querier, &label_query(matchers, limit))?;
                found.extend(texts);
                annotations.merge(notes);
            }
            Ok((found.into_iter().collect::<Vec<_>>(), annotations))
        })
        .await??;
    if limit > 0 && found.len() > limit {
        found.truncate(limit);
        annotations.warn("results truncated due to limit");
    }
    Ok(success_with(&found, &annotations))
}

/// One more than the limit, so that a truncated answer is told from a full one.
fn label_query(matchers: Vec<Matcher>, limit: usize) -> LabelQuery {
    LabelQuery {
        matchers,
        limit: if limit == 0 {
            0
        } else {
            limit.saturating_add(1)
        },
    }
}
