//! Feeds any bytes to [`exposition::fuzzing::openmetrics`].
#![no_main]

libfuzzer_sys::fuzz_target!(|page: &[u8]| exposition::fuzzing::openmetrics(page));
