//! A `fullfiletimelist-*`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("full_file_time_list", input));
