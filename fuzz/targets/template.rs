//! Feeds any text to [`template::fuzzing::template`].
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| template::fuzzing::template(text));
