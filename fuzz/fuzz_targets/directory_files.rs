//! Stored file lists: JSON, and the plain-data subset of pickles.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("directory_files", input));
