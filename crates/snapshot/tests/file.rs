//! The cache file: what is written is read again, and what is no cache is refused with path and reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use proptest::prelude::*;
use snapshot::Snapshot;
use snapshot::proto::{
    self, DecodeError, IntIntMap, IntRepeatedIntMap, IntStringMap, MirrorList, MirrorListCacheType,
    StringRepeatedIntMap,
};

fn cache() -> MirrorList {
    MirrorList {
        time: 1_700_000_000,
        hc_url_cache: vec![IntStringMap { key: 7, value: "https://m.example/pub".into() }],
        mirror_list_cache: vec![MirrorListCacheType {
            directory: "pub/a".into(),
            global: vec![-1, 300],
            subpath: Some("a".into()),
            by_host_id: vec![IntRepeatedIntMap { key: 300, value: vec![7] }],
            ..MirrorListCacheType::default()
        }],
        ..MirrorList::default()
    }
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let expected: Vec<u8> = [
        // Time = 1700000000
        b"\x08\x80\xe2\xcf\xaa\x06".as_slice(),
        // HCUrlCache: 7, text
        b"\x22\x19\x08\x07\x12\x15https://m.example/pub",
        // MirrorListCache: name, two numbers that are not packed (a negative one takes ten bytes), subpath
        b"\x82\x01\x1f\x0a\x05pub/a\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\xac\x02\x1a\x01a",
        // its ByHostId: 300 -> 7
        b"\x32\x05\x08\xac\x02\x10\x07",
    ]
    .concat();
    assert_eq!(proto::encode(&cache()), expected);
    assert_eq!(proto::decode(&expected).unwrap(), cache());
}

#[test]
fn packed_numbers_and_unknown_fields_are_read_too() {
    let bytes = [
        b"\x08\x01".as_slice(),
        b"\x82\x01\x0c\x0a\x05pub/a\x12\x03\x01\xac\x02",
        // Field 99: a number, a text, four and eight bytes.
        b"\x98\x06\x05\x9a\x06\x01x\x9d\x06abcd\x99\x06abcdefgh",
    ]
    .concat();
    let read = proto::decode(&bytes).unwrap();
    assert_eq!(read.mirror_list_cache[0].global, [1, 300]);
    assert_eq!(Snapshot::from_bytes(bytes.clone()).unwrap().directory("pub/a").unwrap().global().len(), 2);
}

#[test]
fn an_absent_required_field_is_named() {
    let cases: [(&[u8], &str, &str); 5] = [
        (b"", "MirrorList", "Time"),
        (b"\x22\x02\x08\x07\x08\x01", "IntStringMap", "value"),
        (b"\x08\x01\x82\x01\x02\x10\x01", "MirrorListCacheType", "directory"),
        (b"\x08\x01\x82\x01\x05\x0a\x01a\x32\x00", "IntRepeatedIntMap", "key"),
        (b"\x08\x01\x2a\x0a\x0a\x01a\x12\x05\x0a\x01b\x12\x00", "FileDetailsType", "TimeStamp"),
    ];
    for (bytes, message, field) in cases {
        for result in [proto::decode(bytes).map(drop), Snapshot::from_bytes(bytes.to_vec()).map(drop)] {
            match result {
                Err(DecodeError::Missing { message: m, field: f, .. }) => {
                    assert_eq!((m, f), (message, field))
                }
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_cut_of_a_cache_is_refused_or_ends_between_fields() {
    let bytes = proto::encode(&cache());
    let whole_fields = [6, 33];
    for length in 0..bytes.len() {
        let result = proto::decode(&bytes[..length]);
        assert_eq!(result.is_ok(), whole_fields.contains(&length), "{length}: {result:?}");
    }
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    proto::write(&path, &cache()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(proto::read(&path).unwrap(), cache());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let newer = MirrorList { time: 2, ..cache() };
    proto::write(&link, &newer).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o664);
    assert_eq!(proto::read(&path).unwrap(), newer);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

/// Whoever the file belonged to has it still. Only root can give files away; others keep their own.
#[test]
fn a_replaced_file_keeps_its_owner_and_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    proto::write(&path, &cache()).unwrap();
    let own = fs::metadata(&path).unwrap();
    let (owner, group) = if own.uid() == 0 { (65_534, 65_533) } else { (own.uid(), own.gid()) };
    std::os::unix::fs::chown(&path, Some(owner), Some(group)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    proto::write(&path, &cache()).unwrap();
    let replaced = fs::metadata(&path).unwrap();
    assert_ne!(replaced.ino(), own.ino());
    assert_eq!((replaced.uid(), replaced.gid()), (owner, group));
    assert_eq!(replaced.permissions().mode() & 0o777, 0o640);
}

/// Each of them costs a bit in every set, so their number must not be the file's to choose.
#[test]
fn more_hosts_or_countries_than_there_can_be_are_refused() {
    let weights = |hosts: i64| MirrorList {
        host_bandwidth_cache: (0..hosts).map(|key| IntIntMap { key, value: 1 }).collect(),
        ..MirrorList::default()
    };
    assert!(Snapshot::from_proto(&weights(1 << 20)).is_ok());
    assert!(Snapshot::from_proto(&weights((1 << 20) + 1)).is_err());
    let countries = |count: i64| MirrorList {
        host_country_cache: (0..count).map(|key| IntStringMap { key, value: format!("C{key}") }).collect(),
        ..MirrorList::default()
    };
    assert!(Snapshot::from_proto(&countries(4096)).is_ok());
    assert!(Snapshot::from_proto(&countries(4097)).is_err());
}

#[test]
fn a_file_that_can_not_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent/cache.proto");
    let message = proto::write(&absent, &cache()).unwrap_err().to_string();
    assert!(message.contains("absent/cache.proto"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_cache_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    for (content, reason) in [
        (&b""[..], "missing required field `Time`"),
        (b"\x08\x01\x82\x01\x7f", "unexpected end of file at byte 2"),
        (b"\x08\x01\x07", "damaged at byte 2"),
    ] {
        fs::write(&path, content).unwrap();
        let messages =
            [proto::read(&path).unwrap_err().to_string(), Snapshot::read(&path).unwrap_err().to_string()];
        for message in messages {
            assert!(message.contains(reason) && message.contains(path.to_str().unwrap()), "{message}");
        }
    }
    let message = Snapshot::read(&folder.path().join("none")).unwrap_err().to_string();
    assert!(message.contains("none"), "{message}");
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let whole = proto::decode(&bytes).is_ok();
        prop_assert_eq!(Snapshot::from_bytes(bytes.clone()).is_ok(), whole);
    }

    #[test]
    fn both_readers_refuse_the_same_damage(at in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let mut cache = cache();
        let countries = vec![StringRepeatedIntMap { key: "DE".into(), value: vec![300, -1] }];
        cache.mirror_list_cache[0].by_country = countries.clone();
        cache.mirror_list_cache[0].by_country_internet2 = countries;
        cache.mirror_list_cache[0].ordered_mirror_list = Some(true);
        let mut bytes = proto::encode(&cache);
        let length = bytes.len();
        bytes[at % length] = byte;
        // Every other cache is cut.
        bytes.truncate(cut % (length * 2));
        let whole = proto::decode(&bytes).is_ok();
        prop_assert_eq!(Snapshot::from_bytes(bytes.clone()).is_ok(), whole);
    }
}
