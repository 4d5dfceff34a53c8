//! The page: files of `ui/dist`, embedded at build time with their compressed forms.

use axum::body::Body;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};

use crate::response::plain;

/// One embedded file. The table is written by the build script.
pub(crate) struct File {
    path: &'static str,
    raw: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets_table.rs"));

/// The single page that all views share.
pub(crate) fn index(headers: &HeaderMap) -> Response<Body> {
    match find("index.html") {
        Some(file) => serve(file, headers, "no-cache"),
        None => Response::builder()
            .header(CONTENT_TYPE, "text/html; charset=utf-8")
            .header(CACHE_CONTROL, "no-store")
            .body(Body::from(NOT_BUILT))
            .expect("constant headers are valid"),
    }
}

/// A file of the page by its path, such as `assets/index-3f2a.js`.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Response<Body> {
    let hashed = path.starts_with("assets/");
    let caching = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    match find(path) {
        Some(file) => serve(file, headers, caching),
        None => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
    }
}

fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

fn serve(file: &'static File, headers: &HeaderMap, caching: &str) -> Response<Body> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let tag = format!("\"{:016x}\"", entity_tag(file.raw));
    let mut response = Response::builder()
        .header(CONTENT_TYPE, content_type(file.path))
        .header(CACHE_CONTROL, caching)
        .header(VARY, "Accept-Encoding")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(REFERRER_POLICY, "same-origin")
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(ETAG, &tag);
    if text(IF_NONE_MATCH) == tag {
        let unchanged = response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty());
        return unchanged.expect("constant headers are valid");
    }
    let accepted = text(ACCEPT_ENCODING);
    let (bytes, encoding) = match file {
        File {
            brotli: Some(bytes),
            ..
        } if accepted.contains("br") => (*bytes, "br"),
        File {
            gzip: Some(bytes), ..
        } if accepted.contains("gzip") => (*bytes, "gzip"),
        File { raw, .. } => (*raw, ""),
    };
    if !encoding.is_empty() {
        response = response.header(CONTENT_ENCODING, encoding);
    }
    response
        .body(Body::from(bytes))
        .expect("constant headers are valid")
}

/// FNV-1a: names a version of a file inside one cache, nothing more.
fn entity_tag(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "webmanifest" => "application/json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// What the page may load: itself. Mantine sets style attributes, hence the one exception.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; frame-ancestors 'self'";

/// Served when the binary was built without the page.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Narthex</title>\
<body style=\"font:16px system-ui;margin:3rem;max-width:40rem\"><h1>Narthex is running</h1>\
<p>This binary was built without its web page. Build it with <code>make ui</code>, then build the \
binary again; <code>make up</code> does both.</p><p>The HTTP API works: \
<a href=\"/api/v1/query?query=up\">/api/v1/query?query=up</a>, \
<a href=\"/metrics\">/metrics</a>.</p>";
