//! Feeds any text to [`promql::fuzzing::series_notation`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| promql::fuzzing::series_notation(text));
