//! Whether the process lives, is ready, shall reload or end.

use axum::body::Body;
use axum::extract::State;
use http::{Method, Response, StatusCode};

use crate::response::plain;
use crate::services::Services;

/// `/-/healthy`: always, also while the log is replayed.
pub(crate) async fn healthy() -> Response<Body> {
    plain(StatusCode::OK, "Prometheus Server is Healthy.\n")
}

/// `/-/ready`: once storage is open and targets are being scraped.
pub(crate) async fn ready(State(services): State<Services>) -> Response<Body> {
    match services.lifecycle().is_ready() {
        true => plain(StatusCode::OK, "Prometheus Server is Ready.\n"),
        false => plain(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

/// `/-/reload`
pub(crate) async fn reload(State(services): State<Services>, method: Method) -> Response<Body> {
    if let Some(refusal) = refused(&services, &method) {
        return refusal;
    }
    match services.lifecycle().reload().await {
        Ok(()) => plain(StatusCode::OK, ""),
        Err(reason) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("failed to reload config: {reason}\n"),
        ),
    }
}

/// `/-/quit`
pub(crate) async fn quit(State(services): State<Services>, method: Method) -> Response<Body> {
    if let Some(refusal) = refused(&services, &method) {
        return refusal;
    }
    services.lifecycle().quit();
    plain(StatusCode::OK, "Requesting termination... Goodbye!")
}

fn refused(services: &Services, method: &Method) -> Option<Response<Body>> {
    if ![Method::POST, Method::PUT].contains(method) {
        let reason = "Only POST or PUT requests allowed";
        return Some(plain(StatusCode::METHOD_NOT_ALLOWED, reason));
    }
    let enabled = services.lifecycle().is_enabled();
    (!enabled).then(|| plain(StatusCode::FORBIDDEN, "Lifecycle API is not enabled."))
}
