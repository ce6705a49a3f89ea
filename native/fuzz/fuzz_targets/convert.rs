//! Rows, rejects and counts are the same however the input is cut, and balance.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| _native::fuzzing::convert(data));
