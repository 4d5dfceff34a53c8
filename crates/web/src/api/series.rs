//! Which series there are.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::{Annotations, Labels};
use storage::Select;

use crate::api::selectors::{matcher_sets, time_range};
use crate::json::{push_labels, push_list};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success_text};
use crate::services::Services;

/// `/api/v1/series`
pub(crate) async fn list(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    parameters.check()?;
    if parameters.all("match[]").next().is_none() {
        return Err(ApiError::new(
            ErrorKind::BadData,
            "no match[] parameter provided",
        ));
    }
    let limit = parameters.limit()?;
    let range = time_range(&parameters)?;
    let sets = matcher_sets(&parameters)?;
    let Some(range) = range else {
        return Ok(success_text("[]", &Annotations::default()));
    };
    let storage = services.storage();
    let (text, annotations) = services
        .run_query(move || -> Result<_, ApiError> {
            let querier = storage.querier(range)?;
            let mut found: BTreeSet<Labels> = BTreeSet::new();
            let mut annotations = Annotations::default();
            for matchers in sets {
                let set = querier.select(&Select::new(matchers, range))?;
                found.extend((0..set.len()).map(|index| set.labels(index)));
                annotations.merge(set.annotations());
            }
            let shown = if limit == 0 {
                found.len()
            } else {
                limit.min(found.len())
            };
            if shown < found.len() {
                annotations.warn("results truncated due to limit");
            }
            let mut text = String::from("[");
            push_list(&mut text, found.iter().take(shown), |text, labels| {
                push_labels(text, labels);
            });
            text.push(']');
            Ok((text, annotations))
        })
        .await??;
    Ok(success_text(&text, &annotations))
}
