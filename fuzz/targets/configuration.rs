//! Feeds any text to [`config::fuzzing::configuration`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| config::fuzzing::configuration(text));
