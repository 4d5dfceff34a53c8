//! Feeds any text to [`promql::fuzzing::lexer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| promql::fuzzing::lexer(text));
