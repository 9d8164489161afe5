//! The configuration of scan-primary-mirror.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("spm_config", input));
