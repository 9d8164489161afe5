//! What deployments and questions have in common.

/// Countries that hosts are in, lists name and continents hold.
pub(super) const COUNTRIES: [&str; 9] = ["DE", "FR", "SE", "US", "CA", "BR", "JP", "AU", "ZA"];

/// Prefixes of repositories.
pub(super) const PREFIXES: [&str; 8] =
    ["linux-40", "linux-41", "updates-40", "linux-40-source", "rawhide", "two+plus", "epel-9", "old"];

/// Architectures.
pub(super) const ARCHES: [&str; 4] = ["x86_64", "aarch64", "source", "i386"];

/// Networks of hosts, of autonomous systems and of countries. They hold each other; some have host bits, some
/// are none.
pub(super) const NETWORKS: [&str; 16] = [
    "198.51.100.0/24",
    "198.51.100.0/25",
    "198.51.100.64/26",
    "198.51.100.77/24",
    "198.51.100.7",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "100.64.0.0/10",
    "100.80.0.0/16",
    "100.80.5.0/24",
    "0.0.0.0/0",
    "2001:db8:30::/48",
    "2001:db8:30::1",
    "2001:db8::/32",
    "10.1.2.3/bad",
    "rubbish",
];

/// Addresses of clients, inside and outside of [`NETWORKS`].
pub(super) const ADDRESSES: [&str; 20] = [
    "198.51.100.7",
    "198.51.100.70",
    "198.51.100.20",
    "198.51.100.200",
    "203.0.113.5",
    "203.0.113.200",
    "100.65.0.1",
    "100.66.0.1",
    "100.77.0.1",
    "100.80.0.1",
    "100.80.5.1",
    "100.90.5.1",
    "192.0.2.1",
    "127.0.0.1",
    "10.0.0.9",
    "8.8.8.8",
    "2001:db8:30::1",
    "2001:db8:30::2",
    "2001:db8:90::1",
    "::ffff:203.0.113.5",
];

/// Numbers of autonomous systems; `AS64512` and the empty one are no numbers, which is −1.
pub(super) const SYSTEMS: [(&str, i64); 5] =
    [("64512", 64512), ("64513", 64513), ("+64514", 64514), ("AS64512", -1), ("64599", 64599)];

/// Names of files that checksums are known of.
pub(super) const FILES: [&str; 4] = ["repomd.xml", "linux-40.iso", "CHECKSUM", "a b&c<d>.iso"];
