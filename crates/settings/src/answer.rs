//! `[answer]`: what a client of the mirrorlist server is told.

use serde::{Deserialize, Serialize};

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// `native`, or `upstream` for the old server's answers in every detail.
    pub compatibility: Compatibility,
    /// With fewer mirrors than this near the client, mirrors of the whole world are added. 0: never.
    pub minimum: usize,
    /// To whom a mirror's list of allowed countries applies: `strict`, to all clients but those in the
    /// mirror's own networks and AS; `asked`, only where the client named a country and to mirrors of the
    /// whole world. Not set: `strict`, and `asked` in upstream compatibility.
    pub country_allowed: Option<CountryAllowed>,
    /// Which URL of a mirror a plain list gives: `stored`, the first in the mirror's own order; `secure`,
    /// https before http before ftp.
    pub protocol_order: ProtocolOrder,
    /// Networks whose `X-Forwarded-For` is believed, `192.0.2.0/24`. Loopback and private addresses always
    /// are, and in upstream compatibility everybody is.
    pub trusted_proxies: Vec<String>,
    /// Who may ask `/explain` why another client's answer is what it is (`ip=`): `trusted`, clients at loopback
    /// and private addresses and in `explain_networks`; `everybody`; `nobody`, there is no such page. Private
    /// mirrors that are not in the answer are shown to the trusted only.
    pub explain: Explain,
    /// Further networks that `/explain` trusts, `192.0.2.0/24`. A proxy in front must send `X-Forwarded-For`,
    /// or all its clients are trusted.
    pub explain_networks: Vec<String>,
    /// How many mirrors a redirect names in `Link` headers. 0: none.
    pub link_mirrors: usize,
    /// `maxconnections` of metalinks for other files than `repomd.xml`, for which it is 1.
    pub metalink_connections: u16,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            compatibility: Compatibility::Native,
            minimum: 5,
            country_allowed: None,
            protocol_order: ProtocolOrder::Stored,
            trusted_proxies: Vec::new(),
            explain: Explain::Trusted,
            explain_networks: Vec::new(),
            link_mirrors: 10,
            metalink_connections: 1,
        }
    }
}

/// Whose answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compatibility {
    /// Ours.
    Native,
    /// The old mirrorlist-server's, but for its panics.
    Upstream,
}

/// To which clients a mirror's list of allowed countries applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CountryAllowed {
    /// To all but those in the mirror's own networks and AS.
    Strict,
    /// Where the client named a country, and to mirrors of the whole world.
    Asked,
}

/// Which URL of a mirror a plain list gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtocolOrder {
    /// The first in the mirror's own order.
    Stored,
    /// https before http before ftp.
    Secure,
}

/// Who may ask why another client's answer is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Explain {
    /// There is no such page.
    Nobody,
    /// Clients of trusted networks.
    Trusted,
    /// Everybody.
    Everybody,
}
