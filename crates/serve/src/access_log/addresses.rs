//! How much of a client's address the access log keeps.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};
use settings::secret::Secret;
use settings::serve::AccessLogAddresses;

/// Sets the keys of this log apart from all others that may be made from the same secret.
const KEY_CONTEXT: &str = "mirrormanager serve 2026: addresses in the access log";

/// How addresses are written.
#[derive(Clone)]
pub(crate) enum Addresses {
    /// As they are.
    Whole,
    /// Their first 24 (IPv4) or 48 bits (IPv6).
    Truncated,
    /// 64 bits of a hash with this key.
    Hashed(Box<[u8; blake3::KEY_LEN]>),
}

impl Addresses {
    /// What the settings ask for.
    pub(crate) fn of(wanted: AccessLogAddresses, key: Option<&Secret>) -> Self {
        match wanted {
            AccessLogAddresses::Whole => Self::Whole,
            AccessLogAddresses::Truncated => Self::Truncated,
            AccessLogAddresses::Hashed => {
                // The settings are checked: there is one.
                let key = key.map_or("", Secret::expose);
                Self::Hashed(Box::new(blake3::derive_key(KEY_CONTEXT, key.as_bytes())))
            }
        }
    }

    /// An address as it is written.
    pub(crate) fn show(&self, address: IpAddr) -> Shown {
        match (self, address) {
            (Self::Whole, _) => Shown::Address(address),
            (Self::Truncated, IpAddr::V4(v4)) => {
                Shown::Address(Ipv4Addr::from_bits(v4.to_bits() & !0xff).into())
            }
            (Self::Truncated, IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
                Some(v4) => self.show(v4.into()),
                None => Shown::Address(Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80).into()),
            },
            (Self::Hashed(key), _) => {
                // One client, one hash, whichever way its address was written.
                let bytes = match address.to_canonical() {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                    IpAddr::V6(v6) => v6.octets(),
                };
                let hash = blake3::keyed_hash(key, &bytes);
                let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
                Shown::Hash(u64::from_be_bytes(first))
            }
        }
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "Whole",
            Self::Truncated => "Truncated",
            Self::Hashed(_) => "Hashed(***)",
        })
    }
}

/// An address as it may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Address(IpAddr),
    Hash(u64),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Hash(hash) => write!(f, "{hash:016x}"),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(addresses: &Addresses, address: &str) -> String {
        addresses.show(address.parse().unwrap()).to_string()
    }

    #[test]
    fn the_ends_of_addresses_are_cut_off() {
        for (address, expected) in [
            ("192.0.2.77", "192.0.2.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("::ffff:192.0.2.77", "192.0.2.0"),
        ] {
            assert_eq!(shown(&Addresses::Truncated, address), expected);
            assert_eq!(shown(&Addresses::Whole, address), address);
        }
    }

    #[test]
    fn a_hash_is_the_same_for_the_same_client_and_key_only() {
        let hashed = |key: &str| Addresses::of(AccessLogAddresses::Hashed, Some(&Secret::new(key)));
        let first = shown(&hashed("first"), "192.0.2.77");
        assert_eq!(first.len(), 16);
        assert_eq!(shown(&hashed("first"), "::ffff:192.0.2.77"), first);
        assert_ne!(shown(&hashed("first"), "192.0.2.78"), first);
        assert_ne!(shown(&hashed("second"), "192.0.2.77"), first);
        assert!(!format!("{:?}", hashed("first")).contains("first"));
    }
}
