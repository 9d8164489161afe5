//! Path, query and headers of a request, up to the answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("question", input));
