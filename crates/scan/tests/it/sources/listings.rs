//! What an rsync listing and a list become, entry by entry.

use std::fs;

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::contents::Contents;
use scan::source::list_file::ListFile;
use scan::source::listed::{Form, ListedTree, Scope};
use scan::source::{Inside, KnownTimes, Listing, SourceError, TreeSource as _};

fn list(
    form: Form,
    text: &[u8],
    below: &str,
    excludes: &[&str],
    known: &KnownTimes,
) -> Result<Listing, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listing");
    fs::write(&path, text).unwrap();
    let scope = Scope {
        topdir: "pub/t".to_owned(),
        excludes: Excludes::compile(excludes, Policy::Umdl).unwrap(),
        below: below.to_owned(),
    };
    let limits = probe::LineLimits::default();
    let file = ListFile::Saved(path).into();
    ListedTree::new(file, form, scope, None, Contents::Nowhere.into(), limits).list(known, &Quiet)
}

fn printed(text: &str) -> Listing {
    list(Form::Rsync, text.as_bytes(), "", &[], &KnownTimes::new()).unwrap()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.directories.iter().map(|d| d.name.as_str()).collect()
}

const T: &str = "1970/01/01 00:00:05";

#[test]
fn unreadability_is_inherited_through_all_levels() {
    let listing = printed(&format!(
        "drwxr-xr-x 1 {T} .\ndrwxr-x--- 1 {T} hidden\ndrwxr-xr-x 1 {T} hidden/child\n\
         drwxr-xr-x 1 {T} hidden/child/grand\ndrwxr-xr-x 1 {T} hidden-not\n"
    ));
    let readable: Vec<_> =
        listing.directories.iter().map(|d| (d.name.as_str(), d.readable.unwrap())).collect();
    assert_eq!(
        readable,
        [
            ("", true),
            ("hidden", false),
            ("hidden-not", true),
            ("hidden/child", false),
            ("hidden/child/grand", false)
        ]
    );
    let list =
        b"[Files]\n5\td-\t1\th\n5\td*\t1\th/c\n5\td\t1\th/c/g\n5\td*\t1\trestricted\n5\td\t1\topen\n[End]\n";
    let listing = self::list(Form::FullFileTimeList, list, "", &[], &KnownTimes::new()).unwrap();
    let readable: Vec<_> = listing.directories.iter().map(|d| (d.name.as_str(), d.readable)).collect();
    assert_eq!(
        readable,
        [
            ("", None),
            ("h", Some(false)),
            ("h/c", Some(false)),
            ("h/c/g", Some(false)),
            ("open", Some(true)),
            ("restricted", Some(false))
        ]
    );
    assert!(listing.complete);
}

#[test]
fn the_order_of_the_lines_does_not_matter() {
    let lines = [
        format!("drwxr-xr-x 1 {T} ."),
        format!("drwxr-xr-x 1 {T} a"),
        format!("-rw-r--r-- 1 {T} a/f"),
        format!("drwxr-xr-x 1 {T} a/repodata"),
        format!("-rw-r--r-- 1 {T} a/repodata/repomd.xml"),
        format!("drwxr-xr-x 1 {T} o"),
        format!("drwxr-xr-x 1 {T} o/objects"),
        format!("-rw-r--r-- 1 {T} o/summary"),
    ];
    let text = |lines: &mut dyn Iterator<Item = &String>| lines.map(|l| format!("{l}\n")).collect::<String>();
    let known: KnownTimes = [("a".to_owned(), 5), ("a/repodata".to_owned(), 5)].into();
    let forward = list(Form::Rsync, text(&mut lines.iter()).as_bytes(), "", &[], &known).unwrap();
    let backward = list(Form::Rsync, text(&mut lines.iter().rev()).as_bytes(), "", &[], &known).unwrap();
    assert_eq!(forward.directories, backward.directories);
    assert_eq!(forward.unproven, backward.unproven);
    assert_eq!(names(&forward), ["", "a", "a/repodata", "o", "o/objects"]);
    let [_, a, repodata, o, _] = forward.directories.as_slice() else { panic!() };
    assert_eq!((a.is_repository, o.is_atomic, &a.inside), (true, true, &Inside::Unchanged(vec![])));
    assert_eq!(repodata.inside, Inside::Unchanged(vec![]));
    assert_eq!(forward.unproven.len(), 1, "{:?}", forward.unproven);
    assert_eq!((forward.unproven[0].0.as_str(), forward.unproven[0].1.len()), ("a/repodata", 1));
}

