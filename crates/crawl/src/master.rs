//! The master tree as every mirror is compared with it: loaded once a run, shared by all hosts
//! (`spec/crawler.md` 11.1).

use std::collections::HashMap;
use std::sync::Arc;

use model::directory_name::{last_component, mirror_path, parent, stored_path};
use model::files;
use model::fingerprint::{Fingerprint, fingerprint};
use model::ids::{CategoryId, DirectoryId};
use probe::WantedFile;
use probe::connector::Proof;
use store::crawl_master::{CategoryRow, DirectoryRow, MasterRows, RepomdRow};

/// The file whose content is compared, not only its size.
const REPOMD: &[u8] = b"repomd.xml";

/// The trees of all categories of a run.
#[derive(Debug, Default)]
pub struct Master {
    trees: HashMap<CategoryId, Arc<Tree>>,
}

/// The readable directories of one category, by name.
#[derive(Debug)]
pub struct Tree {
    /// The category's name.
    pub category: String,
    /// Full name of the top directory.
    pub topdir: String,
    /// By name.
    pub directories: Vec<Directory>,
    /// Pairs of a repository's top directory and its `repodata`, as indices.
    pub repositories: Vec<(usize, usize)>,
}

/// One directory.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Its id.
    pub id: DirectoryId,
    /// Its full name.
    pub name: String,
    /// Its files, in the order in which they are asked for.
    pub files: Expected,
    /// When it changed on the master.
    pub ctime: Option<i64>,
    /// A hash over what is expected in it.
    pub fingerprint: Fingerprint,
    /// What a verdict about it is proven against: its fingerprint; of a repository's top directory, that with the
    /// one of its `repodata` (decision 39).
    pub against: Fingerprint,
}

/// What is expected in a directory.
#[derive(Debug, Clone)]
pub enum Expected {
    /// These files.
    Files(Vec<WantedFile>),
    /// The stored list can not be read, so no mirror can be compared with it.
    Unreadable(String),
}

impl Expected {
    /// Whether it is known that nothing is expected.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Files(files) if files.is_empty())
    }
}

impl Master {
    /// From rows. A category without a top directory gets no tree; a directory that does not lie below
    /// its category's top directory is left out.
    pub fn new(categories: &[CategoryRow], rows: MasterRows) -> Self {
        let mut trees = HashMap::new();
        let MasterRows { directories, repomds } = rows;
        for (id, list) in directories {
            let Some(category) = categories.iter().find(|category| category.id == id) else { continue };
            let Some(topdir) = category.topdir.clone() else { continue };
            trees.insert(id, Arc::new(Tree::new(category.name.clone(), topdir, list, &repomds)));
        }
        Self { trees }
    }

    /// The tree of a category.
    pub fn tree(&self, category: CategoryId) -> Option<&Arc<Tree>> {
        self.trees.get(&category)
    }
}

impl Tree {
    fn new(
        category: String,
        topdir: String,
        rows: Vec<DirectoryRow>,
        repomds: &HashMap<i32, RepomdRow>,
    ) -> Self {
        let mut directories: Vec<Directory> = rows
            .into_iter()
            .filter(|row| mirror_path(&topdir, &row.name).is_some())
            .map(|row| {
                let repomd = repomds.get(&row.id.0);
                Directory::new(row, repomd)
            })
            .collect();
        directories.sort_by(|a, b| a.name.cmp(&b.name));
        let repositories = repositories(&directories);
        for &(top, repodata) in &repositories {
            let Some(below) = directories.get(repodata).map(|directory| directory.fingerprint) else {
                continue;
            };
            if let Some(top) = directories.get_mut(top) {
                top.against = top.fingerprint.with_repodata(below);
            }
        }
        Self { category, topdir, directories, repositories }
    }

    /// A tree of these directories only, without repositories.
    pub fn with(&self, mut directories: Vec<Directory>) -> Self {
        directories.sort_by(|a, b| a.name.cmp(&b.name));
        let (category, topdir) = (self.category.clone(), self.topdir.clone());
        Self { category, topdir, directories, repositories: Vec::new() }
    }

    /// The path of a directory below a mirror's base URL.
    pub fn path<'a>(&self, directory: &'a Directory) -> &'a str {
        mirror_path(&self.topdir, &directory.name).unwrap_or(&directory.name)
    }

    /// The path of a directory in `host_category_dir`.
    pub fn stored_path(&self, directory: &Directory) -> String {
        stored_path(&self.topdir, &directory.name).unwrap_or_else(|| directory.name.clone())
    }

    /// Indices of the directories named `repodata`.
    pub fn repodata(&self) -> impl Iterator<Item = usize> + '_ {
        self.directories.iter().enumerate().filter(|(_, directory)| directory.is_repodata()).map(|(at, _)| at)
    }

    /// When a repository changed last, seconds since 1970.
    pub fn changed_at(&self) -> Option<i64> {
        self.directories.iter().filter(|directory| directory.has_repomd()).filter_map(|d| d.ctime).max()
    }

    /// The name of the top-level directory that a directory lies in; empty for the top directory itself.
    pub fn subtree(&self, at: usize) -> &str {
        let path = self.directories.get(at).map_or("", |directory| self.path(directory));
        path.split('/').next().unwrap_or_default()
    }
}

