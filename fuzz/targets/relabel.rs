//! Feeds any text to [`model::relabel::fuzzing::relabel`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| model::relabel::fuzzing::relabel(text));
