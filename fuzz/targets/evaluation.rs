//! Feeds any text to [`promql::fuzzing::evaluation`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| promql::fuzzing::evaluation(text));
