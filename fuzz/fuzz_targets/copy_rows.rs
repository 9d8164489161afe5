//! The binary copy of PostgreSQL, cut into chunks anywhere: the same rows, or the same refusal.
#![no_main]

use store::export::CopyRows;

libfuzzer_sys::fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, size) = input;
    let read = |size: usize| {
        let mut parser = CopyRows::<2>::default();
        let mut rows = Vec::new();
        let read = bytes
            .chunks(size)
            .try_for_each(|chunk| {
                parser.push(chunk, |fields| {
                    rows.push(fields.map(|field| field.map(<[u8]>::to_vec)));
                    Ok(())
                })
            })
            .and_then(|()| parser.finish());
        read.map(|()| rows)
    };
    let whole = read(bytes.len().max(1));
    assert_eq!(whole.ok(), read(usize::from(size).max(1)).ok());
});
