//! What people type into forms: URLs, countries, AS numbers.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("entered_text", input));
