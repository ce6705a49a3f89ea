//! Ranges that are surveyed on their own hold the records of the whole input.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| _native::fuzzing::survey(data));
