//! Heads of requests and responses as bytes.

use bytes::Bytes;
use hyper::ext::ReasonPhrase;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::{Method, Request, Response, StatusCode, Version};

use super::Http1Error;

/// What a head says about the rest.
pub(super) struct Framing {
    pub(super) body: Body,
    pub(super) persists: bool,
}

/// Where a body ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunks,
    Close,
}

/// Writes the whole request to `out`, which is emptied first.
pub(super) fn write(request: &Request<Bytes>, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    let target = request.uri();
    match (target.scheme_str(), target.authority()) {
        (Some(scheme), Some(authority)) => {
            for part in [scheme, "://", authority.as_str()] {
                out.extend_from_slice(part.as_bytes());
            }
            out.extend_from_slice(path(target).as_bytes());
        }
        _ => out.extend_from_slice(path(target).as_bytes()),
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        write_header(out, name.as_str(), value.as_bytes());
    }
    let body = request.body();
    let has_length = request.headers().contains_key(CONTENT_LENGTH);
    if !has_length && (!body.is_empty() || request.method() == Method::POST) {
        write_header(out, "content-length", body.len().to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

fn path(target: &hyper::Uri) -> &str {
    target.path_and_query().map_or("/", |path| path.as_str())
}

fn write_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Where the head at the start of `bytes` ends, its empty line included. `searched` bytes have been
/// looked at before.
pub(super) fn end(bytes: &[u8], searched: &mut usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    let rest = bytes.get(from..).unwrap_or_default();
    *searched = bytes.len();
    // Bare line feeds are taken, too, as Go does.
    for place in memchr::memchr_iter(b'\n', rest) {
        let behind = rest.get(place + 1..).unwrap_or_default();
        if behind.starts_with(b"\n") {
            return Some(from + place + 2);
        }
        if behind.starts_with(b"\r\n") {
            return Some(from + place + 3);
        }
    }
    None
}

/// What is no HTTP is found out at once: nothing may follow for which to wait.
pub(super) fn check_start(bytes: &[u8]) -> Result<(), Http1Error> {
    let there = bytes.len().min(START.len());
    match bytes.get(..there) == START.get(..there) {
        true => Ok(()),
        false => Err(Http1Error::Malformed(quoted_line(bytes))),
    }
}

/// The first line as Go tells it.
fn quoted_line(bytes: &[u8]) -> String {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = line.get(..line.len().min(SHOWN_BYTES)).unwrap_or_default();
    format!("\"{}\"", shown.escape_ascii())
}

/// Reads the head of a response.
pub(super) fn parse(bytes: &[u8]) -> Result<(Response<()>, Framing), Http1Error> {
    let malformed = |what: &dyn std::fmt::Display| {
        Http1Error::Malformed(format!("{}: {what}", quoted_line(bytes)))
    };
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let status = head.parse(bytes).map_err(|error| malformed(&error))?;
    if status.is_partial() {
        return Err(malformed(&"the head has no end"));
    }
    let code = head.code.unwrap_or_default();
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(code).map_err(|error| malformed(&error))?;
    let is_old = head.version == Some(0);
    *response.version_mut() = match is_old {
        true => Version::HTTP_10,
        false => Version::HTTP_11,
    };
    if let Some(words) = head.reason
        && response.status().canonical_reason() != Some(words)
        && let Ok(words) = ReasonPhrase::try_from(words.as_bytes())
    {
        response.extensions_mut().insert(words);
    }
    let headers = response.headers_mut();
    headers.reserve(head.headers.len());
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let value = HeaderValue::from_bytes(field.value);
        headers.append(
            name.map_err(|error| malformed(&error))?,
            value.map_err(|error| malformed(&error))?,
        );
    }
    let framing = Framing {
        body: body(headers)?,
        persists: persists(headers, is_old),
    };
    Ok((response, framing))
}

fn body(headers: &HeaderMap) -> Result<Body, Http1Error> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next_back() {
        return match coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
            true => Ok(Body::Chunks),
            false => Err(Http1Error::Malformed(format!(
                "with unsupported transfer encoding: {:?}",
                String::from_utf8_lossy(coding.as_bytes())
            ))),
        };
    }
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let text = value.to_str().unwrap_or_default().trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = text.parse::<u64>().ok().filter(|_| is_number);
        match (parsed, length) {
            (Some(parsed), None) => length = Some(parsed),
            (Some(parsed), Some(before)) if parsed == before => {}
            _ => {
                return Err(Http1Error::Malformed(format!(
                    "with bad Content-Length {text:?}"
                )));
            }
        }
    }
    Ok(length.map_or(Body::Close, Body::Length))
}

fn persists(headers: &HeaderMap, is_old: bool) -> bool {
    let says = |word: &str| {
        headers.get_all(CONNECTION).iter().any(|value| {
            let text = value.to_str().unwrap_or_default();
            text.split(',')
                .any(|part| part.trim().eq_ignore_ascii_case(word))
        })
    };
    !says("close") && (!is_old || says("keep-alive"))
}

/// False for responses that end with their head.
pub(super) fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD
        && !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

/// How each response begins.
const START: &[u8] = b"HTTP/1.";
/// Bytes of a line that are shown when it is wrong.
const SHOWN_BYTES: usize = 100;
/// Header fields of a response that are taken.
const MAX_FIELDS: usize = 128;
