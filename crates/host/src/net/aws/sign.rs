//! Signatures in the fourth version of Amazon's scheme.
//!
//! What is signed is described in "Create a signed AWS API request" of the documentation of IAM; which
//! headers are left out is as in Amazon's library for Go, which Prometheus uses.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::chain::Credentials;
use crate::net::client::Request;

/// What a signature holds for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// The time of the request.
    pub(super) millis: i64,
}

/// The headers that make a request a signed one.
///
/// # Errors
/// A header is none that can be signed.
pub(super) fn headers(
    request: &Request,
    scope: &Scope<'_>,
    credentials: &Credentials,
) -> Result<HeaderMap, String> {
    let (day, time) = stamps(scope.millis);
    let mut added = HeaderMap::new();
    added.insert(DATE, value(DATE, &time)?);
    if let Some(token) = &credentials.session_token {
        added.insert(SECURITY_TOKEN, secret(SECURITY_TOKEN, token)?);
    }
    let (names, lines) = canonical_headers(request, &added)?;
    let canonical = format!(
        "{}\n{}\n{}\n{lines}\n{names}\n{}",
        request.method,
        canonical_path(request.url.path()),
        canonical_query(request.url.query().unwrap_or_default()),
        hash(&request.body)
    );
    let Scope {
        region, service, ..
    } = scope;
    let within = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!(
        "{ALGORITHM}\n{time}\n{within}\n{}",
        hash(canonical.as_bytes())
    );
    let mut key = format!("AWS4{}", credentials.secret_key).into_bytes();
    for part in [day.as_str(), region, service, "aws4_request"] {
        key = sign(&key, part);
    }
    let signature = hex(&sign(&key, &to_sign));
    let access_key = &credentials.access_key;
    let authorization = format!(
        "{ALGORITHM} Credential={access_key}/{within}, SignedHeaders={names}, Signature={signature}"
    );
    added.insert(AUTHORIZATION, secret(AUTHORIZATION, &authorization)?);
    Ok(added)
}

/// The segments that are left of a path: none that is empty, no dots.
pub(super) fn segments(path: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    kept
}

/// The path as it is signed. What is escaped already is escaped once more, as all services but S3
/// want it.
fn canonical_path(path: &str) -> String {
    let kept: Vec<String> = segments(path).into_iter().map(escaped).collect();
    let ends_open = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    match kept.is_empty() {
        true => "/".to_owned(),
        false => format!("/{}{}", kept.join("/"), if ends_open { "/" } else { "" }),
    }
}

/// The query as it is signed: sorted, and everything escaped that can be.
fn canonical_query(query: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|(name, value)| (escaped(&name), escaped(&value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The names of the signed headers, and a line for each.
fn canonical_headers(request: &Request, added: &HeaderMap) -> Result<(String, String), String> {
    let mut signed = BTreeMap::from([("host", request.url.authority().to_owned())]);
    let own = request.headers.iter();
    let own = own.filter(|(name, _)| !added.contains_key(*name));
    for (name, value) in own.chain(added) {
        if UNSIGNED.contains(&name.as_str()) {
            continue;
        }
        let value = std::str::from_utf8(value.as_bytes());
        let value =
            value.map_err(|_| format!("failed to sign request: header {name} is not UTF-8"))?;
        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
        let value = words.join(" ");
        let values = signed.entry(name.as_str());
        values
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    let names: Vec<&str> = signed.keys().copied().collect();
    let lines = signed
        .iter()
        .map(|(name, values)| format!("{name}:{values}\n"))
        .collect();
    Ok((names.join(";"), lines))
}

fn value(name: HeaderName, text: &str) -> Result<HeaderValue, String> {
    let value = HeaderValue::from_str(text);
    value.map_err(|_| format!("failed to sign request: invalid value of header {name}"))
}

/// A header that debug output does not show.
fn secret(name: HeaderName, text: &str) -> Result<HeaderValue, String> {
    let mut value = value(name, text)?;
    value.set_sensitive(true);
    Ok(value)
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
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
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
/// Headers that those on the way may add or change.
const UNSIGNED: [&str; 6] = [
    "authorization",
    "expect",
    "transfer-encoding",
    "uber-trace-id",
    "user-agent",
    "x-amzn-trace-id",
];
/// What may stand as it is: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use config::Url;
    use hyper::Method;

    use super::*;

    /// Signs as Amazon's published test suite of the scheme does, and compares with its signature.
    fn check(method: Method, url: &str, headers: &[(&'static str, &str)], body: &str, want: &str) {
        let mut request = Request {
            method,
            body: Bytes::from(body.to_owned()),
            ..Request::get(Url::parse(url).unwrap())
        };
        for (name, text) in headers {
            let name = HeaderName::from_static(name);
            request
                .headers
                .append(name, HeaderValue::from_str(text).unwrap());
        }
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
            expires_millis: None,
        };
        let scope = Scope {
            region: "us-east-1",
            service: if url.contains("iam.") {
                "iam"
            } else {
                "service"
            },
            millis: 1_440_938_160_000,
        };
        let signed = super::headers(&request, &scope, &credentials).unwrap();
        assert_eq!(signed[DATE], "20150830T123600Z");
        let authorization = signed[AUTHORIZATION].to_str().unwrap();
        assert!(
            authorization.ends_with(want),
            "{method} {url} {authorization}",
            method = request.method
        );
    }

    #[test]
    fn signatures_are_those_of_amazons_test_suite() {
        let home = "https://example.amazonaws.com";
        let get =
            |path: &str, want: &str| check(Method::GET, &format!("{home}{path}"), &[], "", want);
        let vanilla = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
            SignedHeaders=host;x-amz-date, \
            Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        for path in [
            "/",
            "",
            "//",
            "/./",
            "/example/..",
            "/example1/example2/../..",
        ] {
            get(path, vanilla);
        }
        get(
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        get(
            "/\u{1234}",
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        );
        check(
            Method::POST,
            home,
            &[],
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        check(
            Method::POST,
            home,
            &[("content-type", "application/x-www-form-urlencoded")],
            "Param1=value1",
            "SignedHeaders=content-type;host;x-amz-date, \
             Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        );
        check(
            Method::GET,
            home,
            &[
                ("my-header1", "value2"),
                ("my-header1", "value2"),
                ("my-header1", " value1 "),
                ("user-agent", "not signed"),
            ],
            "",
            "SignedHeaders=host;my-header1;x-amz-date, \
             Signature=c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        );
        check(
            Method::GET,
            "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            &[(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            "",
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        );
    }

    #[test]
    fn paths_and_queries_are_written_in_one_way() {
        let paths = [
            ("", "/"),
            ("/a/b/", "/a/b/"),
            ("//a//./b/../c", "/a/c"),
            ("/api/v2:x/%20", "/api/v2%3Ax/%2520"),
            ("/a/.", "/a/"),
        ];
        for (path, want) in paths {
            assert_eq!(canonical_path(path), want, "{path}");
        }
        let queries = [
            ("", ""),
            ("b&a=2&a=1", "a=1&a=2&b="),
            ("x=a+b%2Fc", "x=a%20b%2Fc"),
            ("aa=1&a=2", "a=2&aa=1"),
        ];
        for (query, want) in queries {
            assert_eq!(canonical_query(query), want, "{query}");
        }
    }

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
            hash(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