#[test]
fn an_excluded_directory_is_left_out_with_all_below_it() {
    let list_ = b"[Files]\n5\tf\t1\tx/y/f\n5\td\t1\tx/y/z\n5\td\t1\tx/y\n5\td\t1\tx\n5\td\t1\tx/.snapshot\n\
                  5\td\t1\tx/.snapshot/a/repodata\n5\tf\t1\tx/.snapshot/a/f\n5\tf\t1\tx/k\n[End]\n";
    let listing = list(Form::FullFileTimeList, list_, "", &["pub/t/x/y"], &KnownTimes::new()).unwrap();
    assert_eq!(names(&listing), ["", "x"]);
    assert_eq!((listing.files, listing.excluded, listing.complete), (1, 2, true));
}

#[test]
fn a_prefix_is_a_whole_component() {
    let text = b"[Files]\n5\td\t1\tlinux\n5\td\t1\tlinux/a\n5\td\t1\tlinuxish\n5\td\t1\tother/linux\n5\tf\t1\tlinux/f\n[End]\n";
    let listing = list(Form::FullFileTimeList, text, "linux", &[], &KnownTimes::new()).unwrap();
    assert_eq!(names(&listing), ["", "a"]);
    let root = &listing.directories[0];
    assert_eq!((root.ctime, root.readable), (5, Some(true)), "the list has a line for it");
    assert_eq!(listing.files, 1);
}

#[test]
fn a_large_unchanged_directory_keeps_only_what_is_needed() {
    let mut text = String::from("[Files]\n5\td\t1\td\n");
    for number in 0..200 {
        text.push_str(&format!("5\tf\t1\td/{number}.rpm\n"));
    }
    text.push_str("5\tf\t1\td/x-CHECKSUM\n[End]\n");
    let known: KnownTimes = [("d".to_owned(), 5)].into();
    let listing = list(Form::FullFileTimeList, text.as_bytes(), "", &[], &known).unwrap();
    assert_eq!(listing.directories[1].inside, Inside::Unchanged(vec!["x-CHECKSUM".into()]));
    assert_eq!(listing.files, 201);
    let listing = list(Form::FullFileTimeList, text.as_bytes(), "", &[], &KnownTimes::new()).unwrap();
    assert!(matches!(&listing.directories[1].inside, Inside::Files(files) if files.len() == 201));
}

#[test]
fn a_form_that_it_is_not_is_told_apart() {
    let list_ = b"[Version]\n2\n[Files]\n[End]\n";
    let rsync = format!("Welcome!\n\ndrwxr-xr-x 1 {T} .\n");
    let of = |form, text: &[u8]| list(form, text, "", &[], &KnownTimes::new()).map(|l| l.directories.len());
    assert!(matches!(of(Form::Rsync, list_), Err(SourceError::Form(_))));
    assert!(matches!(of(Form::FullFileTimeList, rsync.as_bytes()), Err(SourceError::Form(_))));
    assert_eq!(of(Form::Rsync, rsync.as_bytes()).unwrap(), 1);
    let noise = b"noise\n".repeat(1 << 20);
    assert!(matches!(of(Form::Rsync, &noise), Err(SourceError::Form(_))));
    assert!(matches!(of(Form::FullFileTimeList, &noise), Err(SourceError::Form(_))));
}
