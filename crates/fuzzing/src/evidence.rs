//! What our own table of evidence holds, should somebody else have written into it.

use model::evidence::codec::{decode, encode};
use model::evidence::{BackOff, Evidence, Method, Record, Standing};
use model::fingerprint::Fingerprint;
use model::ids::DirectoryId;

/// Any bytes as packed evidence. What can be read is packed into the same bytes.
pub(crate) fn packed(input: &[u8]) {
    if let Ok(evidence) = decode(input) {
        assert_eq!(encode(&evidence), input);
        assert!(evidence.records().is_sorted_by(|one, next| one.directory < next.directory));
    }
}

pub(crate) fn packed_seeds() -> Vec<Vec<u8>> {
    let record = |id, method, standing| Record {
        directory: DirectoryId(id),
        fingerprint: Fingerprint(0x0123_4567_89ab_cdef),
        checked_at: 1_800_000_000 - i64::from(id),
        method,
        standing,
    };
    let records = vec![
        record(1, Method::Nothing, Standing::Current),
        record(300, Method::Http, Standing::Stale(BackOff::FIRST)),
        record(70_000, Method::Rsync, Standing::Unknown(BackOff::FIRST.again())),
    ];
    vec![encode(&Evidence::default()), encode(&Evidence::new(1_800_000_000, records))]
}
