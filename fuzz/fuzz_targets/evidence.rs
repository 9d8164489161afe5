//! Packed evidence of what mirrors hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("evidence", input));
