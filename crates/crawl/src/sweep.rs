//! Asking one copy what the plan says, and everything when a belief turns out wrong (`spec/crawler.md` 11.2).
//!
//! The plan is a bet that what was proven still stands. One sentinel that fails loses it: from then on nothing is
//! believed of this copy and all of it is asked in the same run. One directory that has become current is good news:
//! then those that are left alone for a while are asked, too.

use futures_util::future::BoxFuture;
use probe::Connector;
use probe::classify::Reason as Finding;

use crate::belief::Belief;
use crate::check::{self, GaveUp, Patience};
use crate::job::Mode;
use crate::master::Tree;
use crate::plan::{Ask, Extent, Reason, everything};
use crate::verdict::{Known, Results};

/// One copy that can be asked.
pub trait MirrorCopy: Connector {
    /// Whether it is there at all.
    fn is_there(&self) -> BoxFuture<'_, Result<(), Finding>>;
}

/// What is asked and what came of it. It outlives the sweep, so that an interrupted one leaves what it knows.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What was asked or still is.
    pub work: Vec<Ask>,
    /// What is known of directories that were asked about as a whole.
    pub results: Results,
    /// What is known of those of which one file was asked for.
    pub glimpses: Results,
    /// Whether a belief turned out wrong.
    pub lost_belief: bool,
}

impl Findings {
    /// Nothing is known yet of this many directories.
    pub fn new(directories: usize) -> Self {
        Self { results: vec![None; directories], glimpses: vec![None; directories], ..Self::default() }
    }

    /// What is known of the subject of a question.
    pub fn of(&self, ask: &Ask) -> Option<&Known> {
        self.slots(ask).get(ask.at)?.as_ref()
    }

    /// The questions that have an answer, each with it.
    fn answers(&self) -> impl Iterator<Item = (&Ask, &Known)> {
        self.work.iter().filter_map(|ask| Some((ask, self.of(ask)?)))
    }

    fn slots(&self, ask: &Ask) -> &Results {
        match ask.extent {
            Extent::Whole => &self.results,
            Extent::One(_) => &self.glimpses,
        }
    }

    fn slot(&mut self, ask: &Ask) -> Option<&mut Option<Known>> {
        let slots = match ask.extent {
            Extent::Whole => &mut self.results,
            Extent::One(_) => &mut self.glimpses,
        };
        slots.get_mut(ask.at)
    }

    /// Forgets which directories are current, so that they are asked about again. What is wrong with the others stays.
    pub fn doubt(&mut self) {
        self.results
            .iter_mut()
            .filter(|known| **known == Some(Known::Current))
            .for_each(|known| *known = None);
    }

    /// Those of the questions that have no answer yet.
    fn without_answer(&self) -> Vec<Ask> {
        self.work.iter().copied().filter(|ask| self.of(ask).is_none()).collect()
    }
}

/// A sweep through one copy of a tree.
pub struct Sweep<'a> {
    /// What it should hold.
    pub tree: &'a Tree,
    /// What is believed of it.
    pub belief: &'a Belief,
    /// What is looked at: only an incremental sweep asks more than was planned.
    pub mode: Mode,
    /// How patiently it is asked.
    pub patience: &'a Patience,
    /// Told how many questions are answered, of how many.
    pub told: &'a (dyn Fn(usize, usize) + Sync),
}

