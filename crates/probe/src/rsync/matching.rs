//! A listing matched with what is expected, line by line; nothing of it is kept (`spec/crawler.md` 11.5).
//!
//! One bit for each expected file and one counter for each directory is all that a mirror costs.

use std::collections::HashMap;

use super::complaints::Doubts;
use super::expected::{Expected, Hit};
use super::{Kind, Line};
use crate::classify::Reason;
use crate::connector::{DirectoryCheck, Finding};

/// Files of another size whose size is remembered, for the reasons.
const MAX_DIFFERENT: usize = 1000;

/// A listing that is being read.
#[derive(Debug)]
pub(super) struct Matching<'e> {
    expected: &'e Expected,
    good: Vec<u64>,
    missing: Vec<u32>,
    different: HashMap<usize, u64>,
    /// The directory of the last line: lines of one directory come together.
    last: (Vec<u8>, Option<usize>),
}

impl<'e> Matching<'e> {
    pub(super) fn new(expected: &'e Expected) -> Self {
        let missing = (0..expected.directories()).map(|at| expected.count(at)).collect();
        Self {
            expected,
            good: vec![0; expected.files().div_ceil(64)],
            missing,
            different: HashMap::new(),
            last: (Vec::new(), expected.directory(b"")),
        }
    }

    /// Takes an entry of the listing.
    pub(super) fn take(&mut self, line: &Line<'_>) {
        if matches!(line.kind, Kind::Directory | Kind::Other) {
            return;
        }
        let (path, name) = match line.name.iter().rposition(|byte| *byte == b'/') {
            // Nothing in a listing begins with a slash.
            Some(0) => return,
            Some(at) => line.name.split_at(at),
            None => (&b""[..], line.name.as_ref()),
        };
        let name = name.strip_prefix(b"/").unwrap_or(name);
        if self.last.0 != path {
            self.last.0.clear();
            self.last.0.extend_from_slice(path);
            self.last.1 = self.expected.directory(path);
        }
        let Some(hit) = self.last.1.and_then(|directory| self.expected.find(directory, name)) else { return };
        let wanted = self.expected.size(hit.file);
        // The size of a link is that of its text.
        if line.kind == Kind::Symlink || wanted.is_none_or(|wanted| wanted == line.size) {
            self.found(hit);
        } else if self.different.len() < MAX_DIFFERENT {
            self.different.insert(hit.file, line.size);
        }
    }

    fn found(&mut self, hit: Hit) {
        let bit = 1u64 << (hit.file % 64);
        let Some(word) = self.good.get_mut(hit.file / 64).filter(|word| **word & bit == 0) else { return };
        *word |= bit;
        if let Some(missing) = self.missing.get_mut(hit.directory) {
            *missing = missing.saturating_sub(1);
        }
    }

    fn is_good(&self, file: usize) -> bool {
        self.good.get(file / 64).is_some_and(|word| word & (1 << (file % 64)) != 0)
    }

    /// What is known of a directory when the listing has ended like this.
    pub(super) fn check(&self, directory: usize, end: &Ending) -> DirectoryCheck {
        if self.missing.get(directory).is_none_or(|missing| *missing == 0) {
            return DirectoryCheck::Current;
        }
        let first = self.expected.first_without(directory, |file| self.is_good(file));
        let Some((file, proven, name)) = first else { return DirectoryCheck::Current };
        let finding = |reason| Finding { proven, file: name.into(), reason };
        match end {
            Ending::Whole => {}
            Ending::Doubtful(doubts) if !doubts.contains(directory) => {}
            Ending::Doubtful(_) => {
                let why = "rsync could not read all of the directory";
                return DirectoryCheck::Unknown(finding(Reason::NoListing(why.into())));
            }
            Ending::Broken(why) => return DirectoryCheck::Unknown(finding(Reason::NoListing(why.clone()))),
        }
        let expected = self.expected.size(file);
        DirectoryCheck::Stale(finding(match (expected, self.different.get(&file)) {
            (Some(expected), Some(found)) => Reason::Size { expected, found: *found },
            _ => Reason::NotListed,
        }))
    }
}

/// How a listing ended: what is not in it is worth as much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything was listed: what is not in it is not there.
    Whole,
    /// Not everything could be read; only what is in doubt is unknown.
    Doubtful(Doubts),
    /// It broke off, for this reason: what was seen is there, nothing is known of the rest.
    Broken(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::line;
    use super::*;
    use crate::connector::{Proof, Wanted, WantedFile};

    fn file(name: &str, size: u64) -> WantedFile {
        WantedFile { name: name.into(), proof: Proof::Size(size) }
    }

    fn entry(size: u64, name: &str) -> String {
        format!("-rw-r--r-- {size} 2026/11/21 05:55:23 {name}")
    }

    #[test]
    fn first_missing_in_the_order_asked_for_and_its_size() {
        let repomd = WantedFile { name: "z".into(), proof: Proof::Digest { sha256: None, size: None } };
        let (top, below) = ([file("t", 1)], [repomd, file("b", 2), file("a", 3)]);
        let tree = [("", &top[..]), ("d/e", &below[..]), ("empty", &[][..])];
        let expected = Expected::new(tree.map(|(path, files)| Wanted { path, files })).unwrap();
        let mut matching = Matching::new(&expected);
        for text in
            [&entry(1, "t"), &entry(77, "d/e/z"), &entry(3, "d/e/a"), &entry(9, "d/e/b"), &entry(2, "d/b")]
        {
            matching.take(&line(text.as_bytes()).unwrap());
        }
        let check = |at| matching.check(at, &Ending::Whole);
        assert_eq!((check(0), check(2)), (DirectoryCheck::Current, DirectoryCheck::Current));
        let reason = Reason::Size { expected: 2, found: 9 };
        assert_eq!(check(1), DirectoryCheck::Stale(Finding { proven: 1, file: "b".into(), reason }));
        assert!(matches!(matching.check(1, &Ending::Broken("x".into())), DirectoryCheck::Unknown(_)));
        assert_eq!(matching.check(0, &Ending::Broken("x".into())), DirectoryCheck::Current, "seen is seen");
        // A link counts whatever its own size.
        matching.take(&line(b"lrwxrwxrwx 5 2026/11/21 05:55:23 d/e/b -> ../x").unwrap());
        assert_eq!(matching.check(1, &Ending::Whole), DirectoryCheck::Current);
    }

    proptest! {
        #[test]
        fn as_a_plain_comparison_says(
            held in proptest::collection::btree_map("[ab](/[ab]){0,2}", 0u64..3, 0..20),
            wanted in proptest::collection::btree_map("[ab](/[ab]){0,2}", 0u64..3, 0..20),
        ) {
            let mut directories: std::collections::BTreeMap<&str, Vec<WantedFile>> = Default::default();
            for (path, size) in &wanted {
                let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
                directories.entry(directory).or_default().push(file(name, *size));
            }
            let tree = directories.iter().map(|(path, files)| Wanted { path, files });
            let expected = Expected::new(tree).unwrap();
            let mut matching = Matching::new(&expected);
            for (path, size) in &held {
                matching.take(&line(entry(*size, path).as_bytes()).unwrap());
            }
            for (at, (directory, files)) in directories.iter().enumerate() {
                let holds = |file: &WantedFile| {
                    let name = file.name.to_str().unwrap();
                    let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
                    held.get(&path).map(|size| Proof::Size(*size)) == Some(file.proof.clone())
                };
                let is_current = matching.check(at, &Ending::Whole) == DirectoryCheck::Current;
                prop_assert_eq!(is_current, files.iter().all(holds));
            }
        }
    }
}
