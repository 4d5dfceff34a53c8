//! A page of metrics, as every `/metrics` here serves it: format by `Accept`, gzip on request.

use std::sync::Arc;

use axum::body::Body;
use exposition::{Collector, Format, encode};
use host::pool::Pool;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};

/// Collects on a pool thread, since collecting may block, and encodes as the asker accepts.
pub(crate) async fn render(
    collector: Arc<dyn Collector>,
    pool: &Pool,
    headers: &HeaderMap,
) -> Response<Body> {
    let accepted = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let format = Format::negotiate(accepted);
    let encoded = pool
        .run(move || {
            let mut families = Vec::new();
            collector.collect(&mut families);
            families.sort_by(|a, b| a.name.cmp(&b.name));
            let mut page = Vec::with_capacity(PAGE_BYTES);
            encode::encode(format, &families, &mut page);
            page
        })
        .await;
    match encoded {
        Ok(page) => Response::builder()
            .header(CONTENT_TYPE, format.content_type())
            .body(Body::from(page))
            .expect("constant headers are valid"),
        Err(error) => Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(Body::from(format!("{error}\n")))
            .expect("constant headers are valid"),
    }
}

/// Room for a usual page, so that encoding one allocates once.
const PAGE_BYTES: usize = 64 << 10;
