//! A master, a mirror of it in memory, and a clock that is set by hand.

mod mirror;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crawl::Mode;
use crawl::belief::{Belief, Place, holds};
use crawl::check::Patience;
use crawl::master::{Master, Tree};
use crawl::plan::{Pace, plan};
use crawl::proof::evidence;
use crawl::sweep::{Findings, Sweep};
use crawl::verdict::{Known, follow_repodata};
use model::evidence::Method;
use model::files::{self, FileEntry};
use model::ids::{CategoryId, DirectoryId};
use proptest::test_runner::TestCaseError;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{RngExt, SeedableRng};
use settings::crawl::{Crawl, RepositoryTop};
use store::crawl_master::{CategoryRow, DirectoryRow, MasterRows, RepomdRow};
use store::evidence::Located;

use mirror::{Files, MemoryMirror, digest};

pub const DAY: i64 = 24 * 60 * 60;

/// One file: its size and which content of that size it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    pub size: u64,
    pub content: u64,
}

/// What the questions of a plan came upon.
struct Touched {
    /// Something that was believed to be current and is not.
    bad: bool,
    /// Something that was believed not to be current and is.
    good: bool,
}

/// Directories by full name, files by name.
pub type Content = BTreeMap<String, Files>;

pub struct World {
    pub now: i64,
    /// What the master holds, and the id of each directory.
    master: Content,
    ids: BTreeMap<String, i32>,
    mirror: Content,
    /// Names of the directories that the mirror is listed for.
    pub listed: BTreeSet<String>,
    /// Questions of the last crawl, file by file.
    pub requests: usize,
    located: Option<Located>,
    /// Since when a directory's verdict differs from the truth.
    wrong_since: BTreeMap<String, i64>,
    sentinels: usize,
    rng: StdRng,
    contents: u64,
    crawls: u64,
}

impl World {
    pub fn new(seed: u64, sentinels: usize) -> Self {
        let mut world = Self {
            now: 1_800_000_000,
            master: Content::from([("t".into(), Files::new())]),
            ids: BTreeMap::from([("t".into(), 1)]),
            mirror: Content::new(),
            listed: BTreeSet::new(),
            requests: 0,
            located: None,
            wrong_since: BTreeMap::new(),
            sentinels,
            rng: StdRng::seed_from_u64(seed),
            contents: 0,
            crawls: 0,
        };
        for _ in 0..world.rng.random_range(1..40) {
            world.add_directory();
        }
        world.mirror = world.master.clone();
        for _ in 0..world.rng.random_range(0..4) {
            world.change_mirror();
        }
        world
    }

    fn file(&mut self) -> File {
        self.contents += 1;
        File { size: self.rng.random_range(0..3), content: self.contents }
    }

    fn directory(&mut self) -> String {
        self.master.keys().choose(&mut self.rng).unwrap().clone()
    }

    /// A directory below another, sometimes a repository.
    fn add_directory(&mut self) {
        let parent = self.directory();
        let is_repository = self.rng.random_bool(0.3);
        let name =
            if is_repository { "repodata".into() } else { format!("d{}", self.rng.random_range(0..50)) };
        let name = format!("{parent}/{name}");
        let mut list = Files::new();
        for n in 0..self.rng.random_range(0..4) {
            let file = self.file();
            list.insert(format!("f{n}"), file);
        }
        if is_repository {
            let file = self.file();
            list.insert("repomd.xml".into(), file);
        }
        let next = self.ids.values().max().unwrap() + 1;
        self.ids.entry(name.clone()).or_insert(next);
        self.master.insert(name, list);
    }

    /// Some changes of the master, the mirror and the database.
    pub fn mutate(&mut self, seed: u64, count: usize) {
        self.rng = StdRng::seed_from_u64(seed);
        for _ in 0..count {
            match self.rng.random_range(0..10) {
                0 => self.add_directory(),
                1 => self.change_files(true),
                2 => {
                    let gone = self.directory();
                    if gone != "t" {
                        self.master.remove(&gone);
                        self.ids.remove(&gone);
                    }
                }
                3 => self.mirror = self.master.clone(),
                4 => {
                    let name = self.directory();
                    let list = self.master[&name].clone();
                    self.mirror.insert(name, list);
                }
                5 => {
                    // Somebody else writes into the database.
                    let name = self.directory();
                    if !self.listed.remove(&name) {
                        self.listed.insert(name);
                    }
                }
                _ => self.change_mirror(),
            }
        }
    }

