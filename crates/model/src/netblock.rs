//! The text of a host's netblock: a network or a name that is resolved when the cache is built
//! (`spec/mirrorlist.md` B.4).
//!
//! The address keeps its host bits: upstream's cache keys are the text as entered, in canonical form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::url::check_name;

/// One entry of a host's netblocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Netblock {
    /// A network, or a single address with its full length.
    Network {
        /// The address as entered, host bits kept.
        address: IpAddr,
        /// Prefix length, at most 32 or 128.
        length: u8,
    },
    /// A DNS name, lower case; each of its addresses counts.
    Name(String),
}

/// Why a netblock was refused, and what to enter instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetblockError {
    /// Nothing but blanks.
    #[error("netblock is empty: enter one like 192.0.2.0/24 or 2001:db8::/32")]
    Empty,
    /// The part behind the slash is neither a length nor a mask.
    #[error("netblock {0:?} has no usable length: enter a number up to {max} or a contiguous mask after the /", max = .1)]
    Length(String, u8),
    /// Neither an address nor a name.
    #[error("netblock {text:?} is no address and no host name ({reason}): enter one like 192.0.2.0/24")]
    Neither {
        /// What was entered, cut.
        text: String,
        /// Why it is no name.
        reason: &'static str,
    },
}

impl Netblock {
    /// Reads a netblock as entered: `addr/len`, an address, `addr/netmask` or a DNS name.
    ///
    /// Never panics, whatever the text (a fuzz target).
    pub fn parse(entered: &str) -> Result<Self, NetblockError> {
        let text = entered.trim();
        if text.is_empty() {
            return Err(NetblockError::Empty);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Network { address, length: full_length(address) });
        }
        if let Some((address, length)) = text.split_once('/')
            && let Ok(address) = address.parse()
        {
            return match prefix_length(address, length) {
                Some(length) => Ok(Self::Network { address, length }),
                None => Err(NetblockError::Length(shown(text), full_length(address))),
            };
        }
        check_name(text)
            .and_then(|()| match text.trim_end_matches('.').rsplit('.').next() {
                Some(last) if last.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Err("a name does not end in a number")
                }
                _ => Ok(()),
            })
            .map_err(|reason| NetblockError::Neither { text: shown(text), reason })?;
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    /// The network without host bits; `None` for a name.
    pub fn masked(&self) -> Option<(IpAddr, u8)> {
        let Self::Network { address, length } = self else { return None };
        let address = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*length)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Some((address, *length))
    }
}

/// Canonical: `2001:db8::1/128`, host bits kept; a name as it is.
impl fmt::Display for Netblock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { address, length } => write!(f, "{address}/{length}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl std::str::FromStr for Netblock {
    type Err = NetblockError;

    fn from_str(entered: &str) -> Result<Self, NetblockError> {
        Self::parse(entered)
    }
}

/// 32 or 128.
fn full_length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The length written as number or as mask.
fn prefix_length(address: IpAddr, text: &str) -> Option<u8> {
    if !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|length| *length <= full_length(address));
    }
    match (address, text.parse().ok()?) {
        (IpAddr::V4(_), IpAddr::V4(mask)) => {
            contiguous(mask.to_bits().leading_ones(), mask.to_bits().count_ones())
        }
        (IpAddr::V6(_), IpAddr::V6(mask)) => {
            contiguous(mask.to_bits().leading_ones(), mask.to_bits().count_ones())
        }
        _ => None,
    }
}

fn contiguous(leading: u32, all: u32) -> Option<u8> {
    if leading == all { u8::try_from(all).ok() } else { None }
}

/// Enough of the text to recognise it.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_forms_in_canonical_text() {
        for (entered, canonical) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.77/24", "192.0.2.77/24"),
            (" 10.1.0.0/16", "10.1.0.0/16"),
            ("198.51.100.7", "198.51.100.7/32"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
            ("10.0.0.0/255.255.255.255", "10.0.0.0/32"),
            ("2001:db8::/ffff:ffff::", "2001:db8::/32"),
            ("Mirror.Example.org", "mirror.example.org"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(Netblock::parse(entered).unwrap().to_string(), canonical, "{entered}");
        }
    }

    #[test]
    fn refused_forms() {
        for bad in [
            "",
            "  ",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "2001:db8::/129",
            "10.0.0.0/255.0.255.0",
            "10.0.0.0/8/8",
            "999.1.1.1",
            "010.1.1.1",
            "a/b/c",
            "not a name",
            "mirror.example.org/24",
            "-x",
            "10.0.0.0/ffff::",
            "127.1",
        ] {
            assert!(Netblock::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Netblock::parse("10.0.0.0/33").unwrap_err().to_string().contains("up to 32"));
    }

    #[test]
    fn host_bits_can_be_masked() {
        let masked = |text: &str| Netblock::parse(text).unwrap().masked().map(|(ip, n)| format!("{ip}/{n}"));
        assert_eq!(masked("192.0.2.77/24").as_deref(), Some("192.0.2.0/24"));
        assert_eq!(masked("192.0.2.77/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(masked("192.0.2.77").as_deref(), Some("192.0.2.77/32"));
        assert_eq!(masked("2001:db8:1::1/32").as_deref(), Some("2001:db8::/32"));
        assert_eq!(masked("::1/0").as_deref(), Some("::/0"));
        assert_eq!(masked("example.org"), None);
    }
}
