//! What rsync prints.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("rsync_listing", input));
