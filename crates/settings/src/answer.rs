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
    /// Which URL of a mirror a plain list or a redirect gives: `stored`, the first in the mirror's own order;
    /// `secure`, https before http before ftp. A redirect never leads to ftp.
    pub protocol_order: ProtocolOrder,
    /// Request paths that are paths of the master tree, `/pub`: everything below is redirected to a mirror that has
    /// its directory, as a site for downloads wants it. Not in upstream compatibility.
    pub redirect_prefixes: Vec<String>,
    /// Inside of each group of mirrors (own network, country, continent, …), name those first that the client's
    /// address family reaches, and of each mirror the URLs that it reaches. Nobody is left without a mirror,
    /// and what is not known counts as reached. Not in upstream compatibility.
    pub family_first: bool,
    /// The largest share of the answers to a country's clients that one mirror may be the first of, where there are
    /// three or more: 0.5 is every second one. What is above goes to the others by their bandwidth. 1.0: no
    /// limit. Not for clients that get the same mirrors each time, and not in upstream compatibility.
    pub max_first_share: f64,
    /// Whether near mirrors are preferred, where the places of client and mirror are known (a City edition in
    /// `serve.countries`): `off`; `country`, inside of a country; `continent`, on the continent too. A mirror's
    /// bandwidth then counts divided by (1 + km / 100)². Not in upstream compatibility.
    pub distance: Distance,
    /// Which clients get the same few mirrors each time, for firewalls with an allow-list (`/allowlist`): `asked`,
    /// those that add `stable` to the query; `always`, all; `never`. Not in upstream compatibility.
    pub stable: Stable,
    /// How many mirrors these clients get, unless they name a number (`stable=5`).
    pub stable_mirrors: usize,
    /// Length of the IPv4 networks whose clients get the same mirrors.
    pub stable_prefix_v4: u8,
    /// Length of the IPv6 networks whose clients get the same mirrors.
    pub stable_prefix_v6: u8,
    /// The most older versions of a file whose checksums a metalink names beside the newest. Not set: all that are
    /// known.
    pub alternates: Option<usize>,
    /// The greatest age of these versions in days. Not set: any.
    pub alternates_max_age_days: Option<u64>,
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
            redirect_prefixes: Vec::new(),
            family_first: true,
            max_first_share: 1.0,
            distance: Distance::Off,
            stable: Stable::Asked,
            stable_mirrors: 3,
            stable_prefix_v4: 24,
            stable_prefix_v6: 48,
            alternates: None,
            alternates_max_age_days: None,
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

/// Which URL of a mirror a plain list or a redirect gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtocolOrder {
    /// The first in the mirror's own order.
    Stored,
    /// https before http before ftp.
    Secure,
}

/// Where near mirrors are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// Nowhere.
    Off,
    /// Inside of a country.
    Country,
    /// On a continent, too.
    Continent,
}

/// Which clients get the same few mirrors each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stable {
    /// None.
    Never,
    /// Those that ask for it.
    Asked,
    /// All.
    Always,
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