    fn change_mirror(&mut self) {
        let name = self.directory();
        match self.rng.random_range(0..6) {
            0 => drop(self.mirror.remove(&name)),
            1 => self.mirror.retain(|other, _| !other.starts_with(&name) || *other == name),
            _ => self.change_files(false),
        }
    }

    /// Adds, removes or changes a file of some directory.
    fn change_files(&mut self, master: bool) {
        let name = self.directory();
        let file = self.file();
        let tree = if master { &mut self.master } else { &mut self.mirror };
        let Some(list) = tree.get_mut(&name) else { return };
        let other = list.keys().choose(&mut self.rng).cloned();
        match (self.rng.random_range(0..4), other) {
            (0, Some(other)) => drop(list.remove(&other)),
            (1 | 2, Some(other)) => drop(list.insert(other, file)),
            (_, _) => drop(list.insert(format!("n{}", file.content % 5), file)),
        }
    }

    /// Other content of the same size in all files of the mirror with such a name.
    pub fn corrupt(&mut self, is_one: fn(&str) -> bool) {
        for list in self.mirror.values_mut() {
            for file in list.iter_mut().filter(|(name, _)| is_one(name)).map(|(_, file)| file) {
                file.content += 1_000_000;
            }
        }
    }

    /// The model: what a check of everything finds. Only the content of `repomd.xml` can be seen, of all else the
    /// size; a repository is what its `repodata` is.
    pub fn truth(&self) -> BTreeSet<String> {
        let is_as_it_should_be = |name: &str| {
            let held = self.mirror.get(name);
            self.master[name].iter().all(|(file, wanted)| {
                let found = held.and_then(|held| held.get(file));
                found.is_some_and(|found| {
                    found.size == wanted.size && (file != "repomd.xml" || found.content == wanted.content)
                })
            })
        };
        let is_current = |name: &str| {
            let below = format!("{name}/repodata");
            let repository = self.master.get(&below).is_some_and(|list| list.contains_key("repomd.xml"));
            is_as_it_should_be(name) && (!repository || is_as_it_should_be(&below))
        };
        self.master.keys().filter(|name| is_current(name)).cloned().collect()
    }

    fn tree(&self) -> std::sync::Arc<Tree> {
        let row = |(name, list): (&String, &Files)| {
            let entries: files::Files =
                list.iter().map(|(name, file)| FileEntry::new(name.as_str(), file.size, 1)).collect();
            DirectoryRow {
                id: DirectoryId(self.ids[name]),
                name: name.clone(),
                files: Some(files::encode(&entries)),
                ctime: None,
            }
        };
        let id = CategoryId(1);
        let repomd = |(name, list): (&String, &Files)| {
            let file = list.get("repomd.xml")?;
            let sha256 = digest(*file).iter().map(|byte| format!("{byte:02x}")).collect();
            Some((self.ids[name], RepomdRow { sha256: Some(sha256), size: Some(file.size as i64) }))
        };
        let repomds: HashMap<i32, RepomdRow> = self.master.iter().filter_map(repomd).collect();
        let rows = MasterRows { directories: vec![(id, self.master.iter().map(row).collect())], repomds };
        let category = CategoryRow { id, name: "C".into(), topdir: Some("t".into()) };
        Master::new(&[category], rows).tree(id).unwrap().clone()
    }

    fn pace(&self) -> Pace {
        Pace { sentinels: self.sentinels, ..Pace::new(&Crawl::default(), self.now) }
    }

    /// An incremental crawl.
    pub fn crawl(&mut self) {
        self.run(Mode::Incremental);
    }

