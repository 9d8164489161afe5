//! The text of a netblock.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("netblock", input));
