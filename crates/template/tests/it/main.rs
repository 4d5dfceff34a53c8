//! Behaviour of templates.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose data does not fit has failed"
)]

mod data;
mod equals_go;
mod keeps_limits;
mod resists_injection;
