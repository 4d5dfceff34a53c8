//! Feeds any bytes to [`exposition::fuzzing::text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|page: &[u8]| exposition::fuzzing::text(page));
