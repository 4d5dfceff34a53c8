//! Parameters of a request, from the address and, for POST, from a form body; the body's first.

use std::num::{IntErrorKind, ParseIntError};
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::Method;
use http::header::CONTENT_TYPE;
use model::date::parse_rfc3339;
use model::duration;
use model::quote::quoted;

use crate::form::Form;
use crate::response::{ApiError, ErrorKind};

/// The parameters of one request, repetitions included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    form: Form,
}

/// Largest form body: as Go's `http.Request.ParseForm`.
const MAX_FORM_BYTES: usize = 10 << 20;

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let address = request.uri().query().unwrap_or_default().to_owned();
        let mut form = Form::default();
        if has_form(&request) {
            let body = axum::body::to_bytes(request.into_body(), MAX_FORM_BYTES)
                .await
                .map_err(|error| unreadable(&error.to_string()))?;
            form.read(&body);
        }
        form.read(address.as_bytes());
        Ok(Self { form })
    }
}

/// True if the body holds parameters. As upstream: only of the methods that change things, and
/// only under the one media type.
fn has_form(request: &Request) -> bool {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    [Method::POST, Method::PUT, Method::PATCH].contains(request.method())
        && media_type
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn unreadable(reason: &str) -> ApiError {
    ApiError::new(
        ErrorKind::BadData,
        format!("error parsing form values: {reason}"),
    )
}

impl Parameters {
    /// The parameters of an address.
    #[cfg(test)]
    pub(crate) fn of_query(query: &str) -> Self {
        let mut form = Form::default();
        form.read(query.as_bytes());
        Self { form }
    }

    /// The first value under this name; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values under this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.form.values(name)
    }

    /// Refuses a request whose parameters could not all be read; most calls leave out the
    /// unreadable ones, as upstream's do.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        match self.form.fault() {
            Some(fault) => Err(unreadable(fault)),
            None => Ok(()),
        }
    }

    /// The time of an evaluation in milliseconds, if one is given.
    pub(crate) fn evaluation_time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(time) = self.time(name)? else {
            return Ok(None);
        };
        let text = self.get(name);
        evaluable(text, time)
            .map(Some)
            .map_err(|reason| invalid_time(name, &reason))
    }

    /// The time of an evaluation in milliseconds, which must be given.
    pub(crate) fn required_time(&self, name: &str) -> Result<i64, ApiError> {
        let text = self.get(name);
        parse_time(text)
            .and_then(|time| evaluable(text, time))
            .map_err(|reason| ApiError::parameter(name, reason))
    }

    /// A time in milliseconds, if one is given. It may be as far away as a number can say.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        parse_time(text)
            .map(Some)
            .map_err(|reason| invalid_time(name, &reason))
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

    /// How many results the answer may hold; 0 and nothing mean no limit.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        parse_limit(self.get("limit")).map_err(|reason| ApiError::parameter("limit", reason))
    }
}

fn invalid_time(name: &str, reason: &str) -> ApiError {
    let reason = format!("invalid time value for '{name}': {reason}");
    ApiError::parameter(name, reason)
}

/// Reads a limit: nothing is 0. The words of a refusal are upstream's, Go's included.
fn parse_limit(text: &str) -> Result<usize, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let limit: i64 = text.parse().map_err(|error: ParseIntError| {
        let reason = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.Atoi: parsing {}: {reason}", quoted(text))
    })?;
    usize::try_from(limit).map_err(|_| "limit must be non-negative".to_owned())
}

/// Reads seconds since the Unix epoch, with a fraction if need be, or RFC 3339. What is further
/// away than milliseconds can say becomes the furthest that they can.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || format!("cannot parse {} to a valid timestamp", quoted(text));
    if let Ok(seconds) = text.parse::<f64>() {
        if !seconds.is_finite() {
            return Err(wrong());
        }
        // The fraction is rounded by itself, as upstream does: the whole number of seconds may
        // leave it no room for three exact digits.
        let whole = seconds.trunc();
        let fraction = ((seconds - whole) * 1000.0).round();
        return Ok((whole as i64)
            .saturating_mul(1000)
            .saturating_add(fraction as i64));
    }
    match text {
        FIRST_TIME => Ok(i64::MIN),
        LAST_TIME => Ok(i64::MAX),
        text => parse_rfc3339(text).ok_or_else(wrong),
    }
}

