//! Checksum files of every kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("checksums", input));
