//! Signs requests in the fourth version of Amazon's scheme.

use aws_lc_rs::{digest, hmac};
use config::Url;

use super::credentials::Credentials;
use crate::api::Ask;
use crate::refresh::RefreshError;

/// What a signature holds for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// The time of the request.
    pub(super) millis: i64,
}

/// A signed `POST` of a form.
///
/// # Errors
/// The URL is none.
pub(super) fn signed(
    url: &str,
    body: &str,
    scope: &Scope<'_>,
    credentials: &Credentials,
) -> Result<Ask, RefreshError> {
    let parsed = Url::parse(url).map_err(RefreshError::answer)?;
    let (date, time) = stamps(scope.millis);
    let host = parsed.authority();
    let path = if parsed.path().is_empty() {
        "/"
    } else {
        parsed.path()
    };
    let mut headers = vec![
        ("content-type", FORM.to_owned()),
        ("host", host.to_owned()),
        ("x-amz-date", time.clone()),
    ];
    if let Some(token) = &credentials.session_token {
        headers.push(("x-amz-security-token", token.clone()));
    }
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let query = parsed.query().unwrap_or_default();
    let canonical = format!("POST\n{path}\n{query}\n{lines}\n{names}\n{}", hash(body));
    let Scope {
        region, service, ..
    } = scope;
    let within = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = format!("{ALGORITHM}\n{time}\n{within}\n{}", hash(&canonical));
    let mut key = format!("AWS4{}", credentials.secret_key).into_bytes();
    for part in [date.as_str(), region, service, "aws4_request"] {
        key = sign(&key, part);
    }
    let signature = hex(&sign(&key, &to_sign));
    let access_key = &credentials.access_key;
    let authorization = format!(
        "{ALGORITHM} Credential={access_key}/{within}, SignedHeaders={names}, Signature={signature}"
    );
    let mut ask = Ask::post(url, body.to_owned()).header("authorization", authorization);
    for (name, value) in headers {
        // The client itself says which host it asks.
        if name != "host" {
            ask = ask.header(name, value);
        }
    }
    Ok(ask)
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The day, and the time, as signatures have them: `20150830`, `20150830T123600Z`.
fn stamps(millis: i64) -> (String, String) {
    let text = model::date::format_rfc3339(millis - millis.rem_euclid(1000));
    let digits: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == 'T')
        .take("20150830T123600".len())
        .collect();
    (digits.chars().take(8).collect(), format!("{digits}Z"))
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_derived_as_amazons_documentation_says() {
        // The example of "Signature Version 4 signing key" in the documentation of IAM.
        let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        for part in ["20120215", "us-east-1", "iam", "aws4_request"] {
            key = sign(&key, part);
        }
        assert_eq!(
            hex(&key),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
        );
        assert_eq!(
            stamps(1_440_938_160_123),
            ("20150830".to_owned(), "20150830T123600Z".to_owned())
        );
        assert_eq!(
            hash(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
