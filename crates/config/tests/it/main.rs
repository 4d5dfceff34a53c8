//! What the configuration reader does with whole files of others.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its data has failed"
)]
#![allow(clippy::print_stdout, reason = "tests print what they skipped")]

mod conformance;
