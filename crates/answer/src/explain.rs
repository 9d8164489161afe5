//! The decision as it is shown to people and programs: the question, the client, the mirrors in order, and
//! the hosts that were left out with the reason.
//!
//! It is made from the [`Decision`] by the same choice of URLs as the answer, so it can not tell another story.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rand::Rng;
use serde::Serialize;
use snapshot::{DigestKind, HostNo};

use crate::answer;
use crate::client;
use crate::data::Data;
use crate::decide::{Decision, Exclusive, Pick};
use crate::names;
use crate::place::CountrySource;
use crate::policy::Policy;
use crate::question::Question;
use crate::reply::{Failure, Tier};
use crate::urls::Ending;
use crate::why::Reason;

/// What the reader of an explanation may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insight {
    /// Of private hosts only those in the answer.
    Public,
    /// All hosts.
    Full,
}

impl Insight {
    /// Whether the reader may see a host that is not in the answer.
    fn covers(self, data: &Data, host: HostNo) -> bool {
        self == Self::Full || data.snapshot.public_hosts().contains(host)
    }
}

/// The decision as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What was asked for: names of the query and their values.
    pub question: BTreeMap<&'static str, String>,
    /// Who the answer is for.
    pub client: Client,
    /// The directory whose mirrors are wanted.
    pub directory: String,
    /// The file in it, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// When the generation of the cache began, Unix seconds.
    pub cache_created: u64,
    /// What was looked for, as in the first line of a plain list.
    pub searched: String,
    /// The network whose clients all get these mirrors, when they are the same each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable: Option<IpNet>,
    /// The mirror of the client's network that would be its only one, if it had what is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_exclusive: Option<String>,
    /// The mirrors in the order of the answer.
    pub mirrors: Vec<Mirror>,
    /// The other hosts, by reason. A list for programs is without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Vec<LeftOut>>,
}

/// Who an answer is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The address.
    pub address: IpAddr,
    /// Its country; `None` when it is not known.
    pub country: Option<String>,
    /// Who says so.
    pub country_source: CountrySource,
    /// Its autonomous system.
    pub asn: Option<String>,
    /// The networks of mirrors in the answer that the address is in, the smallest first.
    pub networks: Vec<IpNet>,
}

/// A file, as it should be now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its base name.
    pub name: String,
    /// Unix seconds; `None` when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// Bytes; `None` when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Digests in hexadecimal, by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<&'static str, String>,
}

/// A mirror in the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mirror {
    /// The host's row in the database.
    pub id: i64,
    /// Its name, or the name in its first URL where the cache does not have it.
    pub name: String,
    /// How it came into the answer.
    pub tier: Tier,
    /// Its country.
    pub country: Option<String>,
    /// Its weight in the order by chance.
    pub weight: u32,
    /// Its distance from the client in km, where that counts and both places are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// Whether it is private.
    pub private: bool,
    /// Whether the client's address family reaches the first URL, where that is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<bool>,
    /// Its URLs that are given, in order.
    pub urls: Vec<String>,
}

/// Hosts that are not in the answer, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The reason.
    pub reason: Reason,
    /// The hosts, by name.
    pub hosts: Vec<Left>,
}

/// A host that is not in the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Left {
    /// Its name, or what stands for it.
    pub name: String,
    /// The host's row in the database.
    pub id: i64,
}

/// Explains the answer to a question for a client.
///
/// # Errors
/// Why there is no answer: E1 to E5, E7.
pub fn explain(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    client: IpAddr,
    insight: Insight,
    rng: &mut impl Rng,
) -> Result<Explanation, Failure> {
    let client = client::canonical(policy, client);
    let decision = answer::decision(data, policy, question, client, rng)?;
    if question.format.is_metalink() && !decision.target.has_file() {
        return Err(Failure::File);
    }
    let mut explanation = list(&decision);
    if let Some(Exclusive { host, serves: false, .. }) = decision.exclusive
        && insight.covers(data, host)
    {
        explanation.idle_exclusive = Some(names::shown(data, decision.target.directory, host));
    }
    explanation.left_out = Some(left_out(&decision, insight));
    Ok(explanation)
}

/// The mirrors of an answer, without the hosts that are not in it.
pub(crate) fn list(decision: &Decision<'_>) -> Explanation {
    let target = &decision.target;
    Explanation {
        question: asked(decision.question),
        client: described(decision),
        directory: target.directory.name().to_owned(),
        file: target.file.as_deref().map(|name| file(decision, name)),
        cache_created: decision.data.snapshot.created(),
        searched: decision.searched().to_owned(),
        stable: decision.stable,
        idle_exclusive: None,
        mirrors: mirrors(decision),
        left_out: None,
    }
}

