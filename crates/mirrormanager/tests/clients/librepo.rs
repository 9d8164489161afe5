//! librepo, the library under dnf, PackageKit and others, without dnf's own ideas around it.

use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest as _, Sha256};
use testkit::dnf::Source;
use testkit::librepo::{Repository, fetch};
use testkit::rpm_tree::{self, REPOSITORY};

use crate::world::{IN_SYNC, MIRRORS, STALE, TWIN, World, request, sqlite};

/// The metadata of a tree: name and bytes of every file.
fn metadata(world: &World, tree: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = world.path(tree).join(REPOSITORY).join("repodata");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

fn assert_is_of(fetched: &Repository, world: &World, tree: &str) {
    let expected = metadata(world, tree);
    // repomd.xml and at least primary, filelists and other.
    assert!(fetched.files.len() >= 4, "{:?}", fetched.files.keys());
    for (name, bytes) in &fetched.files {
        assert!(Some(bytes) == expected.get(name), "{name} is not as in {tree}");
    }
}

#[test]
fn librepo_gets_metadata_that_the_metalink_vouches_for() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(&sqlite(folder.path()));
    let (nginx, server, repomd) = (&world.nginx, &world.server, request("repodata/repomd.xml"));
    let (metalink, mirrorlist) = (server.url("metalink"), server.url("mirrorlist"));
    for source in [Source::Metalink(&metalink), Source::Mirrorlist(&mirrorlist)] {
        let fetched = fetch(source).unwrap();
        assert_is_of(&fetched, &world, "master");
        let mut mirrors = fetched.mirrors;
        mirrors.sort();
        let mut good = [IN_SYNC, TWIN].map(|at| format!("{}/{REPOSITORY}/", nginx.url(at)));
        good.sort();
        assert_eq!(mirrors, good, "by {source:?}");
    }

    // A mirror with metadata of its own, asked first: a plain list does not help, a metalink does.
    world.tamper_with_metadata();
    world.prefer_twin();
    assert_is_of(&fetch(Source::Mirrorlist(&mirrorlist)).unwrap(), &world, MIRRORS[TWIN]);
    let before = [TWIN, IN_SYNC].map(|at| nginx.count(at, &repomd));
    assert_is_of(&fetch(Source::Metalink(&metalink)).unwrap(), &world, "master");
    nginx.wait_for(TWIN, &repomd, before[0] + 1);
    nginx.wait_for(IN_SYNC, &repomd, before[1] + 1);

    // A mirror that is a release behind: the metalink vouches for the older metadata too.
    let old = metadata(&world, MIRRORS[STALE]);
    let digest: String =
        Sha256::digest(&old["repomd.xml"]).iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = server.get("metalink");
    assert!(answer.split("<mm0:alternates>").nth(1).unwrap().contains(&digest), "{answer}");
    let repodata = world.path(MIRRORS[TWIN]).join(REPOSITORY).join("repodata");
    fs::remove_dir_all(&repodata).unwrap();
    rpm_tree::copy(&world.path(MIRRORS[STALE]).join(REPOSITORY).join("repodata"), &repodata);
    assert_is_of(&fetch(Source::Metalink(&metalink)).unwrap(), &world, MIRRORS[STALE]);

    // A mirror that has lost its metadata: the next one is asked.
    fs::remove_dir_all(&repodata).unwrap();
    for source in [Source::Metalink(&metalink), Source::Mirrorlist(&mirrorlist)] {
        assert_is_of(&fetch(source).unwrap(), &world, "master");
    }

    // No mirror has metadata that the metalink vouches for: none are taken.
    let repodata = world.path(MIRRORS[IN_SYNC]).join(REPOSITORY).join("repodata");
    fs::write(repodata.join("repomd.xml"), "<repomd/>").unwrap();
    let before = nginx.count(IN_SYNC, &repomd);
    let refusal = fetch(Source::Metalink(&metalink)).unwrap_err();
    assert!(refusal.contains("repomd.xml"), "{refusal}");
    nginx.wait_for(IN_SYNC, &repomd, before + 1);
}
