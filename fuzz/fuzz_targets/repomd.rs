//! `repomd.xml` of a master tree.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = scan::repomd::newest_timestamp(bytes);
});
