//! Everything a person or a tool asks over HTTP: the API, the page, metrics, health.
//!
//! [`router::server`] answers for a server whose components are behind [`services::Services`];
//! [`router::exporter`] answers for an exporter; [`server::serve`] puts either on a socket.
//!
//! ```
//! let answer = web::response::ApiError::new(web::response::ErrorKind::BadData, "no such label");
//! assert_eq!(answer.to_string(), "no such label");
//! ```
//!
//! **Must not know:** the command line, the life of the process, how components work inside.

pub use axum::Router;

pub mod access;
pub mod active_queries;
mod admission;
mod api;
mod assets;
mod client;
mod compress;
mod form;
mod health;
mod instruments;
mod json;
pub mod lifecycle;
mod metrics_page;
mod parameters;
mod queries;
mod request_target;
pub mod response;
pub mod router;
pub mod server;
pub mod services;
