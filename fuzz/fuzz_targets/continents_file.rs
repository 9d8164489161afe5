//! Country and continent.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("continents_file", input));
