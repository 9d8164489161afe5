//! Properties of the parsers of foreign input: they end with a value or an error, whatever they are given.

use model::checksums::{Algorithm, Checksums, kind};
use model::country::CountryCode;
use model::directory_name;
use model::excludes::Excludes;
use model::file_name::FileName;
use model::files::{FileEntry, Files, decode, encode, encode_compact};
use model::fingerprint::fingerprint;
use model::netblock::Netblock;
use model::policy::Policy;
use model::short_list::short_filelist;
use model::url::MirrorUrl;
use proptest::collection::vec;
use proptest::prelude::*;

fn entry() -> impl Strategy<Value = FileEntry> {
    let name = prop_oneof![
        vec(any::<u8>(), 0..12),
        any::<String>().prop_map(String::into_bytes),
        (any::<u8>(), prop_oneof![Just(".rpm"), Just(".html"), Just(".iso")])
            .prop_map(|(n, suffix)| format!("f{n}{suffix}").into_bytes()),
    ];
    (name, any::<u64>(), any::<i64>())
        .prop_map(|(name, size, timestamp)| FileEntry::new(name, size, timestamp))
}

fn files() -> impl Strategy<Value = Files> {
    vec(entry(), 0..40).prop_map(Files::from_iter)
}

/// Bytes of the pickle machine's alphabet, so that programs get somewhere.
fn pickle() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(b"()}dsuNKMJIFLGSVTUXpqrghj.".to_vec()).prop_map(|byte| vec![byte]),
        Just(b"U\x04size".to_vec()),
        Just(b"K\x05".to_vec()),
        Just(b"S'stat'\n".to_vec()),
        Just(b"\x94".to_vec()),
        Just(b"h\x00".to_vec()),
        Just(b"q\x00".to_vec()),
        vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn decode_never_panics_on_bytes(bytes in vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn decode_never_panics_on_pickles(bytes in pickle()) {
        if let Ok(list) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&list)).unwrap(), list);
        }
    }

    #[test]
    fn decode_never_panics_on_json(text in r#"\[(\{"name": ?"[a-z\\u0-9]{0,9}", "size": ?[-0-9."e]{1,8}, "timestamp": [0-9]{1,20}\},?){0,3}\]"#) {
        let _ = decode(text.as_bytes());
    }

    #[test]
    fn decode_is_the_inverse_of_encode(list in files()) {
        // Bytes that only together are UTF-8 can not arise from single bad bytes, so names come back.
        prop_assert_eq!(&decode(&encode(&list)).unwrap(), &list);
        prop_assert_eq!(&decode(&encode_compact(&list)).unwrap(), &list);
        let stored = encode(&list);
        prop_assert!(stored.is_ascii());
        prop_assert_eq!(encode(&decode(&stored).unwrap()), stored);
    }

    #[test]
    fn names_are_sorted_once_each_and_found(list in files()) {
        let names: Vec<&FileName> = list.iter().map(|entry| &entry.name).collect();
        prop_assert!(names.windows(2).all(|pair| pair.first() < pair.last()));
        for entry in &list {
            prop_assert_eq!(list.get(entry.name.as_bytes()), Some(entry));
        }
    }

    #[test]
    fn short_lists_are_the_newest_part(list in files()) {
        for (policy, keep) in [(Policy::Umdl, 3), (Policy::Spm, 10)] {
            let short = short_filelist(list.clone(), policy);
            prop_assert!(short.len() == list.len() || short.len() == keep);
            prop_assert!(short.iter().all(|entry| list.get(entry.name.as_bytes()) == Some(entry)));
            let oldest_kept = short.iter().map(|entry| entry.timestamp).min();
            let newer_left_out = list
                .iter()
                .filter(|entry| short.get(entry.name.as_bytes()).is_none())
                .filter(|entry| Some(entry.timestamp) > oldest_kept);
            prop_assert_eq!(newer_left_out.count(), 0);
            prop_assert_eq!(short_filelist(short.clone(), policy), short, "a short list stays as it is");
        }
    }

    #[test]
    fn fingerprints_differ_where_lists_do(a in files(), b in files()) {
        let facts = |list: &Files| -> Vec<(FileName, u64)> {
            list.iter().map(|entry| (entry.name.clone(), entry.size)).collect()
        };
        prop_assert_eq!(facts(&a) == facts(&b), fingerprint(&a, None) == fingerprint(&b, None));
    }

    #[test]
    fn urls_never_panic_and_settle(text in any::<String>()) {
        let _ = MirrorUrl::parse(&text);
        let _ = MirrorUrl::parse(&format!("http://{text}"));
    }

    #[test]
    fn accepted_urls_are_their_own_parse(text in r"(HTTP|https|rsync|ftp)://[-a-zA-Z0-9.:\[\]]{1,20}[a-z/%.+~é]{0,20}") {
        if let Ok(url) = MirrorUrl::parse(&text) {
            prop_assert_eq!(&MirrorUrl::parse(url.as_str()).unwrap(), &url);
            prop_assert!(!url.as_str().ends_with('/'));
            let request = url.request_path("a//b/", Some(&FileName::from(&b"\xFF #?%"[..])));
            prop_assert!(request.starts_with('/') && request.is_ascii() && !request.contains([' ', '#', '?']));
        }
    }

    #[test]
    fn netblocks_never_panic_and_settle(text in prop_oneof![any::<String>(), r"[0-9a-f:.]{1,20}(/[0-9.]{0,15})?"]) {
        if let Ok(block) = Netblock::parse(&text) {
            prop_assert_eq!(Netblock::parse(&block.to_string()).unwrap(), block.clone());
            let _ = block.masked();
        }
    }

    #[test]
    fn short_texts_never_panic(text in any::<String>()) {
        let _ = CountryCode::parse(&text);
        let _ = model::asn::parse(&text);
        let _ = Excludes::compile(&[&text], Policy::Umdl);
        let _ = directory_name::stored_path(&text, &text);
    }

    #[test]
    fn checksum_files_never_panic_and_stay_inside(
        name in vec(any::<u8>(), 0..20),
        content in prop_oneof![vec(any::<u8>(), 0..200), "([0-9a-f]{32} [./a*]{0,9}\n){0,5}".prop_map(String::into_bytes)],
    ) {
        let _ = kind(&name);
        let mut checksums = Checksums::default();
        checksums.read(Algorithm::Md5, &content);
        for file in checksums.files.keys() {
            prop_assert!(!file.directory.as_bytes().starts_with(b"/"));
            prop_assert!(file.directory.as_bytes().split(|b| *b == b'/').all(|part| part != b".."));
            prop_assert!(!file.name.as_bytes().contains(&b'/') && file.name.as_bytes() != b"..");
        }
    }

    #[test]
    fn relative_names_join_back(topdir in "[a-c/]{0,6}", name in "[a-c/]{0,12}") {
        let (topdir, name) = (topdir.trim_matches('/'), name.trim_matches('/'));
        if let Some(relative) = directory_name::relative(topdir, name)
            && !name.contains("//") && !topdir.contains("//")
        {
            prop_assert_eq!(directory_name::join(topdir, relative), name);
            let stored = directory_name::stored_path(topdir, name).unwrap();
            prop_assert_eq!(directory_name::path_key(&stored), relative);
        }
    }
}
