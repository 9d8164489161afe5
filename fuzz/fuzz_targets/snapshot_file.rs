//! The native snapshot. Hashes count as right.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("snapshot_file", input));
