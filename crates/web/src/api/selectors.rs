//! What calls about series share: `match[]` selectors and the time that they look at.

use model::{Matcher, TimeRange};
use promql::parser;

use crate::parameters::Parameters;
use crate::response::ApiError;

/// The matchers of every `match[]` parameter.
pub(crate) fn matcher_sets(parameters: &Parameters) -> Result<Vec<Vec<Matcher>>, ApiError> {
    parameters
        .all("match[]")
        .map(|text| {
            let matchers = parser::parse_selector(text)
                .map_err(|error| ApiError::parameter("match[]", error))?;
            if matchers.iter().all(Matcher::matches_empty) {
                let reason = "match[] must contain at least one non-empty matcher";
                return Err(ApiError::parameter("match[]", reason));
            }
            Ok(matchers)
        })
        .collect()
}

/// From `start` to `end`; all of time where they are not given. None: it ends before it starts, so
/// that nothing is in it.
pub(crate) fn time_range(parameters: &Parameters) -> Result<Option<TimeRange>, ApiError> {
    let start = parameters.time("start")?.unwrap_or(TimeRange::ALL.min_time);
    let end = parameters.time("end")?.unwrap_or(TimeRange::ALL.max_time);
    Ok((start <= end).then(|| TimeRange::new(start, end)))
}
