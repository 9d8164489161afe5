//! The binary copy of PostgreSQL, cut into chunks anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("copy_rows", input));