/// Refuses times around which an evaluation's arithmetic would overflow.
fn evaluable(text: &str, millis: i64) -> Result<i64, String> {
    if millis.unsigned_abs() < MAX_MILLIS {
        Ok(millis)
    } else {
        Err(format!(
            "cannot parse {} to a valid timestamp: it is too far away",
            quoted(text)
        ))
    }
}

/// Reads seconds with a fraction, or a duration as expressions write them. A negative number is
/// the same as 0 wherever a duration is asked for.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        if (seconds * 1e9).abs() > i64::MAX as f64 {
            return Err(format!(
                "cannot parse {} to a valid duration. It overflows int64",
                quoted(text)
            ));
        }
        return Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }
    duration::parse(text).map_err(|_| format!("cannot parse {} to a valid duration", quoted(text)))
}

/// How upstream's own client writes the first time that it knows.
const FIRST_TIME: &str = "-292273086-05-16T16:47:06Z";
/// How upstream's own client writes the last time that it knows.
const LAST_TIME: &str = "292277025-08-18T07:12:54.999999999Z";
/// An evaluation's times lie within this many milliseconds of the epoch: 290,000 years.
const MAX_MILLIS: u64 = 9_200_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc3339() {
        let cases = [
            ("0", Some(0)),
            ("1.5", Some(1_500)),
            ("-1", Some(-1_000)),
            ("-0.5", Some(-500)),
            ("1.0005", Some(1_000)),
            ("1435781451.781", Some(1_435_781_451_781)),
            ("2015-06-03T15:21:58.555+02:00", Some(1_433_337_718_555)),
            ("-9223309901257974", Some(-9_223_309_901_257_974_000)),
            ("1e300", Some(i64::MAX)),
            (FIRST_TIME, Some(i64::MIN)),
            (LAST_TIME, Some(i64::MAX)),
            ("NaN", None),
            ("+Inf", None),
            ("now", None),
            ("2015-07-01", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_time(text).ok(), want, "{text}");
        }
    }

    #[test]
    fn an_evaluation_is_not_at_the_end_of_time() {
        assert_eq!(evaluable("1", 1_000), Ok(1_000));
        for time in [i64::MIN, i64::MAX] {
            assert!(evaluable("1e300", time).is_err());
        }
    }

    #[test]
    fn durations_are_seconds_or_prometheus_text() {
        let too_long = "cannot parse \"1e300\" to a valid duration. It overflows int64";
        let cases = [
            ("1.5", Ok(Duration::from_millis(1_500))),
            ("5m", Ok(Duration::from_secs(300))),
            ("-1", Ok(Duration::ZERO)),
            ("NaN", Ok(Duration::ZERO)),
            ("1e300", Err(too_long)),
            ("-5m", Err("cannot parse \"-5m\" to a valid duration")),
            ("", Err("cannot parse \"\" to a valid duration")),
        ];
        for (text, want) in cases {
            assert_eq!(parse_duration(text), want.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn limits_are_whole_numbers_from_0() {
        let cases = [
            ("", Ok(0)),
            ("0", Ok(0)),
            ("+7", Ok(7)),
            ("-1", Err("limit must be non-negative")),
            ("x", Err("strconv.Atoi: parsing \"x\": invalid syntax")),
            ("1.5", Err("strconv.Atoi: parsing \"1.5\": invalid syntax")),
            (
                "99999999999999999999",
                Err("strconv.Atoi: parsing \"99999999999999999999\": value out of range"),
            ),
        ];
        for (text, want) in cases {
            assert_eq!(parse_limit(text), want.map_err(str::to_owned), "{text}");
        }
    }
}
