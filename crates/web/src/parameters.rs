//! Parameters of a request, from the address and, for POST, from a form body; the body's first.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use model::date::parse_rfc3339;
use model::duration;

use crate::response::{ApiError, ErrorKind};

/// The parameters of one request, repetitions included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

/// Largest form body: as Go's `http.Request.ParseForm`.
const MAX_FORM_BYTES: usize = 10 << 20;

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let address = request.uri().query().unwrap_or_default().to_owned();
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let mut pairs = Vec::new();
        if is_form {
            let body = axum::body::to_bytes(request.into_body(), MAX_FORM_BYTES)
                .await
                .map_err(|error| {
                    let reason = format!("error parsing form values: {error}");
                    ApiError::new(ErrorKind::BadData, reason)
                })?;
            pairs.extend(form_urlencoded::parse(&body).into_owned());
        }
        pairs.extend(form_urlencoded::parse(address.as_bytes()).into_owned());
        Ok(Self { pairs })
    }
}

impl Parameters {
    /// The first value under this name; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All values under this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A time in milliseconds, if one is given.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        parse_time(text)
            .map(Some)
            .map_err(|reason| ApiError::parameter(name, reason))
    }

    /// A time in milliseconds that must be given.
    pub(crate) fn required_time(&self, name: &str) -> Result<i64, ApiError> {
        parse_time(self.get(name)).map_err(|reason| ApiError::parameter(name, reason))
    }

    /// A duration, if one is given.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        parse_duration(text)
            .map(Some)
            .map_err(|reason| ApiError::parameter(name, reason))
    }

    /// A count that limits the answer; 0 and nothing mean no limit.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        self.count("limit")
    }

    /// A count; 0 if it is not given.
    pub(crate) fn count(&self, name: &str) -> Result<usize, ApiError> {
        match self.get(name) {
            "" => Ok(0),
            text => text.parse().map_err(|_| {
                let reason = format!(
                    "{} is not a non-negative number",
                    model::quote::quoted(text)
                );
                ApiError::parameter(name, reason)
            }),
        }
    }
}

/// Reads seconds since the Unix epoch, with a fraction if need be, or RFC 3339.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "cannot parse {} to a valid timestamp",
            model::quote::quoted(text)
        )
    };
    if let Ok(seconds) = text.parse::<f64>() {
        let millis = (seconds * 1000.0).round();
        return if millis.abs() < MAX_MILLIS {
            Ok(millis as i64)
        } else {
            Err(wrong())
        };
    }
    parse_rfc3339(text).ok_or_else(wrong)
}

/// Reads seconds with a fraction, or a duration as expressions write them.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "cannot parse {} to a valid duration",
            model::quote::quoted(text)
        )
    };
    if let Ok(seconds) = text.parse::<f64>() {
        let in_range = seconds.is_finite() && (0.0..MAX_MILLIS / 1000.0).contains(&seconds);
        return if in_range {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err(wrong())
        };
    }
    duration::parse(text).map_err(|_| wrong())
}

/// Times and durations beyond this many milliseconds overflow the arithmetic around them.
const MAX_MILLIS: f64 = 9.2e15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc3339() {
        let cases = [
            ("0", Some(0)),
            ("1.5", Some(1_500)),
            ("-1", Some(-1_000)),
            ("2015-06-03T15:21:58.555+02:00", Some(1_433_337_718_555)),
            ("now", None),
            ("1e300", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_time(text).ok(), want, "{text}");
        }
    }

    #[test]
    fn durations_are_seconds_or_prometheus_text() {
        assert_eq!(parse_duration("1.5"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(
            parse_duration("-1"),
            Err("cannot parse \"-1\" to a valid duration".to_owned())
        );
    }
}
