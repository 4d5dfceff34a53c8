//! Whether the process lives, is ready, shall reload or end.

use axum::body::Body;
use axum::extract::State;
use http::header::CONTENT_TYPE;
use http::{Method, Response, StatusCode};

use crate::services::Services;

/// `/-/healthy`: always, also while the log is replayed.
pub(crate) async fn healthy() -> Response<Body> {
    text(StatusCode::OK, "Prometheus Server is Healthy.\n")
}

/// `/-/ready`: once storage is open and targets are being scraped.
pub(crate) async fn ready(State(services): State<Services>) -> Response<Body> {
    match services.lifecycle().is_ready() {
        true => text(StatusCode::OK, "Prometheus Server is Ready.\n"),
        false => text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

/// `/-/reload`
pub(crate) async fn reload(State(services): State<Services>, method: Method) -> Response<Body> {
    if let Some(refusal) = refused(&services, &method) {
        return refusal;
    }
    match services.lifecycle().reload().await {
        Ok(()) => text(StatusCode::OK, ""),
        Err(reason) => text(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("failed to reload config: {reason}\n"),
        ),
    }
}

/// `/-/quit`
pub(crate) async fn quit(State(services): State<Services>, method: Method) -> Response<Body> {
    if let Some(refusal) = refused(&services, &method) {
        return refusal;
    }
    services.lifecycle().quit();
    text(StatusCode::OK, "Requesting termination... Goodbye!")
}

fn refused(services: &Services, method: &Method) -> Option<Response<Body>> {
    if !services.lifecycle().is_enabled() {
        return Some(text(StatusCode::FORBIDDEN, "Lifecycle API is not enabled."));
    }
    let allowed = [Method::POST, Method::PUT].contains(method);
    (!allowed).then(|| {
        text(
            StatusCode::METHOD_NOT_ALLOWED,
            "Only POST or PUT requests allowed",
        )
    })
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Body::from(text.to_owned()))
        .expect("constant headers are valid")
}
