//! C.3, R3, and the line of the access log (C.8).

use std::net::{IpAddr, Ipv6Addr};

use super::target::Target;
use super::{Asked, Question, World, escape, network};

/// Who the answer is for; `None` for E6.
pub(super) fn address(world: &World<'_>, asked: Asked<'_>, question: &Question) -> Option<IpAddr> {
    match question.ip.as_deref() {
        Some(ip) if !ip.is_empty() => ip.parse().ok().map(|ip| unmapped(world, ip)),
        _ => asking(world, asked),
    }
}

/// The address without `ip=`.
fn asking(world: &World<'_>, asked: Asked<'_>) -> Option<IpAddr> {
    let element = if world.native() {
        let header = asked.forwarded_for.last().filter(|_| near(asked.peer.to_canonical()));
        header.map(|header| header.split(',').next_back().unwrap_or("").trim())
    } else {
        asked.forwarded_for.first().map(|header| header.split(", ").last().unwrap_or(""))
    };
    match element {
        Some(element) => element.parse().ok().map(|ip| unmapped(world, ip)),
        None => Some(unmapped(world, asked.peer)),
    }
}

/// Decision 12.
fn near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn unmapped(world: &World<'_>, address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if world.native() => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        _ => address,
    }
}

/// R3.
pub(super) fn country(world: &World<'_>, address: IpAddr) -> String {
    let entries = &world.cache.netblock_country_cache;
    let by_hand = if world.native() {
        let holding = entries
            .iter()
            .filter_map(|pair| Some((network::holds(&network::or_address(&pair.key), address)?, pair)));
        // Of equally long networks the first.
        holding.rev().max_by_key(|(length, _)| *length).map(|(_, pair)| &pair.value)
    } else {
        let mut before_rubbish =
            entries.iter().take_while(|pair| network::is_one(&network::or_address(&pair.key)));
        let first =
            before_rubbish.find(|pair| network::holds(&network::or_address(&pair.key), address).is_some());
        first.map(|pair| &pair.value)
    };
    match by_hand {
        Some(country) => country.clone(),
        None => world.countries.of(address).unwrap_or("N/A").to_owned(),
    }
}

/// A.2: the autonomous system of an address.
pub(super) fn system<'a>(world: &World<'a>, address: IpAddr) -> Option<&'a str> {
    let mut found: Option<(u32, &str)> = None;
    for line in world.netblocks.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [network, system, ..] = words.as_slice() else { continue };
        if let Some(length) = network::holds(network, address).filter(|length| *length > 0)
            && found.is_none_or(|(longest, _)| length >= longest)
        {
            found = Some((length, system));
        }
    }
    found.map(|(_, system)| system)
}

/// C.8 and decision 11.
pub(super) fn log_line(
    world: &World<'_>,
    asked: Asked<'_>,
    question: &Question,
    target: &Target<'_>,
    address: IpAddr,
    country: &str,
) -> Option<String> {
    let (Some(repo), Some(_)) = (&question.repo, &question.arch) else { return None };
    let clean = escape::log_value;
    let mut line = format!(
        "IP: {address}; DATE: {}; COUNTRY: {}; REPO: {}; ARCH: {}",
        asked.day,
        clean(country),
        clean(repo),
        clean(&target.arch)
    );
    if world.native() {
        let peer = asking(world, asked).unwrap_or_else(|| asked.peer.to_canonical());
        line.push_str(&format!("; PEER: {peer}"));
    }
    Some(line + "\n")
}
