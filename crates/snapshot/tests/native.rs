//! The native file: the same bytes for the same content, and refused whole when a single bit of it is not as it
//! was written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::net::IpAddr;

use proptest::prelude::*;
use snapshot::proto::{
    DecodeError, FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap,
    IntRepeatedIntMap, IntRepeatedStringMap, IntStringMap, MirrorList, MirrorListCacheType, StringBoolMap,
    StringRepeatedIntMap, StringStringMap,
};
use snapshot::{
    Builder, Coordinates, Detail, Digest, DigestKind, DirectoryParts, Exclusive, Extras, Families,
    FormatError, HostBits, HostFacts, PublicKey, Routing, SigningKey, Snapshot,
};

const HOSTS: i64 = 70;

/// A cache with something in every table.
fn cache() -> MirrorList {
    let pair = |key: &str, value: &str| StringStringMap { key: key.into(), value: value.into() };
    let country = |host: i64| ["DE", "FR", "US"][host as usize % 3];
    let directory = |name: &str| MirrorListCacheType {
        directory: format!("pub/{name}"),
        subpath: Some(name.into()),
        global: (0..HOSTS).collect(),
        by_country: ["DE", "FR", "US"]
            .map(|code| StringRepeatedIntMap {
                key: code.into(),
                value: (0..HOSTS).filter(|host| country(*host) == code).collect(),
            })
            .into(),
        by_host_id: (0..HOSTS)
            .map(|key| IntRepeatedIntMap { key, value: vec![2 * key, 2 * key + 1] })
            .collect(),
        ..MirrorListCacheType::default()
    };
    let detail = |time_stamp: u64| FileDetailsType {
        time_stamp,
        size: 3,
        sha256: Some("ab".repeat(32)),
        md5: Some("NOT HEX".into()),
        ..FileDetailsType::default()
    };
    MirrorList {
        time: 1_700_000_000,
        netblock_country_cache: vec![pair("10.0.0.0/8", "DE"), pair("2001:db8::/32", "FR")],
        hc_url_cache: (0..2 * HOSTS)
            .map(|key| IntStringMap { key, value: format!("https://m{key}.example/pub/") })
            .collect(),
        file_details_cache: vec![FileDetailsCacheDirectoryType {
            directory: "pub/a/repodata".into(),
            file_details_cache_files: vec![FileDetailsCacheFilesType {
                filename: "repomd.xml".into(),
                file_details: vec![detail(2), detail(1)],
            }],
        }],
        disabled_repository_cache: vec![StringBoolMap { key: "off".into(), value: true }],
        country_continent_redirect_cache: vec![pair("IL", "EU")],
        repository_redirect_cache: vec![pair("old", "new")],
        repo_arch_to_directory_name: vec![pair("new+x86_64", "pub/a"), pair("off+x86_64", "pub/b")],
        host_asn_cache: vec![IntRepeatedIntMap { key: 64512, value: vec![3, 4] }],
        host_country_cache: (0..HOSTS).map(|key| IntStringMap { key, value: country(key).into() }).collect(),
        host_bandwidth_cache: (0..HOSTS).map(|key| IntIntMap { key, value: key * 10 }).collect(),
        host_country_allowed_cache: vec![IntRepeatedStringMap { key: 5, value: vec!["FR".into()] }],
        host_netblock_cache: vec![
            StringRepeatedIntMap { key: "192.0.2.0/24".into(), value: vec![1, 2] },
            StringRepeatedIntMap { key: "192.0.2.0/25".into(), value: vec![3] },
        ],
        mirror_list_cache: vec![directory("a"), directory("a/repodata"), directory("b")],
        ..MirrorList::default()
    }
}

fn extras() -> Extras {
    Extras {
        hosts: vec![HostFacts {
            id: 1,
            name: "mirror.example".into(),
            coordinates: Some(Coordinates { latitude: 1.5, longitude: -2.5 }),
        }],
        families: vec![(1, Families { v4: true, v6: false })],
        exclusive: vec![Exclusive { network: "198.51.100.0/24".parse().unwrap(), host: 9, hashes: true }],
    }
}

