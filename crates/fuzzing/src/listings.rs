//! Listings of a master tree: by the list generator, by rsync, saved and compressed.

use std::io::Write as _;
use std::sync::LazyLock;

use model::excludes::Excludes;
use model::policy::Policy;
use probe::LineLimits;
use scan::Quiet;
use scan::source::contents::Contents;
use scan::source::full_file_time_list::{Meaning, Sections};
use scan::source::list_file::ListFile;
use scan::source::listed::{Form, ListedTree, Scope};
use scan::source::{KnownTimes, TreeSource as _};

use crate::texts;

/// Any bytes as the lines of a `fullfiletimelist-*`.
pub(crate) fn full_file_time_list(input: &[u8]) {
    let mut sections = Sections::default();
    let mut entries = 0;
    for line in input.split(|byte| *byte == b'\n') {
        if let Meaning::Entry(entry) = sections.read(line) {
            assert!(!entry.path.is_empty() && !entry.path.contains(&b'\t'));
            entries += 1;
        }
    }
    assert!(entries == 0 || sections.is_list());
    if sections.end() == Ok(true) {
        assert!(
            input.windows(7).any(|part| part == b"[Files]") && input.windows(5).any(|part| part == b"[End]")
        );
    }
}

pub(crate) fn list_seeds() -> Vec<Vec<u8>> {
    let mut seeds = texts(&[
        "[Version]\n2\n\n[Files]\n1767700953\tf\t282\tlinux/README\n1366880149\td\t4096\tlinux\n\
         1366880150\td-\t4096\tlinux/hidden\n5\td*\t1\tlinux/hidden/a\n5\tl\t1\tlinux/link\n\n\
         [Checksums SHA1]\n0000\tlinux/repodata/repomd.xml\n\n[End]\n",
        "[Files]\n5\tf\t1\ta\tmore\r\n -5\td\t1\tb \n5\tf\t1\t../x\n5\td\t1\t/y\n5\tf\t1\n",
        "[Version]\n2\n[Files]\n5\tf\t1\tname\n[End]\n5\tf\t1\tb\n[Files]\n",
    ]);
    seeds.push(b"[Files]\n5\td\t1\tcaf\xe9\n5\tf\t1\tcaf\xe9/x\n[End]\n".to_vec());
    seeds
}

/// Any bytes as what rsync prints.
pub(crate) fn rsync_listing(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        if let Some(entry) = probe::rsync::line(line) {
            assert!(!entry.name.is_empty() && entry.name.len() < line.len());
        }
    }
}

pub(crate) fn printed_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "Welcome\n\ndrwxr-xr-x        4096 2026/11/21 05:55:23 .\n-rw-r--r--   1,234,567 2026/11/21 05:55:23 a b\n\
         lrwxrwxrwx 6 2026/11/21 05:55:23 link -> a b\ndrwxrwxrwt 1 2026/11/21 05:55:23 caf\\#351\\#012x\n\
         sent 20 bytes  received 1,163 bytes\ntotal size is 405\n",
        "-rw-r--r-- 1.234 1969/12/31 23:59:59 \\#134#012\\#9\\#400\nprw-r--r-- 0 2026/02/29 00:00:60  x\n",
        "lrwxrwxrwx 6 2026/11/21 05:55:23  -> a b\nlrwxrwxrwx 6 2026/11/21 05:55:23  \n",
    ])
}

/// Compiling takes longer than reading a listing.
static EXCLUDES: LazyLock<Excludes> =
    LazyLock::new(|| Excludes::compile(&["pub/t/x"], Policy::Umdl).unwrap());

/// Any bytes as a saved listing of any form: whatever comes out of it, is a tree.
pub(crate) fn saved_listing(input: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(input).unwrap();
    let known: KnownTimes = [("a".to_owned(), 5), ("a/repodata".to_owned(), 5)].into();
    for form in [Form::FullFileTimeList, Form::Rsync] {
        let scope = Scope { topdir: "pub/t".to_owned(), excludes: EXCLUDES.clone(), below: String::new() };
        let limits = LineLimits { line_bytes: 4096, lines: 10_000, bytes: 1 << 20 };
        let listed = ListFile::Saved(file.path().to_owned()).into();
        let tree = ListedTree::new(listed, form, scope, None, Contents::Nowhere.into(), limits);
        let Ok(listing) = tree.list(&known, &Quiet) else { continue };
        for pair in listing.directories.windows(2) {
            assert!(pair[0].name < pair[1].name, "in order, each once");
        }
        for found in &listing.directories {
            let name = &found.name;
            assert!(
                name.is_empty() || name.split('/').all(|part| !matches!(part, "" | "." | "..")),
                "{name}"
            );
            assert!(name.len() < 2_600 && !name.starts_with('x'), "{name}");
        }
        for (name, _) in &listing.unproven {
            assert!(known.get(name).is_some());
        }
        if listing.complete {
            assert!(form == Form::FullFileTimeList, "what rsync has printed does not say where it ends");
        }
    }
}

pub(crate) fn saved_seeds() -> Vec<Vec<u8>> {
    let tree = "[Version]\n2\n[Files]\n5\td\t1\ta\n5\td\t1\ta/repodata\n5\tf\t9\ta/repodata/repomd.xml\n5\td\t1\tx\n\
                5\tf\t1\tx/y\n[End]\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(tree.as_bytes()).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(tree.as_bytes()).unwrap();
    let zstd = zstd::encode_all(tree.as_bytes(), 1).unwrap();
    let mut seeds = [list_seeds(), printed_seeds()].concat();
    seeds.extend([tree.into(), gzip.finish().unwrap(), bzip2.finish().unwrap(), zstd]);
    seeds
}
