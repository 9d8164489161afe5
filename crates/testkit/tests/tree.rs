//! The trees are what they say: valid metadata, the same every time, changed the way a compose does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use testkit::tree::{self, Shape, Tree};

/// Every file: path -> (size, digest of the content if it is small).
fn content(root: &Path) -> BTreeMap<String, (u64, Vec<u8>)> {
    let mut out = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                let size = entry.metadata().unwrap().len();
                let digest = if size < 100_000 {
                    Sha256::digest(fs::read(entry.path()).unwrap()).to_vec()
                } else {
                    vec![]
                };
                let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                out.insert(name, (size, digest));
            }
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// Everything that `repomd.xml` claims is true, and nothing else lies beside it.
fn check_metadata(root: &Path, tree: &Tree) {
    for repository in &tree.repositories {
        let repodata = root.join(&repository.path).join("repodata");
        let index = fs::read_to_string(repodata.join("repomd.xml")).unwrap();
        let between = |text: &str, from: &str, to: &str| -> String {
            text.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned()
        };
        let mut named = 1;
        for data in index.split("<data ").skip(1) {
            let file = between(data, "href=\"repodata/", "\"");
            let bytes = fs::read(repodata.join(&file)).unwrap();
            assert_eq!(
                between(data, "<checksum type=\"sha256\">", "<"),
                hex(&Sha256::digest(&bytes)),
                "{file}"
            );
            assert_eq!(between(data, "<size>", "<"), bytes.len().to_string());
            named += 1;
        }
        assert_eq!(named, 4);
        assert_eq!(fs::read_dir(&repodata).unwrap().count(), named, "{}", repository.path);
    }
}

#[test]
fn the_small_tree_is_valid_and_always_the_same() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tree = tree::small(one.path(), Shape::default()).unwrap();
    assert!((200..1_000).contains(&tree.directories), "{}", tree.directories);
    check_metadata(one.path(), &tree);
    let files = content(one.path());
    assert_eq!(files.len(), tree.files);
    assert!(files.keys().any(|name| name.ends_with("os/.treeinfo")));
    assert!(files.keys().any(|name| name.ends_with("-CHECKSUM")));
    assert!(files.keys().any(|name| name.contains("aarch64") && name.ends_with(".rpm")));
    assert!(files.keys().any(|name| name.ends_with(".src.rpm")));
    assert_eq!(tree::small(two.path(), Shape::default()).unwrap(), tree);
    assert_eq!(content(two.path()), files);
    let other = tempfile::tempdir().unwrap();
    tree::small(other.path(), Shape { seed: 2, ..Shape::default() }).unwrap();
    assert_ne!(content(other.path()), files);
}

#[test]
fn a_scaled_tree_has_the_odd_places_of_a_real_one() {
    let root = tempfile::tempdir().unwrap();
    let tree = tree::scaled(root.path(), Shape::default(), 0.01).unwrap();
    check_metadata(root.path(), &tree);
    for category in tree::CATEGORIES {
        assert!(root.path().join(category.topdir).is_dir(), "{}", category.topdir);
    }
    for place in ["pub/fedora/linux/releases/.snapshot/hourly.0", "pub/fedora/linux/atomic/39/objects"] {
        assert!(root.path().join(place).is_dir(), "{place}");
    }
    assert!(root.path().join("pub/fedora/linux/releases/current").is_symlink());
}

#[test]
fn a_touched_tree_changes_in_a_few_places_and_stays_valid() {
    let root = tempfile::tempdir().unwrap();
    let mut tree = tree::small(root.path(), Shape::default()).unwrap();
    let before = content(root.path());
    let changed = tree::touch(root.path(), &mut tree, 0.02).unwrap();
    assert!((2..40).contains(&changed.len()), "{changed:?}");
    check_metadata(root.path(), &tree);
    let after = content(root.path());
    let differing = after.iter().filter(|(name, is)| before.get(*name) != Some(is)).map(|(name, _)| name);
    for name in differing.chain(before.keys().filter(|name| !after.contains_key(*name))) {
        let directory = name.rsplit_once('/').unwrap().0;
        assert!(changed.iter().any(|c| c == directory), "{name} is in none of the directories named");
    }
    let repository = tree.repositories[0].path.clone();
    assert_eq!(
        tree::publish(root.path(), &repository, 1_900_000_000).unwrap(),
        format!("{repository}/repodata")
    );
    let index = fs::read_to_string(root.path().join(&repository).join("repodata/repomd.xml")).unwrap();
    assert!(index.contains("<timestamp>1900000000</timestamp>"));
    check_metadata(root.path(), &tree);
}
