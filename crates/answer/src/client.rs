//! Who asks (spec C.3, decisions 11, 12 and 36).

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::policy::{Compatibility, Policy};
use crate::question::Question;
use crate::reply::Failure;

/// The client's address makes no sense (E6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable;

impl From<Unusable> for Failure {
    fn from(_: Unusable) -> Self {
        Self::Address
    }
}

/// Who the answer is for: `ip=`, else the last element of `X-Forwarded-For`, else the peer.
pub(crate) fn client(
    policy: &Policy,
    question: &Question<'_>,
    forwarded_for: &[&[u8]],
    peer: IpAddr,
) -> Result<IpAddr, Unusable> {
    match question.asks_for_other() {
        Some(other) => other.parse().map(|ip| canonical(policy, ip)).map_err(|_| Unusable),
        None => asking(policy, forwarded_for, peer),
    }
}

/// Who is really asking: the last element of `X-Forwarded-For` if the peer is believed, else the peer.
pub(crate) fn asking(policy: &Policy, forwarded_for: &[&[u8]], peer: IpAddr) -> Result<IpAddr, Unusable> {
    let header = match policy.compatibility {
        Compatibility::Upstream => forwarded_for.first(),
        Compatibility::Native => {
            let header = forwarded_for.last();
            header.filter(|_| is_trusted(peer.to_canonical(), &policy.trusted_proxies))
        }
    };
    let Some(header) = header else { return Ok(canonical(policy, peer)) };
    let header = std::str::from_utf8(header).map_err(|_| Unusable)?;
    let last = match policy.compatibility {
        Compatibility::Upstream => header.rsplit(", ").next(),
        Compatibility::Native => header.rsplit(',').next().map(str::trim),
    };
    last.unwrap_or(header).parse().map(|ip| canonical(policy, ip)).map_err(|_| Unusable)
}

/// A v4 address inside of a v6 one is that v4 address; the old server did not see that.
pub(crate) fn canonical(policy: &Policy, address: IpAddr) -> IpAddr {
    if policy.is_native() { address.to_canonical() } else { address }
}

/// Whether an address is near (loopback or private) or in one of these networks.
pub(crate) fn is_trusted(address: IpAddr, networks: &[IpNet]) -> bool {
    let near = match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    near || networks.iter().any(|network| network.contains(&address))
}
