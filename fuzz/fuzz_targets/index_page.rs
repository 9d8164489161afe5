//! An index page of a mirror.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("index_page", input));
