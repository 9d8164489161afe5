//! Which addresses and ports may be connected to (`spec/crawler.md` 11.8).
//!
//! Mirror URLs are typed by strangers, so a URL must never make us talk to a machine of our own
//! network. The guard judges addresses, not texts: whatever a URL looks like, it is asked about the
//! address that a connection would really go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::url::Scheme;

/// Why a connection was refused by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The address is private, reserved or ours.
    #[error("address {0} is not allowed")]
    Address(IpAddr),
    /// The port belongs to a service that does not speak HTTP.
    #[error("port {0} is not allowed")]
    Port(u16),
}

const V4: fn(u8, u8, u8, u8, u8) -> Ipv4Net =
    |a, b, c, d, length| Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length);
const V6: fn([u16; 8], u8) -> Ipv6Net = |segments, length| {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
};

/// Ports of well-known services that do not speak HTTP.
const DENIED_PORTS: &[u16] = &[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 53, 69, 77, 79, 87, 95, 102, 109, 110, 111, 113,
    115, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049,
    2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 5060, 5061, 5432, 5672, 5900, 6000, 6379, 6566, 6665,
    6666, 6667, 6668, 6669, 6697, 10250, 11211, 27017, 27018, 27019,
];

/// The rule which addresses and ports may be connected to.
#[derive(Debug, Clone)]
pub struct AddressGuard {
    allowed: Vec<IpNet>,
    denied: Vec<IpNet>,
}

impl AddressGuard {
    /// The built-in list of denied networks with `allowed` taken out of it and `denied` added to it.
    /// A network in both is denied.
    pub fn new(allowed: impl IntoIterator<Item = IpNet>, denied: impl IntoIterator<Item = IpNet>) -> Self {
        Self { allowed: allowed.into_iter().collect(), denied: denied.into_iter().collect() }
    }

    /// Every address is allowed: for servers that the operator names, which may be in the same house.
    pub fn trusting() -> Self {
        Self::new([IpNet::V4(V4(0, 0, 0, 0, 0)), IpNet::V6(V6([0; 8], 0))], [])
    }

    /// Judges one address as a connection would use it.
    ///
    /// An address that carries another one inside (IPv4-mapped, NAT64, 6to4) is judged by both.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let inner = inner_v4(address).map(IpAddr::V4);
        // A mapped address is the inner one in other clothes; the outer form has no meaning of its own.
        let judged = if is_mapped(address) { vec![] } else { vec![address] };
        for one in judged.into_iter().chain(inner) {
            self.check_plain(one).map_err(|_| Refusal::Address(address))?;
        }
        Ok(())
    }

    fn check_plain(&self, address: IpAddr) -> Result<(), Refusal> {
        let in_any = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        if in_any(&self.denied) || (is_reserved(address) && !in_any(&self.allowed)) {
            return Err(Refusal::Address(address));
        }
        Ok(())
    }

    /// Judges a port for a scheme, whose own port is allowed.
    ///
    /// # Errors
    /// It belongs to another service.
    pub fn check_port_of(&self, port: u16, scheme: Scheme) -> Result<(), Refusal> {
        if port == scheme.default_port() { Ok(()) } else { self.check_port(port) }
    }

    /// Judges a port. Port 0 is never allowed.
    pub fn check_port(&self, port: u16) -> Result<(), Refusal> {
        if port == 0 || DENIED_PORTS.contains(&port) { Err(Refusal::Port(port)) } else { Ok(()) }
    }
}

impl Default for AddressGuard {
    fn default() -> Self {
        Self::new([], [])
    }
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

/// The IPv4 address inside an IPv4-mapped, NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`) address.
fn inner_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, high) => Some(join(high, c)),
        _ => v6.to_ipv4_mapped(),
    }
}

fn is_reserved(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => [
            V4(0, 0, 0, 0, 8),
            V4(10, 0, 0, 0, 8),
            V4(100, 64, 0, 0, 10),
            V4(127, 0, 0, 0, 8),
            V4(169, 254, 0, 0, 16),
            V4(172, 16, 0, 0, 12),
            V4(192, 0, 0, 0, 24),
            V4(192, 0, 2, 0, 24),
            V4(192, 88, 99, 0, 24),
            V4(192, 168, 0, 0, 16),
            V4(198, 18, 0, 0, 15),
            V4(198, 51, 100, 0, 24),
            V4(203, 0, 113, 0, 24),
            V4(224, 0, 0, 0, 4),
            V4(240, 0, 0, 0, 4),
        ]
        .iter()
        .any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => [
            // ::/96 holds the unspecified address, loopback and the obsolete IPv4-compatible ones.
            V6([0, 0, 0, 0, 0, 0, 0, 0], 96),
            // IPv4-translated addresses: only a translator of one's own network makes something of them.
            V6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
            V6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
            V6([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
            V6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32),
            V6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48),
            V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
            V6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
            V6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
            V6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
            V6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
            V6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
            V6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
        ]
        .iter()
        .any(|net| net.contains(&v6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(guard: &AddressGuard, text: &str) -> bool {
        guard.check_address(text.parse().unwrap()).is_err()
    }

    #[test]
    fn every_network_of_the_list_is_denied_at_both_ends() {
        let guard = AddressGuard::default();
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.9",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:0:7f00:1",
            "2001:2::1",
            "3fff::1",
            "5f00::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b:1::1",
        ] {
            assert!(refused(&guard, text), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:1::1",
            "2600::1",
            "2a00::1",
        ] {
            assert!(!refused(&guard, text), "{text}");
        }
    }

    #[test]
    fn an_address_inside_another_is_judged() {
        let guard = AddressGuard::default();
        for text in [
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
        ] {
            assert!(refused(&guard, text), "{text}");
        }
        for text in ["::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"] {
            assert!(!refused(&guard, text), "{text}");
        }
    }

    #[test]
    fn allowed_networks_win_over_the_list_but_not_over_denied_ones() {
        let guard = AddressGuard::new(
            ["127.0.0.0/8".parse().unwrap()],
            ["127.0.0.9/32".parse().unwrap(), "8.8.8.0/24".parse().unwrap()],
        );
        assert!(!refused(&guard, "127.0.0.1"));
        assert!(!refused(&guard, "::ffff:127.0.0.1"));
        assert!(refused(&guard, "127.0.0.9"));
        assert!(refused(&guard, "8.8.8.8"));
        assert!(refused(&guard, "10.0.0.1"));
    }

    #[test]
    fn ports_of_other_services_are_denied() {
        let guard = AddressGuard::default();
        for port in [
            0, 22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 993, 995, 2049, 3306, 5432,
            5672, 6379, 11211, 27017,
        ] {
            assert_eq!(guard.check_port(port), Err(Refusal::Port(port)));
        }
        for port in [80, 81, 443, 3000, 8000, 8080, 8443, 60000] {
            assert_eq!(guard.check_port(port), Ok(()));
        }
        assert_eq!(guard.check_port_of(873, Scheme::Rsync), Ok(()));
        assert_eq!(guard.check_port_of(21, Scheme::Ftp), Ok(()));
        assert_eq!(guard.check_port_of(22, Scheme::Ftp), Err(Refusal::Port(22)));
        assert_eq!(guard.check_port_of(21, Scheme::Http), Err(Refusal::Port(21)));
    }
}