fn asked(question: &Question<'_>) -> BTreeMap<&'static str, String> {
    let names = [
        ("path", &question.path),
        ("repo", &question.repo),
        ("arch", &question.arch),
        ("country", &question.country),
        ("protocol", &question.protocol),
        ("netblock", &question.netblock),
        ("exclude", &question.exclude),
        ("limit", &question.limit),
        ("stable", &question.stable),
    ];
    names.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?.to_owned()))).collect()
}

fn described(decision: &Decision<'_>) -> Client {
    let place = &decision.place;
    let listed = |host: HostNo| {
        let mut near = decision.picks.iter().filter(|pick| pick.tier == Tier::Netblock);
        near.any(|pick| pick.host == host && decision.gives_url(decision.choice(), host))
    };
    let networks = decision.data.snapshot.host_networks(place.address);
    let networks = networks.filter(|(_, hosts)| hosts.iter().any(listed));
    Client {
        address: place.address,
        country: (place.source != CountrySource::Unknown).then(|| place.country.to_owned()),
        country_source: place.source,
        asn: place.asn.map(|asn| asn.text.to_owned()),
        networks: networks
            .filter_map(|(length, _)| Some(IpNet::new(place.address, length).ok()?.trunc()))
            .collect(),
    }
}

fn file(decision: &Decision<'_>, name: &str) -> File {
    let known = decision.target.directory.file(name);
    let current = known.and_then(|file| file.details().next());
    let digests = DigestKind::ALL.into_iter().filter_map(|kind| {
        let mut digest = String::new();
        current?.push_digest(kind, &mut digest);
        (!digest.is_empty()).then_some((kind.name(), digest))
    });
    File {
        name: name.to_owned(),
        timestamp: current.map(|detail| detail.timestamp()).filter(|seconds| *seconds > 0),
        size: current.map(|detail| detail.size()).filter(|bytes| *bytes > 0),
        digests: digests.collect(),
    }
}

fn mirrors(decision: &Decision<'_>) -> Vec<Mirror> {
    let Decision { data, policy, .. } = *decision;
    let choice = decision.choice();
    let ending = Ending::of(&decision.target, policy);
    let distance = |host| Some(decision.coordinates?.distance_km(data.snapshot.coordinates(host)?).round());
    let mirror = |pick: &Pick| {
        let directory = decision.target.directory;
        let offer = directory.offer(pick.host)?;
        let first = choice.kept(offer).next()?;
        let urls: Vec<String> =
            choice.kept(offer).filter_map(|url| ending.base(url).map(|base| ending.joined(base))).collect();
        let host = data.snapshot.host(pick.host)?;
        (!urls.is_empty()).then(|| Mirror {
            id: host.id,
            name: names::shown(data, directory, pick.host),
            tier: pick.tier,
            country: host.country.map(|country| data.snapshot.country_code(country).to_owned()),
            weight: host.weight,
            distance_km: distance(pick.host),
            private: !directory.global().contains(pick.host),
            reached: decision.family.map(|family| family.reaches(first)),
            urls,
        })
    };
    decision.picks.iter().filter_map(mirror).collect()
}

fn left_out(decision: &Decision<'_>, insight: Insight) -> Vec<LeftOut> {
    let data = decision.data;
    let choice = decision.choice();
    let mut picked: Vec<HostNo> = decision.picks.iter().map(|pick| pick.host).collect();
    picked.sort_unstable();
    let mut groups: BTreeMap<Reason, Vec<Left>> = BTreeMap::new();
    for host in (0u32..).zip(0..data.snapshot.host_count()).map(|(number, _)| HostNo(number)) {
        let reason = match picked.binary_search(&host) {
            Ok(_) if decision.gives_url(choice, host) => continue,
            Ok(_) => Reason::NoUrl,
            Err(_) => decision.reason(host),
        };
        let Some(known) = data.snapshot.host(host) else { continue };
        if insight.covers(data, host) {
            let name = names::shown(data, decision.target.directory, host);
            groups.entry(reason).or_default().push(Left { name, id: known.id });
        }
    }
    let sorted = |(reason, mut hosts): (Reason, Vec<Left>)| {
        hosts.sort_unstable();
        LeftOut { reason, hosts }
    };
    groups.into_iter().map(sorted).collect()
}
