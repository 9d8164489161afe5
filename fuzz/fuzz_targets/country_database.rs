//! A MaxMind database and look-ups in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("country_database", input));
