//! How questions are answered, where the operator has a choice.

use ipnet::IpNet;

/// Whether the old server's oddities are reproduced (decision 40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compatibility {
    /// As the old server, but for its crashes.
    Upstream,
    /// Our defaults.
    #[default]
    Native,
}

/// To which tiers a host's list of allowed countries applies (decision 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountryAllowed {
    /// To all but the host's own networks and ASN.
    #[default]
    Strict,
    /// Only to hosts found by `country=` and to the global tier.
    Asked,
}

/// Which URL a plain list or a redirect gives of a host that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProtocolOrder {
    /// The first of http, https and, in a list, ftp in the host's own order.
    #[default]
    Stored,
    /// https before http, in a list before ftp.
    Secure,
}

/// Which clients get the same few mirrors each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stable {
    /// None.
    Never,
    /// Those that ask for it by `stable=`.
    #[default]
    Asked,
    /// All.
    Always,
}

/// In which tiers the distance from client to host counts, where both places are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distance {
    /// In none.
    #[default]
    Off,
    /// In the country of the client, and in countries that were asked for.
    Country,
    /// In these and on the continent.
    Continent,
}

/// Who may ask `/explain` about other clients than themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Explain {
    /// There is no such page.
    Nobody,
    /// Clients of trusted networks.
    #[default]
    Trusted,
    /// Everybody.
    Everybody,
}

/// Of which requests the access log is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recorded {
    /// Of none.
    Nothing,
    /// Of those for a repository, as the old server.
    #[default]
    Repositories,
    /// Of all whose client and directory are known.
    All,
}

/// The policy of a server. Not all values make sense in upstream compatibility; see each.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// With fewer hosts than this found near the client, all hosts are added. 0: never.
    pub minimum: usize,
    /// Whether the old server's oddities are reproduced.
    pub compatibility: Compatibility,
    /// To which tiers a host's list of allowed countries applies.
    pub country_allowed: CountryAllowed,
    /// Which URL a plain list or a redirect gives of a host that has several.
    pub protocol_order: ProtocolOrder,
    /// Peers whose `X-Forwarded-For` is believed, beside loopback and private addresses (decision 12). In
    /// upstream compatibility every peer is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may ask `/explain` about other clients than themselves.
    pub explain: Explain,
    /// Networks that `/explain` trusts, beside loopback and private addresses: they may ask about anybody and
    /// see private hosts.
    pub explain_networks: Vec<IpNet>,
    /// Request paths that are paths of the tree, `/pub`: everything below is redirected to a mirror. Not in upstream
    /// compatibility.
    pub redirect_prefixes: Vec<String>,
    /// Inside of a tier, hosts and URLs first that the client's address family reaches (decision 22). Not in upstream
    /// compatibility.
    pub family_first: bool,
    /// Which clients get the same few mirrors each time. In upstream compatibility none.
    pub stable: Stable,
    /// How many mirrors these get, unless they ask for another number.
    pub stable_mirrors: usize,
    /// Length of the IPv4 networks whose clients get the same, at most 32.
    pub stable_prefix_v4: u8,
    /// Length of the IPv6 networks whose clients get the same, at most 128.
    pub stable_prefix_v6: u8,
    /// The largest share of answers that one mirror may be the first of, where there are three or more; from 1
    /// on there is no limit.
    pub max_first_share: f64,
    /// Where the distance to a mirror counts.
    pub distance: Distance,
    /// The most alternates of a file in a metalink 3; `None` for all that are known (decision 10).
    pub alternates: Option<usize>,
    /// The greatest age of an alternate, in seconds; `None` for any. One without a time has none.
    pub alternates_age: Option<u64>,
    /// How many mirrors a redirect names in `Link` headers.
    pub link_mirrors: usize,
    /// `maxconnections` of metalinks for `repomd.xml` is 1; for other files it is this (decision 38).
    pub metalink_connections: u16,
    /// Of which requests the access log is to know.
    pub recorded: Recorded,
}

impl Default for Policy {
    /// Our defaults.
    fn default() -> Self {
        Self {
            minimum: 5,
            compatibility: Compatibility::Native,
            country_allowed: CountryAllowed::Strict,
            protocol_order: ProtocolOrder::Stored,
            trusted_proxies: Vec::new(),
            explain: Explain::Trusted,
            explain_networks: Vec::new(),
            redirect_prefixes: Vec::new(),
            family_first: true,
            stable: Stable::Asked,
            stable_mirrors: 3,
            stable_prefix_v4: 24,
            stable_prefix_v6: 48,
            max_first_share: 1.0,
            distance: Distance::Off,
            alternates: None,
            alternates_age: None,
            link_mirrors: 10,
            metalink_connections: 1,
            recorded: Recorded::Repositories,
        }
    }
}

impl Policy {
    /// The old server's ways.
    pub fn upstream() -> Self {
        Self {
            compatibility: Compatibility::Upstream,
            country_allowed: CountryAllowed::Asked,
            ..Self::default()
        }
    }

    pub(crate) fn is_native(&self) -> bool {
        self.compatibility == Compatibility::Native
    }

    /// Which value of a key that the cache has twice.
    pub(crate) fn repeated(&self) -> snapshot::Repeated {
        match self.compatibility {
            Compatibility::Upstream => snapshot::Repeated::Joined,
            Compatibility::Native => snapshot::Repeated::First,
        }
    }
}
