//! The same few mirrors for all clients of a network, for those behind a firewall with an allow-list.
//!
//! Luck is then a hash of the network and the host (rendezvous hashing): in the order by weight, a host that
//! comes takes its own share of networks from the others, one that goes leaves its own to them, and nothing
//! else moves.

use std::net::IpAddr;

use ipnet::IpNet;
use rand::Rng;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::policy::{Policy, Stable};
use crate::question::Question;

/// The network whose clients all get the same mirrors, when this client is to.
pub(crate) fn network(policy: &Policy, question: &Question<'_>, client: IpAddr) -> Option<IpNet> {
    let wanted = match policy.stable {
        Stable::Never => false,
        Stable::Asked => question.stable.is_some(),
        Stable::Always => true,
    };
    let length = if client.is_ipv4() { policy.stable_prefix_v4 } else { policy.stable_prefix_v6 };
    IpNet::new(client, length).ok().filter(|_| wanted && policy.is_native()).map(|network| network.trunc())
}

/// Where the luck of a host comes from.
pub(crate) enum Luck<'r, R> {
    /// Chance.
    Chance(&'r mut R),
    /// The network, hashed.
    Network(u64),
}

impl<'r, R: Rng> Luck<'r, R> {
    pub(crate) fn of(network: Option<IpNet>, rng: &'r mut R) -> Self {
        let Some(network) = network else { return Self::Chance(rng) };
        let address = match network.addr() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        // The length too, so that the halves of a network are not bound to choose as the whole did.
        Self::Network(xxh3_64_with_seed(&address.octets(), network.prefix_len().into()))
    }

    /// 64 bits for a host, by its row in the database.
    #[inline]
    pub(crate) fn of_host(&mut self, id: i64) -> u64 {
        match self {
            Self::Chance(rng) => rng.next_u64(),
            Self::Network(hash) => xxh3_64_with_seed(&id.to_le_bytes(), *hash),
        }
    }
}
