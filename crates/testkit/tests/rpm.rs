//! The dnf kit without the product: a tree of real packages, nginx in front of it, dnf behind it.

use std::fs;

use testkit::dnf::{Dnf, Source};
use testkit::nginx::Nginx;
use testkit::rpm_tree::{self, Package, REPOSITORY};

const HELLO: Package<'static> = Package { name: "hello", version: "1" };
const NEWER: Package<'static> = Package { name: "hello", version: "2" };

#[test]
fn dnf_installs_from_nginx_what_rpmbuild_made() {
    let folder = tempfile::tempdir().unwrap();
    let [master, mirror] = ["master", "mirror"].map(|name| folder.path().join(name));
    rpm_tree::publish(&master, &[HELLO], 1_700_000_000);
    rpm_tree::copy(&master, &mirror);
    rpm_tree::publish(&master, &[NEWER], 1_700_086_400);
    let nginx = Nginx::serve(&[&master, &mirror]);
    let list = folder.path().join("mirror/list");
    for (at, version) in [(0, "2-1"), (1, "1-1")] {
        fs::write(&list, format!("{}/{REPOSITORY}/\n", nginx.url(at))).unwrap();
        let dnf = Dnf::new(Source::Mirrorlist(&format!("{}/list", nginx.url(1))));
        dnf.makecache().expect_success();
        let newest = dnf.list().pop();
        assert_eq!(newest, Some(format!("hello.noarch {version}")));
        let file = dnf.download("hello");
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(name, format!("hello-{version}.noarch.rpm"));
        let path = format!("{REPOSITORY}/Packages/h/{name}");
        assert_eq!(fs::read(&file).unwrap(), fs::read(master.join(&path)).unwrap());
        nginx.wait_for(at, &format!("GET /{path} 200"), 1);
    }
}

#[test]
fn the_same_packages_give_the_same_tree() {
    let repomd = |root: &std::path::Path| {
        let repository = rpm_tree::publish(root, &[HELLO, NEWER], 1_700_000_000);
        fs::read_to_string(repository.join("repodata/repomd.xml")).unwrap()
    };
    let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert_eq!(repomd(a.path()), repomd(b.path()));
}
