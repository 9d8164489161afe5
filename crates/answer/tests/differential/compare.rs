//! Puts a question to a view and compares what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use answer::{Answer, Data, Failure, Kind, Policy, Request, Tier, decide_only};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use testkit::random::Question;

use crate::reference::{Asked, Expected, Group, Rendered, World};
use crate::replay;

/// A decision and an answer by the same random numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observed {
    /// The hosts in order, by their ids, with their tiers.
    pub(crate) picks: Result<Vec<(Tier, i64)>, Failure>,
    pub(crate) answer: Rendered,
    pub(crate) log: Option<String>,
    kind: Kind,
    tier: Option<Tier>,
}

/// Asks.
pub(crate) fn observe(data: &Data, policy: &Policy, question: &Question, seed: u64) -> Observed {
    let headers: Vec<&[u8]> = question.forwarded_for.iter().map(|value| value.as_bytes()).collect();
    let request = Request {
        path: &question.path,
        query: &question.query,
        forwarded_for: &headers,
        peer: question.peer,
        accept: "",
        now: replay::now(),
    };
    let rng = || StdRng::seed_from_u64(seed);
    let id = |host| data.snapshot.host(host).unwrap().id;
    let picks = decide_only(data, policy, &request, &mut rng(), |_, decision| {
        decision.picks.iter().map(|pick| (pick.tier, id(pick.host))).collect()
    });
    let answer = answer::answer(data, policy, &request, &mut rng());
    let log = answer.access.as_ref().map(|record| record.line());
    Observed { picks, log, kind: answer.kind, tier: answer.tier, answer: rendered(answer) }
}

fn rendered(answer: Answer) -> Rendered {
    Rendered {
        status: answer.status,
        content_type: answer.content_type,
        body: String::from_utf8(answer.body.to_vec()).unwrap(),
        location: answer.location,
    }
}

impl Observed {
    /// What is left when the order inside of the tiers does not count.
    pub(crate) fn without_order(mut self) -> Self {
        if let Ok(picks) = &mut self.picks {
            picks.sort_unstable();
        }
        let mut lines: Vec<String> = self.answer.body.lines().map(without_preference).collect();
        lines.sort_unstable();
        self.answer.body = lines.join("\n");
        if matches!(self.kind, Kind::Redirect | Kind::Error(Failure::NoMirror)) {
            // Another first host is another redirect, and as upstream none if its URL fits no header.
            self.kind = Kind::Redirect;
            self.answer = Rendered { status: 302, location: None, ..self.answer };
        }
        self
    }
}

fn without_preference(line: &str) -> String {
    match line.split_once(" preference=\"") {
        Some((before, behind)) => format!("{before}{}", behind.trim_start_matches(char::is_numeric)),
        None => line.to_owned(),
    }
}

/// Compares an answer with what the rules say.
pub(crate) fn with_rules(
    data: &Data,
    world: &World<'_>,
    question: &Question,
    seed: u64,
    seen: &mut Seen,
) -> Result<(), String> {
    let forwarded_for: Vec<&str> = question.forwarded_for.iter().map(String::as_str).collect();
    let (expected, log) = world.answer(Asked {
        path: &question.path,
        query: &question.query,
        forwarded_for: &forwarded_for,
        peer: question.peer,
        date: "Sat, 21 Nov 2026 06:04:36 GMT",
        day: "2026-11-21",
    });
    let observed = observe(data, world.policy, question, seed);
    seen.note(&observed);
    same("the line of the log", &observed.log, &log)?;
    match expected {
        Expected::Error(answer) => {
            same("the error", &observed.answer, &answer)?;
            // For want of checksums there is no metalink, though there are hosts.
            same(
                "whether hosts were chosen",
                &observed.picks.is_ok(),
                &(observed.kind == Kind::Error(Failure::File)),
            )
        }
        Expected::List(listing) => {
            let picks = observed.picks.map_err(|failure| format!("{failure:?} instead of a list"))?;
            tiers(&picks, &listing.groups)?;
            let order: Vec<i64> = picks.iter().map(|(_, host)| *host).collect();
            same("the answer", &observed.answer, &listing.rendered(&order))?;
            same("the first tier", &observed.tier, &picks.first().map(|(tier, _)| *tier))
        }
    }
}

fn same<T: PartialEq + Debug>(what: &str, observed: &T, expected: &T) -> Result<(), String> {
    match observed == expected {
        true => Ok(()),
        false => Err(format!("{what} is\n{observed:#?}\nnot\n{expected:#?}")),
    }
}

/// The hosts must fall into the groups, in order.
fn tiers(picks: &[(Tier, i64)], groups: &[Group]) -> Result<(), String> {
    let mut rest = picks;
    for group in groups {
        let (part, behind) = rest.split_at_checked(group.hosts.len()).unwrap_or((rest, &[]));
        let observed: BTreeSet<(Tier, i64)> = part.iter().copied().collect();
        let expected: BTreeSet<(Tier, i64)> = group.hosts.iter().map(|host| (group.tier, *host)).collect();
        same("a tier", &observed, &expected)?;
        rest = behind;
    }
    same("the number of hosts", &picks.len(), &groups.iter().map(|group| group.hosts.len()).sum())
}

/// What the questions led to. A comparison that only ever saw errors would prove nothing.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    kinds: BTreeMap<&'static str, usize>,
    tiers: BTreeMap<Tier, usize>,
    orders: usize,
}

impl Seen {
    fn note(&mut self, observed: &Observed) {
        *self.kinds.entry(observed.kind.name()).or_default() += 1;
        let picks = observed.picks.as_deref().unwrap_or_default();
        for (tier, _) in picks {
            *self.tiers.entry(*tier).or_default() += 1;
        }
        self.orders += usize::from(picks.len() > 5);
    }

    /// Every kind of answer that the rules are about and every tier came up, and often enough a list long enough to have an order.
    pub(crate) fn everything_was_asked_for(&self) {
        let ours = |kind: &Kind| {
            let further = [Kind::Metalink4, Kind::Json, Kind::Explanation, Kind::AllowList];
            further.contains(kind) || *kind == Kind::Error(Failure::NotTrusted)
        };
        for kind in Kind::ALL.into_iter().filter(|kind| !ours(kind)) {
            assert!(
                self.kinds.get(kind.name()).is_some_and(|count| *count >= 20),
                "{}: {self:?}",
                kind.name()
            );
        }
        for tier in Tier::ALL.into_iter().filter(|tier| *tier != Tier::Exclusive) {
            assert!(self.tiers.get(&tier).is_some_and(|count| *count >= 500), "{tier:?}: {self:?}");
        }
        assert!(self.orders >= 3_000, "{self:?}");
    }
}
