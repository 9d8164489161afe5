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

/// Which URL a plain list gives of a host that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProtocolOrder {
    /// The first of http, https and ftp in the host's own order.
    #[default]
    Stored,
    /// https before http before ftp.
    Secure,
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

/// The policy of a server. Not all values make sense in upstream compatibility; see each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// With fewer hosts than this found near the client, all hosts are added. 0: never.
    pub minimum: usize,
    /// Whether the old server's oddities are reproduced.
    pub compatibility: Compatibility,
    /// To which tiers a host's list of allowed countries applies.
    pub country_allowed: CountryAllowed,
    /// Which URL a plain list gives of a host that has several.
    pub protocol_order: ProtocolOrder,
    /// Peers whose `X-Forwarded-For` is believed, beside loopback and private addresses (decision 12). In
    /// upstream compatibility every peer is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may ask `/explain` about other clients than themselves.
    pub explain: Explain,
    /// Networks that `/explain` trusts, beside loopback and private addresses: they may ask about anybody and
    /// see private hosts.
    pub explain_networks: Vec<IpNet>,
    /// How many mirrors a redirect names in `Link` headers.
    pub link_mirrors: usize,
    /// `maxconnections` of metalinks for `repomd.xml` is 1; for other files it is this (decision 38).
    pub metalink_connections: u16,
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
            link_mirrors: 10,
            metalink_connections: 1,
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
