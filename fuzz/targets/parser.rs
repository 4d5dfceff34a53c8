//! Feeds any text to [`promql::fuzzing::parser`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| promql::fuzzing::parser(text));
