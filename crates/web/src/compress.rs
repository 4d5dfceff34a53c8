//! Compresses answers for askers that accept gzip.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt as _;
use libdeflater::{CompressionLvl, Compressor};

/// Below this many bytes an answer fits into one packet as it is.
const WORTH_IT: usize = 1_400;
/// Fast rather than small: API answers are read once.
const LEVEL: i32 = 1;

/// Middleware: answers of a kilobyte and more leave compressed if the asker accepts that.
pub(crate) async fn gzip(request: Request, next: Next) -> Response<Body> {
    let accepted = accepts_gzip(request.headers());
    let response = next.run(request).await;
    if !accepted || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(collected) = body.collect().await else {
        return Response::from_parts(parts, Body::empty());
    };
    let plain = collected.to_bytes();
    if plain.len() < WORTH_IT {
        return Response::from_parts(parts, Body::from(plain));
    }
    parts
        .headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts
        .headers
        .insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(compressed(&plain)))
}

/// True if the asker takes gzip.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|coding| {
                let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim() == "gzip" && quality.trim().trim_start_matches("q=") != "0"
            })
        })
}

fn compressed(plain: &[u8]) -> Vec<u8> {
    let level = CompressionLvl::new(LEVEL).expect("the level is one that the library has");
    let mut compressor = Compressor::new(level);
    let mut bytes = vec![0; compressor.gzip_compress_bound(plain.len())];
    let len = compressor
        .gzip_compress(plain, &mut bytes)
        .expect("the buffer holds the largest possible output");
    bytes.truncate(len);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_where_it_is_accepted() {
        let cases = [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("x-gzip", false),
        ];
        for (text, want) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, text.parse().unwrap())]);
            assert_eq!(accepts_gzip(&headers), want, "{text}");
        }
    }
}
