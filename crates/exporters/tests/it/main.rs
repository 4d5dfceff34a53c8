//! The exporters on files of a whole machine.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "these are tests, which end by panics and say what they skip"
)]

mod conformance;
mod textfile_cases;