impl Sweep<'_> {
    /// Asks what `findings.work` says and what follows from the answers.
    ///
    /// # Errors
    /// The copy can not be asked any further, in words. What was answered until then stays.
    pub async fn run(&self, copy: &dyn MirrorCopy, findings: &mut Findings) -> Result<(), String> {
        loop {
            let asks = findings.without_answer();
            self.ask(copy, &asks, findings).await?;
            self.ask_again(copy, &asks, findings).await?;
            let more = self.consequences(findings);
            if more.is_empty() {
                return Ok(());
            }
            findings.work.extend(more);
        }
    }

    async fn ask(&self, copy: &dyn MirrorCopy, asks: &[Ask], findings: &mut Findings) -> Result<(), String> {
        let all = findings.work.len();
        let before = all.saturating_sub(asks.len());
        let mut done = 0;
        let mut take = |ask: &Ask, known: Known| {
            if let Some(slot) = findings.slot(ask) {
                *slot = Some(known);
            }
            done += 1;
            (self.told)(before + done, all);
        };
        check::directories(copy, self.tree, asks, self.patience, &mut take)
            .await
            .map_err(|GaveUp { finding, attempts }| format!("{} (after {attempts} tries)", finding.reason))
    }

    /// Once more those of the questions whose answer could not be told.
    async fn ask_again(
        &self,
        copy: &dyn MirrorCopy,
        asked: &[Ask],
        findings: &mut Findings,
    ) -> Result<(), String> {
        let is_open = |ask: &&Ask| matches!(findings.of(ask), Some(Known::Unknown(cause)) if cause.is_worth_a_second_look());
        let asks: Vec<Ask> = asked.iter().filter(is_open).copied().collect();
        if asks.is_empty() {
            return Ok(());
        }
        if let Err(reason) = copy.is_there().await {
            // It went away while it was asked: what it did not answer is for the next URL.
            for ask in &asks {
                if let Some(slot) = findings.slot(ask) {
                    *slot = None;
                }
            }
            return Err(reason.to_string());
        }
        tracing::debug!(directories = asks.len(), "asking again");
        // Should it give up now, the first results of these directories stand.
        let _ = self.ask(copy, &asks, findings).await;
        Ok(())
    }

    /// What has to be asked because of the answers.
    fn consequences(&self, findings: &mut Findings) -> Vec<Ask> {
        let is_wrong =
            |(ask, known): (&Ask, &Known)| self.belief.is_current(ask.at) && *known != Known::Current;
        let is_lost = findings.answers().any(is_wrong);
        findings.lost_belief |= is_lost;
        if self.mode != Mode::Incremental {
            return Vec::new();
        }
        let asked = findings.asked_whole();
        let is_asked = |at: usize| asked.get(at).copied().unwrap_or(false);
        if findings.lost_belief {
            return everything(self.tree).into_iter().filter(|ask| !is_asked(ask.at)).collect();
        }
        let was_bad = |at: usize| self.belief.record(at).is_some_and(|record| !record.standing.is_current());
        if !findings.answers().any(|(ask, known)| was_bad(ask.at) && *known == Known::Current) {
            return Vec::new();
        }
        let left_alone = (0..self.tree.directories.len()).filter(|at| was_bad(*at) && !is_asked(*at));
        left_alone.map(|at| Ask { at, extent: Extent::Whole, why: Reason::NotCurrent }).collect()
    }
}

impl Findings {
    /// Which directories are asked about as a whole.
    fn asked_whole(&self) -> Vec<bool> {
        let mut asked = vec![false; self.results.len()];
        for ask in self.work.iter().filter(|ask| ask.extent == Extent::Whole) {
            if let Some(slot) = asked.get_mut(ask.at) {
                *slot = true;
            }
        }
        asked
    }

    /// What is known in all: what was answered, and what is believed of the rest, unless a belief turned out wrong.
    pub fn with_belief(&self, belief: &Belief) -> Results {
        let believed = if self.lost_belief { vec![None; self.results.len()] } else { belief.results() };
        let mut known = self.results.clone();
        for (((slot, believed), glimpse), asked) in
            known.iter_mut().zip(believed).zip(&self.glimpses).zip(self.asked_whole())
        {
            if slot.is_none() && !asked {
                *slot = match (believed, glimpse) {
                    // One file has told what is still wrong.
                    (Some(Known::Stale(_) | Known::Unknown(_)), Some(glimpse)) => Some(glimpse.clone()),
                    (believed, _) => believed,
                };
            }
        }
        known
    }
}
