//! Evidence is the same however the input is cut, and a type that it says fits rejects nothing.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| _native::fuzzing::scan(data));
