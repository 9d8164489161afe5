//! The order of the hosts: tier by tier, inside of a tier by chance and weight (spec C.5), and by what the
//! operator wants beside: reachable hosts first, near ones more often, none first too often.

use std::cmp::Reverse;

use geo::Coordinates;
use rand::Rng;
use snapshot::{Directory, HostBits, HostNo, HostSet, Snapshot};

use crate::decide::Pick;
use crate::distance;
use crate::policy::{Distance, Policy};
use crate::reply::Tier;
use crate::select::Groups;
use crate::share::{self, LEAST_MIRRORS};
use crate::shuffle::{Times, shuffle};
use crate::stable::Luck;
use crate::urls::Choice;

/// Everything an order looks at.
pub(crate) struct Order<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) policy: &'a Policy,
    pub(crate) directory: Directory<'a>,
    pub(crate) choice: Choice<'a>,
    /// Hosts that the client does not want.
    pub(crate) excluded: Option<HostSet<'a>>,
    /// Where the client is, when that counts.
    pub(crate) client: Option<Coordinates>,
}

impl Order<'_> {
    /// The hosts of all tiers in their order, each once, in the first tier that has it; hosts that do not carry
    /// the directory, or are excluded, are left out.
    pub(crate) fn of(&self, groups: &mut Groups, luck: &mut Luck<'_, impl Rng>) -> Vec<Pick> {
        let mut open = HostBits::with_room(self.snapshot.host_count());
        open.add(self.directory.carried());
        if let Some(excluded) = self.excluded {
            open.remove(excluded);
        }
        let mut picks = Vec::with_capacity(open.len());
        self.mix(&mut groups.netblock, |(_, host)| *host, luck);
        groups.netblock.sort_by_key(|(length, _)| Reverse(*length));
        self.mix(&mut groups.asn, |host| *host, luck);
        let mut hosts: Vec<HostNo> = Vec::with_capacity(picks.capacity());
        hosts.extend(groups.netblock.iter().map(|(_, host)| *host).filter(|host| open.take(*host)));
        self.reached(&mut hosts);
        picks.extend(hosts.drain(..).map(|host| Pick { host, tier: Tier::Netblock }));
        hosts.extend(groups.asn.iter().copied().filter(|host| open.take(*host)));
        self.reached(&mut hosts);
        picks.extend(hosts.drain(..).map(|host| Pick { host, tier: Tier::Asn }));

        let mut times = Times::default();
        let weighted = [
            (Tier::Country, &groups.country),
            (Tier::Geoip, &groups.geoip),
            (Tier::Continent, &groups.continent),
            (Tier::Global, &groups.global),
        ];
        for (tier, group) in weighted {
            hosts.clear();
            open.take_common(group.as_set(), &mut hosts);
            let reached = self.reached(&mut hosts);
            let (near, far) = hosts.split_at_checked(reached).unwrap_or_default();
            self.draw(tier, near, luck, &mut times, &mut picks);
            self.draw(tier, far, luck, &mut times, &mut picks);
        }
        picks
    }

    /// Every order equally likely.
    fn mix<T>(&self, items: &mut [T], host: impl Fn(&T) -> HostNo, luck: &mut Luck<'_, impl Rng>) {
        match luck {
            Luck::Chance(rng) => shuffle(items, *rng),
            Luck::Network(_) => items.sort_by_cached_key(|item| luck.of_host(self.id(host(item)))),
        }
    }

    /// Puts the hosts first that the client's address family reaches; says how many they are.
    fn reached(&self, hosts: &mut Vec<HostNo>) -> usize {
        let Some(family) = self.choice.family else { return hosts.len() };
        let offers = self.directory.offers();
        let is_reached =
            |host: HostNo| offers.of(host).is_some_and(|offer| self.choice.reaches(offer, family));
        let far: Vec<HostNo> = hosts.extract_if(.., |host| !is_reached(*host)).collect();
        let reached = hosts.len();
        hosts.extend(far);
        reached
    }

    /// Appends hosts of one tier in the order of drawing them by weight.
    fn draw(
        &self,
        tier: Tier,
        hosts: &[HostNo],
        luck: &mut Luck<'_, impl Rng>,
        times: &mut Times,
        picks: &mut Vec<Pick>,
    ) {
        let pick = |host: &HostNo| Pick { host: *host, tier };
        let weights = self.weights(tier, hosts);
        let known = |place: usize, host: &HostNo| {
            let (id, own) = self.snapshot.host(*host).map_or((0, 1), |known| (known.id, known.weight));
            let weight = weights.as_ref().and_then(|weights| weights.get(place)).copied();
            (id, weight.unwrap_or(f64::from(own)))
        };
        let share = if self.policy.is_native() { self.policy.max_first_share } else { 1.0 };
        let mut first = None;
        if share < 1.0
            && picks.is_empty()
            && hosts.len() >= LEAST_MIRRORS
            && let Luck::Chance(rng) = luck
        {
            let weights: Vec<f64> =
                hosts.iter().enumerate().map(|(place, host)| known(place, host).1).collect();
            let place = share::draw(&share::capped(&weights, share), rng.next_u64());
            picks.extend(hosts.get(place).map(pick));
            first = Some(place);
        }
        times.begin(hosts.len());
        for (place, host) in hosts.iter().enumerate() {
            let (id, weight) = known(place, host);
            times.push(luck.of_host(id), weight);
        }
        let rest = times.in_order().filter(|place| Some(*place) != first);
        picks.extend(rest.filter_map(|place| hosts.get(place).map(pick)));
    }

    /// The weights of hosts of one tier where they are not the hosts' own.
    fn weights(&self, tier: Tier, hosts: &[HostNo]) -> Option<Vec<f64>> {
        let client = self.client.filter(|_| self.counts_distance(tier))?;
        let own = |host: &HostNo| self.snapshot.host(*host).map_or(1.0, |known| f64::from(known.weight));
        let mut weights: Vec<f64> = hosts.iter().map(own).collect();
        distance::weigh(self.snapshot, client, hosts, &mut weights);
        Some(weights)
    }

    fn counts_distance(&self, tier: Tier) -> bool {
        match tier {
            Tier::Country | Tier::Geoip => self.policy.distance != Distance::Off,
            Tier::Continent => self.policy.distance == Distance::Continent,
            Tier::Exclusive | Tier::Netblock | Tier::Asn | Tier::Global => false,
        }
    }

    fn id(&self, host: HostNo) -> i64 {
        self.snapshot.host(host).map_or(0, |known| known.id)
    }
}
