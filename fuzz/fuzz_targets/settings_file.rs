//! A settings file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("settings_file", input));
