//! A small deployment with a master tree, for the tests of scanning.

use std::path::PathBuf;

use testkit::tree::{self, Shape};

use crate::program::{Deployment, Ran};

/// What a `repomd.xml` with these times looks like.
pub(crate) fn repomd(times: &[i64]) -> String {
    let data: String = times.iter().map(|t| format!("<data><timestamp>{t}</timestamp></data>")).collect();
    format!("<?xml version=\"1.0\"?>\n<repomd>{data}</repomd>\n")
}

/// Fedora EPEL with an empty tree, in `master/pub/epel`.
pub(crate) fn epel(deployment: &Deployment) {
    std::fs::create_dir_all(deployment.path("master/pub/epel")).unwrap();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["product", "add", "EPEL"]);
    deployment.ok(&["category", "add", "Fedora EPEL", "--product", "EPEL", "--topdir", "pub/epel"]);
}

/// Fedora Linux with a small tree, in `master/pub/fedora/linux`.
pub(crate) fn fedora_linux(deployment: &Deployment) {
    let master = deployment.path("master");
    std::fs::create_dir(&master).unwrap();
    tree::small(&master, Shape::default()).unwrap();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["product", "add", "Fedora"]);
    let linux = ["category", "add", "Fedora Linux", "--product", "Fedora", "--topdir", "pub/fedora/linux"];
    deployment.ok(&linux);
}

/// Writes a file of the tree the way publishers do, with a time in the past.
pub(crate) fn publish(deployment: &Deployment, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = deployment.path("master").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let new = path.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(&new, &path).unwrap();
    path
}

/// Runs a command with the tree of this deployment.
pub(crate) fn with_tree(deployment: &Deployment, arguments: &[&str]) -> Ran {
    let content_root = format!("scan.content_root={}", deployment.path("master").display());
    deployment.run(&[arguments, &["--set", &content_root]].concat())
}

/// The same; it must succeed.
pub(crate) fn tree_ok(deployment: &Deployment, arguments: &[&str]) -> String {
    let ran = with_tree(deployment, arguments);
    assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
    ran.stdout
}

/// On both databases.
pub(crate) async fn on_both(test: impl Fn(&Deployment, &str)) {
    let sqlite = Deployment::sqlite();
    let url = format!("sqlite:{}", sqlite.path("mm.db").display());
    tokio::task::block_in_place(|| test(&sqlite, &url));
    let url = testkit::postgres::empty_database().await;
    let postgres = Deployment::on(&url);
    tokio::task::block_in_place(|| test(&postgres, &url));
}
