//! A saved listing of any form.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("saved_listing", input));
