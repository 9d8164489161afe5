//! What one copy of a category is asked: the work list of `spec/crawler.md` 11.2. Pure, so that it can be tried on
//! anything.
//!
//! An unchanged copy of D directories, R of them with `repomd.xml`, costs at most R + [`SENTINELS`] requests, one for
//! each top-level subtree, and as many directories as are due for being proven once more.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use settings::crawl::Crawl;

use crate::belief::{Belief, Believed, Why};
use crate::job::Mode;
use crate::master::{Directory, Expected, Tree};

/// Random directories that are looked into: a copy that has lost a share q of its directories is found out with
/// a probability of 1 − (1 − q)^60.
pub const SENTINELS: usize = 60;

const DAY: i64 = 24 * 60 * 60;

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The directory, by index in the tree.
    pub at: usize,
    /// How much of it.
    pub extent: Extent,
    /// Why it is asked.
    pub why: Reason,
}

/// How much of a directory is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of its files.
    Whole,
    /// The file of this index.
    One(usize),
}

/// Why a directory is asked about, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A repository has changed on the master.
    ChangedRepository,
    /// It has changed on the master.
    Changed,
    /// Nothing is proven of it, or what was proven is contradicted.
    Unproven,
    /// It stands for others: should it be wrong, nothing is believed any more.
    Sentinel,
    /// It was not current when it was last asked about.
    NotCurrent,
    /// It was proven long ago.
    Due,
    /// Everything is asked.
    Everything,
}

impl Reason {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangedRepository => "its repository has changed on the master",
            Self::Changed => "it has changed on the master",
            Self::Unproven => "nothing is proven of it",
            Self::Sentinel => "it stands for others",
            Self::NotCurrent => "it was not current",
            Self::Due => "it was proven long ago",
            Self::Everything => "everything is asked",
        }
    }
}

/// How often things are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Now, seconds since 1970.
    pub now: i64,
    /// Within so many seconds each directory is proven once more.
    pub reverify: i64,
    /// Likewise for `repodata`.
    pub reverify_repodata: i64,
    /// Directories that are looked into at random: [`SENTINELS`].
    pub sentinels: usize,
}

impl Pace {
    /// From the settings.
    pub fn new(settings: &Crawl, now: i64) -> Self {
        let days = |days: u32| i64::from(days.max(1)) * DAY;
        Self {
            now,
            reverify: days(settings.reverify_days),
            reverify_repodata: days(settings.reverify_repodata_days),
            sentinels: SENTINELS,
        }
    }
}

/// The work list for a copy, the most urgent first.
pub fn plan(tree: &Tree, belief: &Belief, mode: Mode, pace: &Pace, seed: u64) -> Vec<Ask> {
    match mode {
        Mode::Canary => Vec::new(),
        Mode::Full => everything(tree),
        Mode::Repodata => tree.repodata().map(|at| whole(at, Reason::Everything)).collect(),
        Mode::Incremental => Planner { tree, belief, pace, asks: BTreeMap::new() }.plan(seed),
    }
}

/// Every directory, all of it.
pub fn everything(tree: &Tree) -> Vec<Ask> {
    (0..tree.directories.len()).map(|at| whole(at, Reason::Everything)).collect()
}

fn whole(at: usize, why: Reason) -> Ask {
    Ask { at, extent: Extent::Whole, why }
}

struct Planner<'a> {
    tree: &'a Tree,
    belief: &'a Belief,
    pace: &'a Pace,
    /// By directory, so that none is asked twice; the first reason counts.
    asks: BTreeMap<usize, Ask>,
}

