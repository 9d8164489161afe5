//! The old programs' Python configuration file, of which only plain values are read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mirrormanager::compat::old_config::fuzz(bytes));
