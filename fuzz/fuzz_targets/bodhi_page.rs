//! A page of Bodhi's list of current releases.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("bodhi_page", input));