    /// Crawls, and tells what the questions of the plan touch.
    fn run(&mut self, mode: Mode) -> Touched {
        let tree = self.tree();
        self.crawls += 1;
        let place = Place { url: "http://m/".into(), addresses: vec!["192.0.2.1".parse().unwrap()] };
        // A row of a directory that is gone went with it.
        self.listed.retain(|name| self.ids.contains_key(name));
        let listed: HashSet<i32> = self.listed.iter().map(|name| self.ids[name]).collect();
        let rule = RepositoryTop::Repodata;
        let belief = match (&self.located, holds(self.located.as_ref(), &place, self.now, 2 * DAY)) {
            (Some(located), Ok(())) => Belief::new(&tree, located, &listed, rule),
            _ => Belief::none(&tree),
        };
        let mut findings = Findings::new(tree.directories.len());
        findings.work = plan(&tree, &belief, mode, &self.pace(), self.crawls);
        let mirror = MemoryMirror::new(&self.mirror);
        let answers: Vec<(bool, bool)> = findings
            .work
            .iter()
            .filter_map(|ask| Some((belief.record(ask.at)?.standing.is_current(), mirror.holds(&tree, ask))))
            .collect();
        let touched =
            Touched { bad: answers.contains(&(true, false)), good: answers.contains(&(false, true)) };
        let settings = Crawl { retry_wait_ms: 0, requests_per_mirror: 3, ..Crawl::default() };
        let patience = Patience::new(&settings, 1);
        let sweep = Sweep { tree: &tree, belief: &belief, mode, patience: &patience, told: &|_, _| () };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(sweep.run(&mirror, &mut findings)).unwrap();
        self.requests = mirror.requests();
        let before = self.located.take().map(|located| located.evidence);
        let evidence = evidence(&tree, &belief, before.as_ref(), &findings, (Method::Http, mode), self.now);
        self.located = Some(Located { url: place.url, addresses: place.addresses, evidence });
        let mut known = findings.with_belief(&belief);
        follow_repodata(&tree, &mut known, rule, Mode::Full);
        let is_current = |known: &Option<Known>| *known == Some(Known::Current);
        assert!(known.iter().all(Option::is_some), "every directory has a verdict");
        self.listed = tree
            .directories
            .iter()
            .zip(&known)
            .filter(|(_, known)| is_current(known))
            .map(|(directory, _)| directory.name.clone())
            .collect();
        touched
    }

    /// Crawls incrementally and compares with the truth, and a full crawl of the same state with it.
    pub fn crawl_and_compare(&mut self) -> Result<(), TestCaseError> {
        let touched = self.run(Mode::Incremental);
        let truth = self.truth();
        let (listed, located) = (self.listed.clone(), self.located.clone());
        self.run(Mode::Full);
        proptest::prop_assert_eq!(&self.listed, &truth, "a full crawl");
        (self.listed, self.located) = (listed, located);
        if touched.bad {
            proptest::prop_assert_eq!(&self.listed, &truth, "a sentinel was touched: all is known at once");
        }
        if touched.good {
            proptest::prop_assert!(self.listed.is_superset(&truth), "good news: all that is good is known");
        }
        self.judge(&truth)
    }

    /// What differs from the truth must be what no question has touched, and not for long.
    fn judge(&mut self, truth: &BTreeSet<String>) -> Result<(), TestCaseError> {
        let wrong: BTreeSet<String> = self.listed.symmetric_difference(truth).cloned().collect();
        self.wrong_since.retain(|name, _| wrong.contains(name));
        for name in wrong {
            let since = *self.wrong_since.entry(name.clone()).or_insert(self.now);
            // A repository's top directory is wrong when its repodata is.
            let repodata = format!("{name}/repodata");
            let ids =
                [Some(&name), Some(&repodata)].into_iter().flatten().filter_map(|name| self.ids.get(name));
            let evidence = &self.located.as_ref().unwrap().evidence;
            let records: Vec<_> = ids.filter_map(|id| evidence.of(DirectoryId(*id))).collect();
            let checked_now = records.iter().all(|record| record.checked_at == self.now);
            proptest::prop_assert!(!checked_now, "{} was asked about just now", name);
            if truth.contains(&name) {
                // It has become good while it was left alone: at most for a day.
                let left_alone = records
                    .iter()
                    .any(|record| record.standing.back_off().is_some() && self.now - record.checked_at < DAY);
                proptest::prop_assert!(left_alone, "{} is good and was not waiting", name);
            } else {
                let limit = if name.ends_with("/repodata") { DAY } else { 7 * DAY };
                proptest::prop_assert!(self.now - since < limit, "{} is wrong for too long", name);
                proptest::prop_assert!(records.iter().any(|r| r.standing.is_current()), "{}", name);
            }
        }
        Ok(())
    }
}
