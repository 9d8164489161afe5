//! Fair order by chance (spec C.5).
//!
//! Drawing hosts one by one with probability weight / rest of the weights is the same as sorting them by
//! `-ln(u) / weight` with `u` uniform: each host gets the time of its first event in a Poisson process of
//! that rate. That takes one logarithm per host and one sort.

use rand::Rng;
use snapshot::{HostBits, HostNo, Snapshot};

use crate::decide::Pick;
use crate::reply::Tier;
use crate::select::Groups;

/// The hosts of all tiers in their order, each once, in the first tier that has it; hosts that do not carry
/// the directory are left out.
pub(crate) fn order(
    snapshot: &Snapshot,
    carried: snapshot::HostSet<'_>,
    groups: &mut Groups,
    rng: &mut impl Rng,
) -> Vec<Pick> {
    let mut open = HostBits::with_room(snapshot.host_count());
    open.add(carried);
    let mut picks = Vec::with_capacity(open.len());
    shuffle(&mut groups.netblock, rng);
    groups.netblock.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    shuffle(&mut groups.asn, rng);
    let netblock = groups.netblock.iter().map(|(_, host)| (Tier::Netblock, *host));
    for (tier, host) in netblock.chain(groups.asn.iter().map(|host| (Tier::Asn, *host))) {
        if open.take(host) {
            picks.push(Pick { host, tier });
        }
    }
    let weighted = [
        (Tier::Country, &groups.country),
        (Tier::Geoip, &groups.geoip),
        (Tier::Continent, &groups.continent),
        (Tier::Global, &groups.global),
    ];
    let mut hosts: Vec<(HostNo, u32)> = Vec::new();
    for (tier, group) in weighted {
        let mut members = open.clone();
        members.keep(group.as_set());
        open.remove(members.as_set());
        hosts.clear();
        hosts.extend(members.iter().map(|host| (host, snapshot.host(host).map_or(1, |known| known.weight))));
        weighted_shuffle(&mut hosts, rng);
        picks.extend(hosts.iter().map(|(host, _)| Pick { host: *host, tier }));
    }
    picks
}

/// Every order equally likely.
pub fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // The bias of taking the high bits of a product is below one in 2³².
        let place = ((u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        items.swap(last, place);
    }
}

/// The order of drawing items one by one, each with probability weight / weights of the remaining. A weight
/// below 1 counts as 1.
pub fn weighted_shuffle<T: Copy>(items: &mut Vec<(T, u32)>, rng: &mut impl Rng) {
    // A positive float sorts like its bits. The last of them are worth nothing, so they carry the item's
    // number, and what is sorted is small.
    let mask = (items.len() as u64).next_power_of_two() - 1;
    let mut keys: Vec<u64> = Vec::with_capacity(items.len());
    for (number, (_, weight)) in items.iter().enumerate() {
        // 53 bits, and never 0, whose logarithm is infinite.
        let uniform = ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        let key = (-uniform.ln() / f64::from((*weight).max(1))).abs().to_bits();
        keys.push(key & !mask | number as u64);
    }
    keys.sort_unstable();
    let drawn: Vec<(T, u32)> =
        keys.iter().filter_map(|key| items.get((key & mask) as usize).copied()).collect();
    *items = drawn;
}
