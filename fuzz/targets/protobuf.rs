//! Feeds any bytes to [`exposition::fuzzing::protobuf`].
#![no_main]

libfuzzer_sys::fuzz_target!(|page: &[u8]| exposition::fuzzing::protobuf(page));
