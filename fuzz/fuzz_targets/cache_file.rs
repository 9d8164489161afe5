//! The mirrorlist cache: decoded, viewed, and asked.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("cache_file", input));
