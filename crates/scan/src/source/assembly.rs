//! A tree put together from the lines of a listing, in whatever order they come.
//!
//! Rules are those of the walk: names are bytes, directories' names UTF-8 and of bearable length, an excluded
//! directory is left out with everything below it, a directory is readable if those above it are, too. What a listing
//! gets wrong is counted, and then nothing may be deleted on its word.

use std::collections::HashMap;

use model::directory_name::{join, last_component, parent};
use model::excludes::Excludes;
use model::file_name::FileName;
use model::files::FileEntry;

use super::{Found, KnownTimes, Listing, MAX_NAME_BYTES};
use crate::problem::{Problem, percent};
use crate::progress::Progress;

mod node;

use node::Node;

/// Complaints about names that are kept; more are only counted.
const MAX_PROBLEMS: usize = 1_000;

/// What is true for the whole tree.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The category's top directory.
    pub(crate) topdir: &'a str,
    /// Directories to leave out, by full name.
    pub(crate) excludes: &'a Excludes,
    /// The times of the last scan.
    pub(crate) known: &'a KnownTimes,
    /// Who wants to know.
    pub(crate) progress: &'a dyn Progress,
}

/// How a listing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It says itself that it is whole.
    Complete,
    /// It may lack something, for this reason; what is listed is right.
    Open(&'static str),
    /// Directories may have been listed in part only.
    Partial(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Left,
    Node(usize),
}

/// A tree in the making.
pub(crate) struct Assembly<'a> {
    frame: Frame<'a>,
    places: HashMap<Box<str>, Place>,
    nodes: Vec<Node>,
    /// Where the last file was, as most files follow one of the same directory.
    last: (String, Place),
    files: u64,
    excluded: u64,
    problems: Vec<Problem>,
    bad: u64,
    first_bad: String,
}

impl<'a> Assembly<'a> {
    pub(crate) fn new(frame: Frame<'a>) -> Self {
        Self {
            frame,
            places: HashMap::new(),
            nodes: Vec::new(),
            last: (String::from("/"), Place::Left),
            files: 0,
            excluded: 0,
            problems: Vec::new(),
            bad: 0,
            first_bad: String::new(),
        }
    }

    /// A directory; `path` is relative to the top directory, `""` for itself. `open`: others may read and enter
    /// it, if the listing tells.
    pub(crate) fn directory(&mut self, path: &[u8], time: i64, open: Option<bool>) {
        let Some(name) = self.directory_name(path) else { return };
        let Place::Node(index) = self.place(&name) else { return };
        if let Some(up) = parent(&name)
            && let Place::Node(above) = self.place(up)
            && let Some(above) = self.nodes.get_mut(above)
        {
            above.has_entries = true;
            above.has_repodata |= last_component(&name) == "repodata";
            above.has_objects |= last_component(&name) == "objects";
        }
        let known = self.frame.known.get(&name).copied();
        let Some(node) = self.nodes.get_mut(index) else { return };
        if node.time.is_some_and(|before| before != time) {
            node.disputed = true;
            self.bad(path);
            return;
        }
        node.time = Some(time);
        node.open = open;
        node.unchanged = known == Some(time);
        self.frame.progress.directory(&name, 0);
    }