impl Planner<'_> {
    fn plan(mut self, seed: u64) -> Vec<Ask> {
        self.unproven();
        self.not_current();
        self.due(true, self.pace.reverify_repodata);
        self.due(false, self.pace.reverify);
        self.repomds();
        self.random(&mut StdRng::seed_from_u64(seed));
        let mut asks: Vec<Ask> = self.asks.into_values().collect();
        asks.sort_by_key(|ask| ask.why);
        asks
    }

    fn ask(&mut self, at: usize, extent: Extent, why: Reason) {
        self.asks.entry(at).or_insert(Ask { at, extent, why });
    }

    /// What has changed on the master and what is not proven.
    fn unproven(&mut self) {
        let tree = self.tree;
        for (at, (directory, believed)) in tree.directories.iter().zip(&self.belief.directories).enumerate() {
            let why = match believed {
                Believed::Record(_) => continue,
                Believed::Nothing(Why::Changed) if directory.has_repomd() => Reason::ChangedRepository,
                Believed::Nothing(Why::Changed) => Reason::Changed,
                Believed::Nothing(Why::New | Why::Contradicted) => Reason::Unproven,
            };
            self.ask(at, Extent::Whole, why);
        }
    }

    /// What was not current and has waited long enough.
    fn not_current(&mut self) {
        for at in 0..self.tree.directories.len() {
            let Some(record) = self.belief.record(at) else { continue };
            let Some(back_off) = record.standing.back_off() else { continue };
            if back_off.wait == 0 || self.pace.now.saturating_sub(record.checked_at) >= DAY {
                self.ask(at, Extent::Whole, Reason::NotCurrent);
            }
        }
    }

    /// The part of what is believed that has to be proven once more for all of it to be so within `period` seconds:
    /// the oldest first.
    fn due(&mut self, repodata: bool, period: i64) {
        let tree = self.tree;
        let belongs = |directory: &Directory| directory.is_repodata() == repodata && directory.has_files();
        let mut believed: Vec<(i64, usize)> = tree
            .directories
            .iter()
            .enumerate()
            .filter(|(at, directory)| belongs(directory) && self.belief.is_current(*at))
            .filter_map(|(at, _)| Some((self.belief.record(at)?.checked_at, at)))
            .collect();
        let passed = self.belief.swept_at.map_or(period, |then| self.pace.now.saturating_sub(then));
        let share = share(believed.len(), passed, period);
        believed.sort_unstable();
        for (_, at) in believed.into_iter().take(share) {
            self.ask(at, Extent::Whole, Reason::Due);
        }
    }

    /// Every `repomd.xml`, whatever is believed of it.
    fn repomds(&mut self) {
        let tree = self.tree;
        for (at, _) in tree.directories.iter().enumerate().filter(|(_, d)| d.has_repomd()) {
            self.ask(at, Extent::One(0), Reason::Sentinel);
        }
    }

    /// Some of what is believed to be current, and something below each top-level directory.
    fn random(&mut self, rng: &mut StdRng) {
        let tree = self.tree;
        let may_stand = |(at, directory): &(usize, &Directory)| {
            directory.has_files() && self.belief.is_current(*at) && !self.asks.contains_key(at)
        };
        let candidates: Vec<usize> =
            tree.directories.iter().enumerate().filter(may_stand).map(|(at, _)| at).collect();
        let chosen = sample(rng, candidates.len(), self.pace.sentinels.min(candidates.len()));
        let chosen: Vec<usize> = chosen.into_iter().filter_map(|n| candidates.get(n).copied()).collect();
        for at in chosen {
            self.look_into(at, rng);
        }
        let mut subtrees: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for at in candidates {
            subtrees.entry(tree.subtree(at)).or_default().push(at);
        }
        for ask in
            self.asks.values().filter(|ask| tree.directories.get(ask.at).is_some_and(Directory::has_files))
        {
            subtrees.remove(tree.subtree(ask.at));
        }
        for candidates in subtrees.into_values() {
            let one = rng.random_range(0..candidates.len().max(1));
            if let Some(at) = candidates.get(one) {
                self.look_into(*at, rng);
            }
        }
    }

    /// One file of a directory: any, so that over the crawls all of them are seen.
    fn look_into(&mut self, at: usize, rng: &mut StdRng) {
        let Some(directory) = self.tree.directories.get(at) else { return };
        let Expected::Files(files) = &directory.files else { return };
        let one = if directory.has_repomd() { 0 } else { rng.random_range(0..files.len().max(1)) };
        self.ask(at, Extent::One(one), Reason::Sentinel);
    }
}

/// How many of `all` are due after `passed` of `period` seconds, rounded up.
fn share(all: usize, passed: i64, period: i64) -> usize {
    let (passed, period) =
        (u128::from(passed.max(0).cast_unsigned()), u128::from(period.max(1).cast_unsigned()));
    let due = (all as u128 * passed).div_ceil(period);
    usize::try_from(due).unwrap_or(all).min(all)
}

#[cfg(test)]
mod tests;
