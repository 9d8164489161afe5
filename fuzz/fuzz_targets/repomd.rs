//! `repomd.xml` of a master tree.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("repomd", input));
