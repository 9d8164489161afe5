//! Lines of an FTP listing.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run("ftp_listing", input));