/// Directories whose `repodata` holds a `repomd.xml`, each with that.
fn repositories(directories: &[Directory]) -> Vec<(usize, usize)> {
    let find = |name: &str| directories.binary_search_by(|directory| directory.name.as_str().cmp(name)).ok();
    let is_one =
        |directory: &Directory| last_component(&directory.name) == "repodata" && directory.has_repomd();
    let found = directories.iter().enumerate().filter(|(_, directory)| is_one(directory));
    found.filter_map(|(at, d)| Some((find(parent(&d.name)?)?, at))).collect()
}

impl Directory {
    /// Whether it is named `repodata`.
    pub fn is_repodata(&self) -> bool {
        self.name.ends_with("/repodata")
    }

    /// Whether its first file is a `repomd.xml`.
    pub fn has_repomd(&self) -> bool {
        let Expected::Files(files) = &self.files else { return false };
        files.first().is_some_and(|file| matches!(file.proof, Proof::Digest { .. }))
    }

    /// Whether anything is expected in it.
    pub fn has_files(&self) -> bool {
        matches!(&self.files, Expected::Files(files) if !files.is_empty())
    }

    /// From its row and the newest row about its `repomd.xml`.
    pub fn new(row: DirectoryRow, repomd: Option<&RepomdRow>) -> Self {
        let sha256 = repomd.and_then(|repomd| repomd.sha256.as_deref());
        let (files, fingerprint) = match files::decode(row.files.as_deref().unwrap_or_default()) {
            Ok(list) => {
                let print = fingerprint(&list, sha256);
                let mut wanted: Vec<WantedFile> = list
                    .into_entries()
                    .into_iter()
                    .map(|entry| {
                        let proof = if entry.name.as_bytes() == REPOMD {
                            digest_proof(repomd)
                        } else {
                            Proof::Size(entry.size)
                        };
                        WantedFile { name: entry.name, proof }
                    })
                    .collect();
                // The most telling file first; the rest stays by name.
                wanted.sort_by_key(|file| matches!(file.proof, Proof::Size(_)));
                (Expected::Files(wanted), print)
            }
            Err(error) => (Expected::Unreadable(error.to_string()), Fingerprint(0)),
        };
        Self { id: row.id, name: row.name, files, ctime: row.ctime, fingerprint, against: fingerprint }
    }
}

fn digest_proof(repomd: Option<&RepomdRow>) -> Proof {
    let sha256 = repomd.and_then(|row| row.sha256.as_deref()).and_then(from_hex);
    let size = repomd.and_then(|row| row.size).and_then(|size| u64::try_from(size).ok());
    Proof::Digest { sha256, size }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i32, name: &str, files: &str) -> DirectoryRow {
        DirectoryRow { id: DirectoryId(id), name: name.into(), files: Some(files.into()), ctime: None }
    }

    #[test]
    fn repomd_is_asked_first_and_repositories_are_found() {
        let list = vec![
            row(
                2,
                "pub/f/r/repodata",
                r#"[{"name":"a.xml","size":1,"timestamp":1},{"name":"repomd.xml","size":2,"timestamp":1}]"#,
            ),
            row(1, "pub/f/r", "[]"),
            row(3, "pub/f/x/repodata", "[]"),
            row(4, "pub/f/x", "[]"),
            row(5, "elsewhere", "[]"),
            row(6, "pub/f/bad", "{"),
        ];
        let hex = "ab".repeat(32);
        let repomds = HashMap::from([(2, RepomdRow { sha256: Some(hex), size: Some(2) })]);
        let tree = Tree::new("F".into(), "pub/f".into(), list, &repomds);
        let names: Vec<_> = tree.directories.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["pub/f/bad", "pub/f/r", "pub/f/r/repodata", "pub/f/x", "pub/f/x/repodata"]);
        assert_eq!(tree.repositories, [(1, 2)]);
        let [bad, top, repodata, ..] = tree.directories.as_slice() else { panic!() };
        assert_eq!(top.against, top.fingerprint.with_repodata(repodata.fingerprint));
        assert_eq!((repodata.against, bad.against), (repodata.fingerprint, bad.fingerprint));
        assert_eq!([tree.subtree(1), tree.subtree(2), tree.subtree(3)], ["r", "r", "x"]);
        let Expected::Files(files) = &tree.directories[2].files else { panic!() };
        assert_eq!(files[0].proof, Proof::Digest { sha256: Some([0xab; 32]), size: Some(2) });
        assert!(matches!(tree.directories[0].files, Expected::Unreadable(_)));
        assert_eq!(tree.path(&tree.directories[1]), "r");
        assert_eq!(tree.stored_path(&tree.directories[1]), "/r");
        assert_eq!(tree.repodata().collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn digests_are_64_hexadecimal_digits() {
        assert_eq!(from_hex(&"0F".repeat(32)), Some([15; 32]));
        for bad in ["", "0f", &"+f".repeat(32), &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(from_hex(bad), None);
        }
    }
}