    /// A file.
    pub(crate) fn file(&mut self, path: &[u8], size: u64, time: i64) {
        let (directory, file) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
            None => (&b""[..], path),
        };
        if !is_component(file) {
            return self.bad(path);
        }
        if self.last.0.as_bytes() != directory {
            // Who complains about the directory is its own line.
            let Ok(name) = std::str::from_utf8(directory) else { return };
            if !name.is_empty() && !name.as_bytes().split(|byte| *byte == b'/').all(is_component) {
                return self.bad(path);
            }
            if let Place::Node(before) = self.last.1
                && let Some(before) = self.nodes.get_mut(before)
            {
                before.pause();
            }
            let place = if self.full_length(name) > MAX_NAME_BYTES { Place::Left } else { self.place(name) };
            name.clone_into(&mut self.last.0);
            self.last.1 = place;
        }
        let Place::Node(index) = self.last.1 else { return };
        let Some(node) = self.nodes.get_mut(index) else { return };
        self.files += 1;
        node.add(FileEntry::new(file, size, time));
    }

    /// A line that should have been an entry and is none.
    pub(crate) fn bad(&mut self, line: &[u8]) {
        if self.bad == 0 {
            self.first_bad = FileName::from(line.get(..200.min(line.len())).unwrap_or_default()).to_string();
        }
        self.bad += 1;
    }

    fn full_length(&self, name: &str) -> usize {
        self.frame.topdir.len() + 1 + name.len()
    }

    /// The name of a directory, unless it is one that can not be recorded.
    fn directory_name(&mut self, path: &[u8]) -> Option<String> {
        if path.is_empty() {
            return Some(String::new());
        }
        if !path.split(|byte| *byte == b'/').all(is_component) {
            self.bad(path);
            return None;
        }
        let Ok(name) = std::str::from_utf8(path) else {
            // What is below it has been left out by then.
            let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            if path.get(..end).is_some_and(|above| std::str::from_utf8(above).is_ok()) {
                let full = [self.frame.topdir.as_bytes(), b"/", path].concat();
                self.complain(Problem::Name { path: percent(&full) });
            }
            return None;
        };
        let bytes = self.full_length(name);
        if bytes > MAX_NAME_BYTES {
            if parent(name).is_some_and(|up| self.full_length(up) <= MAX_NAME_BYTES) {
                self.complain(Problem::long_name(&join(self.frame.topdir, name)));
            }
            return None;
        }
        Some(name.to_owned())
    }

    fn complain(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// The place of a directory, made if it is new.
    fn place(&mut self, name: &str) -> Place {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let above = self.is_below_excluded(name);
        let full = join(self.frame.topdir, name);
        let pattern = self.frame.excludes.matching(&full).filter(|_| !above && !name.is_empty());
        if let Some(pattern) = pattern {
            self.excluded += 1;
            self.frame.progress.excluded(&full, pattern);
        }
        let place = if above || pattern.is_some() {
            Place::Left
        } else {
            self.nodes.push(Node::default());
            Place::Node(self.nodes.len() - 1)
        };
        self.places.insert(name.into(), place);
        place
    }

    fn is_below_excluded(&self, name: &str) -> bool {
        let mut at = name;
        while let Some(up) = parent(at) {
            match self.places.get(up) {
                Some(Place::Left) => return true,
                Some(Place::Node(_)) => return false,
                None if up.is_empty() => return false,
                None if self.frame.excludes.is_excluded(&join(self.frame.topdir, up)) => return true,
                None => at = up,
            }
        }
        false
    }

    /// The tree. `derive_root`: the listing has no line for the top directory, whose time is then that of its
    /// newest file.
    pub(crate) fn finish(mut self, derive_root: bool, ending: &Ending) -> Listing {
        let derived =
            derive_root && !self.nodes.is_empty() && self.root().is_none_or(|root| root.time.is_none());
        if derived && let Place::Node(index) = self.place("") {
            let node = self.nodes.get_mut(index);
            if let Some(node) = node {
                node.time = Some(node.newest().unwrap_or(0));
            }
        }
        let above: Vec<(usize, Option<usize>)> = self
            .places
            .iter()
            .filter_map(|(name, place)| {
                let Place::Node(index) = place else { return None };
                let up = parent(name).and_then(|up| match self.places.get(up)? {
                    Place::Node(above) => Some(*above),
                    Place::Left => None,
                });
                Some((*index, up))
            })
            .collect();
        let mut parents = vec![None; self.nodes.len()];
        for (index, up) in above {
            if let Some(parent) = parents.get_mut(index) {
                *parent = up;
            }
        }
        let mut names: Vec<(Box<str>, usize)> = std::mem::take(&mut self.places)
            .into_iter()
            .filter_map(|(name, place)| match place {
                Place::Node(index) => Some((name, index)),
                Place::Left => None,
            })
            .collect();
        names.sort_unstable();
        let mut listing = Listing {
            directories: Vec::with_capacity(names.len()),
            files: self.files,
            excluded: self.excluded,
            ..Listing::default()
        };
        let mut open = vec![false; self.nodes.len()];
        let mut homeless = (0u64, String::new());
        let partial = matches!(ending, Ending::Partial(_));
        for (name, index) in names {
            let Some(node) = self.nodes.get_mut(index).map(std::mem::take) else { continue };
            let up = parents.get(index).copied().flatten();
            let has_line = node.time.is_some() && (up.is_some() || name.is_empty());
            if !has_line {
                if homeless.0 == 0 {
                    homeless.1 = join(self.frame.topdir, &name);
                }
                homeless.0 += 1;
            }
            let may_enter = up.and_then(|up| open.get(up).copied()).unwrap_or(name.is_empty());
            let is_open = may_enter && has_line && node.open.unwrap_or(true);
            if let Some(open) = open.get_mut(index) {
                *open = is_open;
            }
            // What the listing does not tell about the root is not known.
            let readable = (node.open.is_some() || !name.is_empty()).then_some(is_open);
            let name = String::from(name);
            let is_repository = node.has_repodata;
            let is_atomic = node.has_summary && node.has_objects;
            let ctime = node.time.unwrap_or(0);
            let derived = derived && name.is_empty();
            let inside = node.inside(partial, derived, &name, &mut listing.unproven);
            listing.directories.push(Found { name, ctime, readable, inside, is_repository, is_atomic });
        }
        if self.bad > 0 {
            let first = self.first_bad;
            self.problems.push(Problem::Lines { count: self.bad, first });
        }
        if homeless.0 > 0 {
            self.problems.push(Problem::Homeless { count: homeless.0, first: homeless.1.clone() });
        }
        listing.complete = *ending == Ending::Complete && self.bad == 0 && homeless.0 == 0;
        match ending {
            Ending::Open(reason) => self.problems.push(Problem::Incomplete { reason }),
            Ending::Partial(reason) => self.problems.push(Problem::Partial { reason }),
            _ => {}
        }
        self.problems.sort();
        listing.problems = self.problems;
        listing
    }

    fn root(&self) -> Option<&Node> {
        match self.places.get("")? {
            Place::Node(index) => self.nodes.get(*index),
            Place::Left => None,
        }
    }
}

/// Whether it can be a part of a path.
fn is_component(part: &[u8]) -> bool {
    !matches!(part, b"" | b"." | b"..") && !part.contains(&0) && !part.contains(&b'/')
}
