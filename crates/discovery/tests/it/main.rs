//! Discovery as a whole: files on a real disk, APIs on loopback.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its files has failed"
)]

mod apis;
mod server;
mod watched_files;
