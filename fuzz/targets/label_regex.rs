//! Feeds any text to [`promql::fuzzing::label_regex`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| promql::fuzzing::label_regex(text));
