//! Checksum files of every kind.
#![no_main]

use model::checksums::{Checksums, kind};

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8])| {
    if let Some(kind) = kind(input.0) {
        Checksums::default().read(kind, input.1);
    }
});
