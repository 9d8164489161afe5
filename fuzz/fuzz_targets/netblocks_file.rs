//! Prefixes with their AS numbers.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("netblocks_file", input));
