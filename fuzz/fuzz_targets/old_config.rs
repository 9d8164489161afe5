//! The old programs' Python configuration file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("old_config", input));
