//! aria2, which downloads single files by metalinks.

use std::fs;

use testkit::aria2::{CHECKSUM_FAILED, download};

use crate::world::{IMAGE, MIRRORS, MISSING, STALE, TWIN, World, sqlite};

/// Everywhere that aria2 is given a metalink of the image: where one is asked for, and where the image itself is,
/// since aria2 says that it understands metalinks.
fn urls(world: &World) -> [String; 3] {
    let metalinks = ["metalink", "metalink4"].map(|kind| world.server.url_of_path(kind, IMAGE));
    let [three, four] = metalinks;
    [three, four, world.server.url_in_tree(IMAGE)]
}

#[test]
fn aria2_downloads_the_file_and_sees_that_a_mirror_has_another() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(&sqlite(folder.path()));
    let (nginx, name) = (&world.nginx, IMAGE.rsplit('/').next().unwrap());
    let wanted = format!("GET /{IMAGE} ");
    let asked = |at| nginx.count(at, &wanted);
    for url in urls(&world) {
        let run = download(&url);
        assert_eq!(run.status, Some(0), "{}", run.text);
        assert_eq!(run.files.keys().collect::<Vec<_>>(), [name]);
        assert!(run.files[name] == world.read("master", IMAGE), "by {url} came another file");
    }
    assert_eq!([STALE, MISSING].map(asked), [0, 0], "a mirror without the file was asked");

    // The mirror that is asked first has a file of the same length with one other byte.
    let file = world.path(MIRRORS[TWIN]).join(IMAGE);
    let mut evil = fs::read(&file).unwrap();
    evil[1_000_000] ^= 1;
    fs::write(&file, &evil).unwrap();
    world.prefer_twin();
    for url in urls(&world) {
        let before = asked(TWIN);
        let run = download(&url);
        assert_eq!(run.status, Some(CHECKSUM_FAILED), "{}", run.text);
        nginx.wait_for(TWIN, &wanted, before + 1);
    }

    // The other mirror is all right.
    fs::remove_file(&file).unwrap();
    for url in urls(&world) {
        let run = download(&url);
        assert_eq!(run.status, Some(0), "{}", run.text);
        assert!(run.files[name] == world.read("master", IMAGE));
    }
}
