//! Chunks are the same however the input is fed, and hold the records of the whole input.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| _native::fuzzing::split(data));
