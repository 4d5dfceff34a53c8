//! Which series there are.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::{Annotations, Labels, Matcher, TimeRange};
use storage::{Querier, Select};

use crate::api::selectors::{matcher_sets, time_range};
use crate::json::{push_label, push_labels, push_list};
use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, SUCCESS_BEGINS, end_success, success_text, written};
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
    let text = services
        .run_query(move || -> Result<_, ApiError> {
            let querier = storage.querier(range)?;
            match <[_; 1]>::try_from(sets) {
                Ok([matchers]) => of_selection(&*querier, Select::new(matchers, range), limit),
                Err(sets) => of_selections(&*querier, sets, range, limit),
            }
        })
        .await??;
    Ok(written(text))
}

/// An answer that is written already; it may be large, so it is never copied.
type Answer = Result<String, ApiError>;

/// The series of one selection, which has none twice, in the store's order.
fn of_selection(querier: &dyn Querier, select: Select, limit: usize) -> Answer {
    let set = querier.select(&select)?;
    let mut annotations = set.annotations();
    let shown = shown(set.len(), limit, &mut annotations);
    let mut text = format!("{SUCCESS_BEGINS}[");
    push_list(&mut text, 0..shown, |text, index| {
        text.push('{');
        let mut is_first = true;
        set.each_label(index, &mut |name, value| {
            if !std::mem::take(&mut is_first) {
                text.push(',');
            }
            push_label(text, name, value);
        });
        text.push('}');
    });
    text.push(']');
    end_success(&mut text, &annotations);
    Ok(text)
}

/// The series of several selections, each once, sorted.
fn of_selections(
    querier: &dyn Querier,
    sets: Vec<Vec<Matcher>>,
    range: TimeRange,
    limit: usize,
) -> Answer {
    let mut found: BTreeSet<Labels> = BTreeSet::new();
    let mut annotations = Annotations::default();
    for matchers in sets {
        let set = querier.select(&Select::new(matchers, range))?;
        found.extend((0..set.len()).map(|index| set.labels(index)));
        annotations.merge(set.annotations());
    }
    let shown = shown(found.len(), limit, &mut annotations);
    let mut text = format!("{SUCCESS_BEGINS}[");
    push_list(&mut text, found.iter().take(shown), |text, labels| {
        push_labels(text, labels);
    });
    text.push(']');
    end_success(&mut text, &annotations);
    Ok(text)
}

/// How many of the series are shown; that there are more is told.
fn shown(found: usize, limit: usize, annotations: &mut Annotations) -> usize {
    if limit == 0 || found <= limit {
        return found;
    }
    annotations.warn("results truncated due to limit");
    limit
}
