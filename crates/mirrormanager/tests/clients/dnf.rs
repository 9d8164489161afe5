//! dnf, on SQLite and on PostgreSQL.

use std::fs;

use testkit::dnf::{Dnf, Source};
use testkit::rpm_tree::REPOSITORY;

use crate::world::{IN_SYNC, MISSING, NEW, STALE, TWIN, World, eventually, request, sqlite};

/// `makecache`, `list` and `download` as a user would.
fn use_repository(source: Source<'_>, world: &World) {
    let dnf = Dnf::new(source);
    dnf.makecache().expect_success();
    assert_eq!(dnf.list(), ["hello.noarch 2-1"], "by {source:?}");
    let file = dnf.download("hello");
    assert_eq!(file.file_name().unwrap().to_str(), Some(NEW.file_name().as_str()));
    let published = format!("{REPOSITORY}/Packages/h/{}", NEW.file_name());
    assert_eq!(fs::read(file).unwrap(), world.read("master", &published));
}

fn story(database: &str) {
    let world = World::new(database);
    let (nginx, server) = (&world.nginx, &world.server);

    // Only the mirrors that hold the newest metadata are named, in both kinds of answer.
    for kind in ["metalink", "mirrorlist"] {
        let answer = server.get(kind);
        let named = |at| answer.contains(&format!("{}/{REPOSITORY}/", nginx.url(at)));
        assert!(named(IN_SYNC) && named(TWIN) && !named(STALE) && !named(MISSING), "{answer}");
    }

    // dnf gets along with both, and bothers none of the others.
    let asked = || [STALE, MISSING].map(|at| nginx.requests(at).len());
    let before = asked();
    use_repository(Source::Metalink(&server.url("metalink")), &world);
    use_repository(Source::Mirrorlist(&server.url("mirrorlist")), &world);
    assert_eq!(asked(), before, "a mirror without the content was asked");
    let package = request(&format!("Packages/h/{}", NEW.file_name()));
    eventually("two downloads from the mirrors that have it", || {
        nginx.count(IN_SYNC, &package) + nginx.count(TWIN, &package) == 2
    });

    tampered_metadata(&world);
}

fn tampered_metadata(world: &World) {
    world.tamper_with_metadata();
    world.prefer_twin();
    let (nginx, server, repomd) = (&world.nginx, &world.server, request("repodata/repomd.xml"));

    // A plain list proves nothing: the client believes whoever is first. This shows that the mirror is.
    let trusting = Dnf::new(Source::Mirrorlist(&server.url("mirrorlist")));
    trusting.makecache().expect_success();
    assert!(trusting.list().contains(&"hello.noarch 666-1".to_owned()));

    // A metalink says which metadata are right: those are refused and the next mirror's are taken.
    let before = [TWIN, IN_SYNC].map(|at| nginx.count(at, &repomd));
    use_repository(Source::Metalink(&server.url("metalink")), world);
    nginx.wait_for(TWIN, &repomd, before[0] + 1);
    nginx.wait_for(IN_SYNC, &repomd, before[1] + 1);
}

#[test]
fn dnf_gets_the_package_from_the_mirror_that_has_it_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    story(&sqlite(folder.path()));
}

#[test]
fn dnf_gets_the_package_from_the_mirror_that_has_it_on_postgresql() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    story(&runtime.block_on(testkit::postgres::empty_database()));
}
