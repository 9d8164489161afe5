//! What rsync complains about when it could not read everything (status 23): which directories are in doubt.

use std::collections::HashSet;

use super::expected::Expected;
use super::line::unescaped;

/// Bytes of rsync's complaints that are kept.
pub(super) const KEPT: usize = 64 << 10;

/// What rsync said on its error output.
#[derive(Debug, Clone, Default)]
pub(super) struct Complaints {
    pub(super) text: Vec<u8>,
    /// There were more than are kept.
    pub(super) is_cut: bool,
}

impl Complaints {
    /// The first one, fit for a message.
    pub(super) fn first(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        first.chars().filter(|c| !c.is_control()).take(300).collect()
    }

    /// The directories, by their numbers, that are in doubt after these complaints about the tree at `inside` of a
    /// module (a path without slashes at its ends, or empty).
    pub(super) fn doubts(&self, expected: &Expected, paths: &[&str], inside: &str) -> Doubts {
        if self.is_cut {
            return Doubts::All;
        }
        let mut about = HashSet::new();
        for line in self.text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            match meaning(line, inside) {
                Meaning::Nothing => {}
                Meaning::Path(path) => {
                    about.insert(path);
                }
                Meaning::Unknown => return Doubts::All,
            }
        }
        if about.is_empty() {
            // Something was not read, and nobody says what.
            return Doubts::All;
        }
        let is_doubted = |path: &str| {
            let mut above = std::iter::successors(Some(path), |path| model::directory_name::parent(path));
            above.any(|one| about.contains(one))
                || about.iter().any(|one| model::directory_name::parent(one) == Some(path))
        };
        let numbers = paths.iter().filter(|path| is_doubted(path));
        Doubts::Some(numbers.filter_map(|path| expected.directory(path.as_bytes())).collect())
    }
}

/// Directories that are in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubts {
    /// These, by their numbers.
    Some(HashSet<usize>),
    /// All.
    All,
}

impl Doubts {
    pub(super) fn contains(&self, directory: usize) -> bool {
        match self {
            Self::Some(numbers) => numbers.contains(&directory),
            Self::All => true,
        }
    }
}

enum Meaning {
    Nothing,
    /// A path below what was listed.
    Path(String),
    Unknown,
}

/// What one line says: `rsync: [sender] opendir "/a/b" (in module) failed: Permission denied (13)`.
fn meaning(line: &[u8], inside: &str) -> Meaning {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word.as_bytes()));
    if line.is_empty()
        || begins(&["rsync error: ", "rsync warning: ", "IO error encountered", "file has vanished: "])
    {
        return Meaning::Nothing;
    }
    let quoted = || {
        let begin = line.iter().position(|byte| *byte == b'"')? + 1;
        let end = line.windows(6).rposition(|part| part == br#"" (in "#)?;
        String::from_utf8(unescaped(line.get(begin..end)?).into_owned()).ok()
    };
    let Some(path) = line.starts_with(b"rsync: ").then(quoted).flatten() else { return Meaning::Unknown };
    match model::directory_name::relative(inside, path.trim_matches('/')) {
        Some(path) => Meaning::Path(path.to_owned()),
        None => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Wanted;

    #[test]
    fn what_is_named_is_in_doubt_and_the_rest_is_not() {
        let paths = ["", "a", "a/b", "a/b/c", "x"];
        let expected = Expected::new(paths.map(|path| Wanted { path, files: &[] })).unwrap();
        let doubts = |text: &str| {
            let complaints = Complaints { text: text.into(), is_cut: false };
            match complaints.doubts(&expected, &paths, "pub") {
                Doubts::All => None,
                Doubts::Some(numbers) => {
                    let mut numbers: Vec<_> = numbers.into_iter().collect();
                    numbers.sort_unstable();
                    Some(numbers)
                }
            }
        };
        let opendir = "rsync: [sender] opendir \"/pub/a/b\" (in module) failed: Permission denied (13)\n\
             rsync error: some files/attrs were not transferred (see previous errors) (code 23)";
        assert_eq!(doubts(opendir), Some(vec![1, 2, 3]));
        let file = "rsync: [sender] readlink_stat(\"/pub/x/f\" (in module)) failed: Input/output error (5)";
        assert_eq!(doubts(file), Some(vec![4]));
        assert_eq!(doubts("rsync: opendir \"/other\" (in module) failed: x"), None);
        assert_eq!(doubts("rsync: something else"), None);
        assert_eq!(doubts("what?"), None);
        assert_eq!(doubts(""), None);
    }
}
