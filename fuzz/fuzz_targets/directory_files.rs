//! Stored file lists: JSON, and the plain-data subset of pickles.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(files) = model::files::decode(bytes) {
        let again = model::files::decode(&model::files::encode(&files));
        assert_eq!(again.ok().as_ref(), Some(&files));
    }
});
