//! Everything of the interchange format that is not per directory, encoded in two halves.
//!
//! Fields are in the order of their numbers: the file details come in between, the directories last.

use prost::Message as _;
use snapshot::proto::MirrorList;

/// Number 1 with the value 0: what a message begins with whose time is not set.
const NO_TIME: &[u8] = &[1 << 3, 0];

/// The two halves.
pub(crate) struct Halves {
    pub(crate) before_files: Vec<u8>,
    pub(crate) behind_files: Vec<u8>,
}

impl Halves {
    pub(crate) fn of(head: &MirrorList) -> Self {
        let before = MirrorList {
            time: head.time,
            netblock_country_cache: head.netblock_country_cache.clone(),
            location_cache: head.location_cache.clone(),
            hc_url_cache: head.hc_url_cache.clone(),
            ..MirrorList::default()
        };
        let behind = MirrorList {
            time: 0,
            netblock_country_cache: Vec::new(),
            location_cache: Vec::new(),
            hc_url_cache: Vec::new(),
            ..head.clone()
        };
        let behind = behind.encode_to_vec();
        Self {
            before_files: before.encode_to_vec(),
            behind_files: behind.strip_prefix(NO_TIME).unwrap_or(&behind).to_vec(),
        }
    }
}
