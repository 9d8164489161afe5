//! What a snapshot can hold beyond the interchange format, which has no field for it.

use geo::Coordinates;
use ipnet::IpNet;

/// Facts for which `mirrorlist_cache.proto` has no field. Answers are made without them, only less well.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extras {
    /// Names and places of hosts.
    pub hosts: Vec<HostFacts>,
    /// Under which address families a URL can be reached, by the id of the URL. A URL that is not here may
    /// have both.
    pub families: Vec<(i64, Families)>,
    /// Networks whose clients get one host only.
    pub exclusive: Vec<Exclusive>,
}

/// What is known of a host beside its country and weight.
#[derive(Debug, Clone, PartialEq)]
pub struct HostFacts {
    /// Its row in the database.
    pub id: i64,
    /// Its name, usually its DNS name.
    pub name: String,
    /// Where it stands.
    pub coordinates: Option<Coordinates>,
}

/// The address families under which a URL can be reached (decision 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families {
    /// It has an IPv4 address that answers.
    pub v4: bool,
    /// It has an IPv6 address that answers.
    pub v6: bool,
}

/// A network whose clients get one host and no other, whatever else would be near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusive {
    /// The network; host bits are ignored.
    pub network: IpNet,
    /// The host.
    pub host: i64,
    /// Whether metalinks for these clients have checksums.
    pub hashes: bool,
}
