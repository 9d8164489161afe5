//! The decision: which hosts, in which order, and why. Everything that is answered is a rendering of it.

use std::borrow::Cow;
use std::net::IpAddr;

use rand::Rng;
use snapshot::HostNo;

use crate::data::Data;
use crate::policy::{Compatibility, Policy};
use crate::question::Question;
use crate::reply::Tier;
use crate::select::{self, Groups, Place, Selection};
use crate::target::Target;
use crate::{order, urls};

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
    /// What the question is about.
    pub target: Target<'a>,
    /// Who the answer is for.
    pub client: IpAddr,
    /// The client's country, `N/A` when unknown.
    pub country: Cow<'a, str>,
    /// The client's autonomous system.
    pub asn: Option<&'a str>,
    /// What a plain answer says in its first line, without the newline.
    pub header: String,
    /// The hosts in order. A host none of whose URLs is wanted is among them.
    pub picks: Vec<Pick>,
    /// The distinct values of `protocol=`, sorted.
    pub protocols: Option<Vec<&'a str>>,
    groups: Groups,
}

/// Why a host is in an answer, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is listed.
    Listed {
        /// The nearest tier it is in.
        tier: Tier,
        /// Its place among the hosts, from 0.
        place: usize,
    },
    /// None of its URLs has a wanted protocol.
    NoUrl {
        /// The nearest tier it is in.
        tier: Tier,
    },
    /// It does not carry the directory, as far as is known.
    NotCarried,
    /// It does not serve clients of this country.
    CountryRefused,
    /// It is private and the client is in none of its networks.
    Private,
    /// It is not near and there are enough that are, or only certain countries were asked for.
    NotNear,
}

impl Decision<'_> {
    /// Why a host is in the answer, or is not.
    pub fn why(&self, question: &Question<'_>, policy: &Policy, host: HostNo) -> Why {
        let directory = self.target.directory;
        if let Some(place) = self.picks.iter().position(|pick| pick.host == host) {
            let tier = self.picks.get(place).map_or(Tier::Global, |pick| pick.tier);
            let choice = urls::Choice::of(question, policy, self.protocols.as_deref());
            let offer = directory.offer(host);
            return match offer.is_some_and(|offer| choice.kept(offer).next().is_some()) {
                true => Why::Listed { tier, place },
                false => Why::NoUrl { tier },
            };
        }
        if !directory.carried().contains(host) {
            Why::NotCarried
        } else if self.groups.refused.contains(host) {
            Why::CountryRefused
        } else if !directory.global().contains(host) {
            Why::Private
        } else {
            Why::NotNear
        }
    }

    /// Hosts found before all hosts were considered; exact only up to the minimum.
    pub fn found(&self) -> usize {
        self.groups.found
    }
}

/// The client's country as it is shown: set by hand, else from the database, else `N/A` (R3).
pub(crate) fn country<'a>(data: &'a Data, policy: &Policy, client: IpAddr) -> &'a str {
    let by_hand = match policy.compatibility {
        Compatibility::Upstream => data.snapshot.first_country_network(client),
        Compatibility::Native => data.snapshot.smallest_country_network(client),
    };
    by_hand.or_else(|| data.countries.of(client)).unwrap_or("N/A")
}

/// Decides.
pub(crate) fn decide<'a>(
    data: &'a Data,
    policy: &Policy,
    question: &'a Question<'a>,
    target: Target<'a>,
    who: (IpAddr, &'a str),
    mut header: String,
    rng: &mut impl Rng,
) -> Decision<'a> {
    let (client, country) = who;
    let protocols = question.protocol.as_deref().map(select::distinct);
    let upper = country.to_uppercase();
    let asn = data.asns.of(client);
    let mut groups = Selection {
        data,
        policy,
        question,
        directory: target.directory,
        client,
        place: Place { country, upper: &upper, asn },
        protocols: protocols.as_deref(),
    }
    .run(&mut header);
    let picks = order::order(&data.snapshot, target.directory.carried(), &mut groups, rng);
    let asn = asn.map(|asn| asn.text);
    Decision { target, client, country: country.into(), asn, header, picks, protocols, groups }
}
