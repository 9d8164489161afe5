//! The decision: which hosts, in which order, and why. Everything that is answered is a rendering of it.

use geo::Coordinates;
use ipnet::IpNet;
use rand::Rng;
use snapshot::{HostBits, HostNo};

use crate::data::Data;
use crate::escape;
use crate::exclude;
use crate::family::Family;
use crate::order::Order;
use crate::place::Place;
use crate::policy::{Distance, Policy};
use crate::question::Question;
use crate::render;
use crate::reply::Tier;
use crate::select::{self, Groups, Selection};
use crate::stable::{self, Luck};
use crate::target::Target;
use crate::urls::Choice;

/// A host in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The host.
    pub host: HostNo,
    /// The nearest tier it is in.
    pub tier: Tier,
}

/// Which hosts, in which order, and why.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// What it was made from.
    pub data: &'a Data,
    /// How questions are answered.
    pub policy: &'a Policy,
    /// What was asked for.
    pub question: &'a Question<'a>,
    /// What the question is about.
    pub target: Target<'a>,
    /// Who the answer is for, and where that is.
    pub place: Place<'a>,
    /// What a plain answer says in its first line, without the newline.
    pub header: String,
    /// The hosts in order. A host none of whose URLs is wanted is among them.
    pub picks: Vec<Pick>,
    /// Hosts that would come next, beyond the number of mirrors that is wanted.
    pub beyond: Vec<Pick>,
    /// The network whose clients all get these hosts, when they are to be the same each time.
    pub stable: Option<IpNet>,
    /// The one host of the client's network, when that is exclusive.
    pub exclusive: Option<Exclusive>,
    /// The distinct values of `protocol=`, sorted.
    pub protocols: Option<Vec<&'a str>>,
    /// URLs are given first that a client of this family reaches.
    pub(crate) family: Option<Family>,
    /// Where the client is, if distance counts.
    pub(crate) coordinates: Option<Coordinates>,
    /// Hosts that the client does not want.
    pub(crate) excluded: Option<HostBits>,
    pub(crate) groups: Groups,
}

/// The one host of an exclusive network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusive {
    /// The host.
    pub host: HostNo,
    /// Whether metalinks have checksums.
    pub hashes: bool,
    /// Whether it can give what is asked for; otherwise the network is not exclusive for this question.
    pub serves: bool,
}

impl Decision<'_> {
    /// Hosts found before all hosts were considered; exact only up to the minimum.
    pub fn found(&self) -> usize {
        self.groups.found
    }

    /// What was looked for, in words.
    pub(crate) fn searched(&self) -> &str {
        self.header.trim_start_matches("# ").trim_end()
    }

    /// Which URLs of a host are given.
    pub(crate) fn choice(&self) -> Choice<'_> {
        Choice::of(self.question.format, self.policy, self.protocols.as_deref(), self.family)
    }

    /// Whether metalinks have checksums.
    pub(crate) fn has_hashes(&self) -> bool {
        self.exclusive.is_none_or(|exclusive| exclusive.hashes || !exclusive.serves)
    }
}

/// Decides.
pub(crate) fn decide<'a>(
    data: &'a Data,
    policy: &'a Policy,
    question: &'a Question<'a>,
    target: Target<'a>,
    place: Place<'a>,
    header: String,
    rng: &mut impl Rng,
) -> Decision<'a> {
    let snapshot = &data.snapshot;
    let reachable = policy.family_first && policy.is_native() && snapshot.knows_families();
    let mut decision = Decision {
        data,
        policy,
        question,
        stable: None,
        family: reachable.then(|| Family::of(place.address)),
        protocols: question.protocol.as_deref().map(select::distinct),
        target,
        place,
        header,
        picks: Vec::new(),
        beyond: Vec::new(),
        coordinates: None,
        exclusive: None,
        excluded: None,
        groups: Groups::default(),
    };
    decision.exclusive = exclusive(&decision);
    match decision.exclusive {
        Some(Exclusive { host, serves: true, .. }) => {
            decision.header.push_str("Using exclusive network ");
            decision.picks.push(Pick { host, tier: Tier::Exclusive });
        }
        _ => find(&mut decision, rng),
    }
    decision
}

/// The host of the exclusive network that the client is in.
fn exclusive(decision: &Decision<'_>) -> Option<Exclusive> {
    let found = decision.data.snapshot.exclusive(decision.place.address);
    let (host, hashes) = found.filter(|_| decision.policy.is_native())?;
    Some(Exclusive { host, hashes, serves: decision.gives_url(decision.choice(), host) })
}

/// Selects hosts, orders them, and cuts what is beyond the wanted number.
fn find(decision: &mut Decision<'_>, rng: &mut impl Rng) {
    let Decision { data, policy, question, .. } = *decision;
    let directory = decision.target.directory;
    decision.stable = stable::network(policy, question, decision.place.address);
    push_wishes(decision);
    let listed = question.exclude.as_deref();
    decision.excluded = listed.map(|list| exclude::hosts(data, directory, list));
    let excluded = decision.excluded.as_ref().map(HostBits::as_set);
    // All clients of a network stand at its first address when they are to get the same.
    let common = decision.stable.map(|network| Place::of(data, policy, network.addr()));
    let place = common.as_ref().unwrap_or(&decision.place);
    let selection = Selection {
        data,
        policy,
        question,
        directory,
        place,
        longest_network: decision.stable.map_or(u8::MAX, |network| network.prefix_len()),
        protocols: decision.protocols.as_deref(),
        excluded,
    };
    let mut header = std::mem::take(&mut decision.header);
    let mut groups = selection.run(&mut header);
    decision.coordinates = match policy.distance {
        Distance::Country | Distance::Continent if policy.is_native() => {
            data.countries.coordinates(place.address)
        }
        _ => None,
    };
    let order = Order {
        snapshot: &data.snapshot,
        policy,
        directory,
        choice: decision.choice(),
        excluded,
        client: decision.coordinates,
    };
    let picks = order.of(&mut groups, &mut Luck::of(decision.stable, rng));
    (decision.header, decision.picks, decision.groups) = (header, picks, groups);
    cut(decision);
}

/// Says in the header what the client wants beside.
fn push_wishes(decision: &mut Decision<'_>) {
    let header = &mut decision.header;
    if let Some(list) = decision.question.exclude.as_deref() {
        header.push_str("exclude = ");
        escape::push_line(list, header);
        header.push(' ');
    }
    if let Some(most) = decision.question.most() {
        header.push_str("limit = ");
        render::push_number(most as u64, header);
        header.push(' ');
    }
    if let Some(network) = decision.stable {
        header.extend(["stable = ", &network.to_string(), " "]);
    }
}

/// Moves what is beyond the wanted number of mirrors out of the answer. Hosts without a URL do not count.
fn cut(decision: &mut Decision<'_>) {
    let Decision { policy, question, .. } = *decision;
    let stable = decision.stable.map(|_| question.most_stable().unwrap_or(policy.stable_mirrors));
    let Some(most) = question.most().into_iter().chain(stable).min() else {
        return;
    };
    let choice = decision.choice();
    let mut given = 0usize;
    let mut keeps = |pick: &Pick| {
        given += usize::from(decision.gives_url(choice, pick.host));
        given <= most
    };
    let kept = decision.picks.iter().take_while(|pick| keeps(pick)).count();
    decision.beyond = decision.picks.split_off(kept.min(decision.picks.len()));
}