fn file(snapshot: &Snapshot, signer: Option<&SigningKey>) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert_eq!(snapshot.write_to(42, signer, &mut bytes).unwrap(), bytes.len() as u64);
    bytes
}

fn written() -> Vec<u8> {
    file(&Snapshot::with_extras(&cache(), &extras()).unwrap(), None)
}

fn refusal(bytes: impl Into<Vec<u8>>) -> String {
    Snapshot::from_bytes(bytes.into()).unwrap_err().to_string()
}

#[test]
fn an_empty_view_is_a_file_too() {
    let read = Snapshot::from_bytes(file(&Snapshot::default(), None)).unwrap();
    assert_eq!(read.counts(), Snapshot::default().counts());
}

#[test]
fn equal_content_gives_equal_bytes_also_after_a_file() {
    let bytes = written();
    assert_eq!(bytes, written());
    let read = Snapshot::from_bytes(bytes.clone()).unwrap();
    assert_eq!(file(&read, None), bytes);
    assert_eq!((read.created(), read.serial()), (1_700_000_000, 42));
    assert_eq!(read.counts(), Snapshot::with_extras(&cache(), &extras()).unwrap().counts());
}

#[test]
fn every_flipped_bit_of_the_header_is_refused() {
    let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let snapshot = Snapshot::with_extras(&cache(), &extras()).unwrap();
    for bytes in [file(&snapshot, None), file(&snapshot, Some(&key))] {
        let header = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        for at in 0..header {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(Snapshot::from_bytes(damaged).is_err(), "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn ten_thousand_flipped_bits_anywhere_and_every_cut_are_refused() {
    let bytes = written();
    let mut state = 1u64;
    for _ in 0..10_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % bytes.len();
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (state >> 30 & 7);
        assert!(Snapshot::from_bytes(damaged).is_err(), "byte {at}");
    }
    for length in 0..bytes.len() {
        assert!(Snapshot::from_bytes(bytes[..length].to_vec()).is_err(), "{length} bytes");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(refusal(longer).contains("bytes behind the last section"));
}

/// The file again, with its header changed by `change` and its hash made to fit.
fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = written();
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    change(&mut bytes);
    let hash = *blake3::hash(&bytes[..length - 96]).as_bytes();
    bytes[length - 96..length - 64].copy_from_slice(&hash);
    bytes
}

#[test]
fn what_a_newer_program_wrote_is_skipped_or_named() {
    assert!(refusal(forged(|bytes| bytes[8] = 2)).contains("version 2"));
    // The last section gets a kind that this program does not know: networks are then missing.
    let unknown = |bytes: &mut Vec<u8>| bytes[72 + 56 * 6] = 77;
    assert_eq!(refusal(forged(unknown)), "the snapshot makes no sense in section networks: it is missing");
    // A further section does no harm.
    let snapshot = Snapshot::with_extras(&cache(), &extras()).unwrap();
    let bytes = file(&snapshot, None);
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let section = b"of a newer program";
    let mut longer = bytes[..length - 96].to_vec();
    longer[12..16].copy_from_slice(&(length as u32 + 56).to_le_bytes());
    longer[32..36].copy_from_slice(&8u32.to_le_bytes());
    // All sections begin 56 bytes later.
    for entry in longer[72..].as_chunks_mut::<56>().0 {
        let offset = u64::from_le_bytes(entry[8..16].try_into().unwrap()) + 56;
        entry[8..16].copy_from_slice(&offset.to_le_bytes());
    }
    longer.extend(1000u32.to_le_bytes());
    longer.extend([0; 4]);
    longer.extend((bytes.len() as u64 + 56).to_le_bytes());
    longer.extend((section.len() as u64).to_le_bytes());
    longer.extend(blake3::hash(section).as_bytes());
    longer.extend(*blake3::hash(&longer).as_bytes());
    longer.extend([0; 64]);
    longer.extend(&bytes[length..]);
    longer.extend(section);
    let read = Snapshot::from_bytes(longer.clone()).unwrap();
    assert_eq!(file(&read, None), bytes);
    let names: Vec<String> =
        snapshot::sections(&longer.into()).unwrap().into_iter().map(|section| section.name).collect();
    assert_eq!(names.last().unwrap(), "unknown 1000");
}

/// A program's fault must not become a fault of every server that reads its file.
#[test]
fn content_that_makes_no_sense_is_refused_although_its_hash_is_right() {
    let bytes = written();
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let mut refused = 0;
    for (number, entry) in bytes[72..length - 96].as_chunks::<56>().0.iter().enumerate() {
        let field = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap()) as usize;
        let (begin, size) = (field(8), field(16));
        for at in (0..size).step_by(size / 400 + 1) {
            let forged = forged(|bytes| {
                bytes[begin + at] ^= 0x81;
                let hash = *blake3::hash(&bytes[begin..begin + size]).as_bytes();
                bytes[72 + 56 * number + 24..72 + 56 * number + 56].copy_from_slice(&hash);
            });
            // Some bytes, such as those of a size, can be anything; what is taken must be usable.
            match Snapshot::from_bytes(forged) {
                Err(DecodeError::Native(FormatError::Content(_))) => refused += 1,
                Err(other) => panic!("section {number}, byte {at}: {other}"),
                Ok(snapshot) => look_at_everything(&snapshot),
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

fn look_at_everything(snapshot: &Snapshot) {
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    for directory in snapshot.all_directories() {
        assert!(snapshot.directory(directory.name()).is_some());
        for host in directory.carried().iter().chain(directory.global().iter()) {
            assert!(snapshot.host(host).is_some());
            let _ =
                directory.offer(host).map(|offer| offer.urls().map(|url| url.trimmed().len()).sum::<usize>());
        }
        for (_, file) in directory.files() {
            for detail in file.details() {
                DigestKind::ALL.into_iter().for_each(|kind| detail.push_digest(kind, &mut String::new()));
            }
        }
    }
    assert!(snapshot.host_networks(address).count() < 10);
    let _ = (snapshot.proto_head(), snapshot.exclusive(address), snapshot.smallest_country_network(address));
}

#[test]
fn a_signature_names_its_key_and_fits_no_other_content() {
    let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let snapshot = Snapshot::with_extras(&cache(), &extras()).unwrap();
    let signed = file(&snapshot, Some(&key));
    let read = Snapshot::from_bytes(signed.clone()).unwrap();
    assert_eq!(read.signer(), Some(key.public()));
    assert_eq!(Snapshot::from_bytes(file(&snapshot, None)).unwrap().signer(), None);
    // The header of another file with this one's signature.
    let length = u32::from_le_bytes(signed[12..16].try_into().unwrap()) as usize;
    let mut other = Vec::new();
    snapshot.write_to(43, Some(&key), &mut other).unwrap();
    other[length - 64..length].copy_from_slice(&signed[length - 64..length]);
    assert_eq!(refusal(other), "the signature of the snapshot is wrong");
    assert!(PublicKey::from_pem(&key.public().to_pem()).is_ok());
}

#[test]
fn a_file_is_read_into_memory_or_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.snapshot");
    let snapshot = Snapshot::with_extras(&cache(), &extras()).unwrap();
    let bytes = snapshot.write(&path, 42, None).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    for read in [Snapshot::read(&path).unwrap(), Snapshot::map(&path).unwrap()] {
        // The file may be replaced while it is used.
        Snapshot::default().write(&path, 1, None).unwrap();
        assert_eq!(file(&read, None), written());
        snapshot.write(&path, 42, None).unwrap();
    }
    fs::write(&path, &written()[..500]).unwrap();
    let message = Snapshot::read(&path).unwrap_err().to_string();
    assert!(message.contains("cache.snapshot") && message.contains("500 bytes instead of"), "{message}");
}

#[test]
fn a_routing_table_and_a_country_database_can_come_with_it() {
    let lines = b"192.0.2.0/24 64512\n2001:db8::/32 AS7\n";
    let routing = Routing {
        asns: geo::Asns::from_bytes(lines, geo::EmptyIpv4::Refuse).unwrap().into(),
        made_at_seconds: 5,
    };
    let mut builder = Builder::new(&cache(), &Extras::default()).unwrap();
    builder.routing(routing.clone());
    assert!(builder.country_database(b"no database".as_slice().into()).is_err());
    let bytes = file(&builder.finish().unwrap(), None);
    let later = Builder::new(&cache(), &Extras::default()).unwrap().finish().unwrap().with_routing(routing);
    assert_eq!(file(&later, None), bytes);
    let read = Snapshot::from_bytes(bytes).unwrap();
    let routing = read.routing().unwrap();
    assert_eq!((routing.made_at_seconds, routing.asns.prefixes()), (5, 2));
    let asn = |address: &str| routing.asns.of(address.parse().unwrap()).map(|asn| (asn.text, asn.number));
    assert_eq!(asn("192.0.2.9"), Some(("64512", 64512)));
    assert_eq!(asn("2001:db8::1"), Some(("AS7", -1)));
    assert_eq!(asn("198.51.100.1"), None);
    assert!(read.country_database().is_none());
}

/// What a builder takes in last.
enum Last {
    Files,
    Directories,
}

/// The cache as a database's tables give it.
fn built(cache: &MirrorList, last: &Last) -> Snapshot {
    let mut builder = Builder::new(cache, &extras()).unwrap();
    let mut all = HostBits::default();
    let mut lists = Vec::new();
    for id in 0..HOSTS {
        let host = builder.host(id).unwrap();
        all.insert(host);
        lists.push((host, [2 * id, 2 * id + 1]));
    }
    let palette = builder.palette(lists.iter().map(|(host, ids)| (*host, ids.as_slice()))).unwrap();
    let files = |builder: &mut Builder| {
        for files in &cache.file_details_cache {
            let sha256 = [0xab; 32];
            let digests = [Digest::Text("NOT HEX"), Digest::Absent, Digest::Bytes(&sha256), Digest::Absent];
            let detail = |timestamp| Detail { timestamp, size: 3, digests };
            builder.files(&files.directory, [("repomd.xml", [detail(2), detail(1)])]).unwrap();
            // What was said first counts.
            builder.files(&files.directory, [("other", [detail(3)])]).unwrap();
        }
    };
    if matches!(last, Last::Directories) {
        files(&mut builder);
    }
    for directory in &cache.mirror_list_cache {
        let parts = DirectoryParts {
            name: &directory.directory,
            subpath: directory.subpath.as_deref().unwrap(),
            palette,
            carried: &all,
            global: &all,
        };
        builder.directory(&parts).unwrap();
    }
    if matches!(last, Last::Files) {
        files(&mut builder);
    }
    builder.finish().unwrap()
}

/// The way from a database's tables gives what the way through the messages gives.
#[test]
fn directories_given_as_host_sets_are_those_given_as_messages() {
    let cache = cache();
    let through_messages = Snapshot::with_extras(&cache, &extras()).unwrap();
    let messages = |snapshot: &Snapshot| {
        let mut files: Vec<_> = snapshot.proto_files().collect();
        files.sort_by(|one, other| one.directory.cmp(&other.directory));
        (snapshot.proto_head(), files, snapshot.proto_directories().collect::<Vec<_>>())
    };
    for last in [Last::Directories, Last::Files] {
        assert_eq!(messages(&built(&cache, &last)), messages(&through_messages));
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_the_magic_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Snapshot::from_bytes([b"mmsnap\r\n".as_slice(), &bytes].concat()).is_err());
    }
}
