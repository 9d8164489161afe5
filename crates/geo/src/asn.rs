//! The autonomous system an address belongs to, from a routing table (`global_netblocks.txt`, spec
//! mirrorlist A.2).

use std::net::IpAddr;
use std::path::Path;

use frozen::{Damaged, Names, NamesBuilder, Parts, PartsWriter, PrefixTable};
use ipnet::IpNet;

use crate::error::{LoadError, from_file};

/// The largest routing table that is read, in bytes. The whole Internet's is about 30 MB.
const MAX_BYTES: u64 = 1 << 30;

/// What to do with a routing table without a single usable IPv4 prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyIpv4 {
    /// Refuse it, since it is most likely a failed download.
    #[default]
    Refuse,
    /// Take it: a network without IPv4, or a server that does not match by ASN.
    Accept,
}

/// An autonomous system as the routing table names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asn<'a> {
    /// The text of the routing table, normally digits only.
    pub text: &'a str,
    /// The text as a number, −1 if it is none.
    pub number: i64,
}

/// A routing table: address to autonomous system.
#[derive(Debug, Clone, Default)]
pub struct Asns {
    table: PrefixTable,
    /// What the routing table calls each system.
    systems: Names,
    prefixes: usize,
    skipped: usize,
}

impl Asns {
    /// A table that knows no address.
    pub fn none() -> Self {
        Self::default()
    }

    /// Loads a routing table: one `NETWORK/LENGTH ASN` per line, v4 and v6 in any order.
    ///
    /// Lines that are not understood are skipped and counted, so are networks of length 0. Of two lines for
    /// one network the later one counts.
    ///
    /// # Errors
    /// There is no usable IPv4 line and `empty` says to refuse that.
    pub fn from_bytes(bytes: &[u8], empty: EmptyIpv4) -> Result<Self, LoadError> {
        let mut systems = NamesBuilder::default();
        let mut networks = Vec::new();
        let (mut skipped, mut ipv4) = (0, 0);
        for line in bytes.split(|byte| *byte == b'\n') {
            // No file of the size that is read has more texts than there are numbers.
            let Some((network, system)) =
                parse(line).and_then(|(net, text)| Some((net, systems.intern(text)?)))
            else {
                skipped += usize::from(!line.trim_ascii().is_empty());
                continue;
            };
            ipv4 += usize::from(matches!(network, IpNet::V4(_)));
            networks.push((network, system));
        }
        if ipv4 == 0 && empty == EmptyIpv4::Refuse {
            return Err(LoadError::NoIpv4Prefix { skipped });
        }
        let prefixes = networks.len();
        Ok(Self { table: PrefixTable::new(networks), systems: systems.freeze(), prefixes, skipped })
    }

    /// Loads a routing table from a file.
    ///
    /// # Errors
    /// With the path: the file cannot be read, is larger than 1 GiB, or has no usable IPv4 line.
    pub fn read(path: &Path, empty: EmptyIpv4) -> Result<Self, LoadError> {
        from_file(path, MAX_BYTES, |bytes| Self::from_bytes(&bytes, empty))
    }

    /// The autonomous system of the smallest network that holds the address.
    pub fn of(&self, address: IpAddr) -> Option<Asn<'_>> {
        let text = self.systems.text(self.table.get(address)?);
        Some(Asn { text, number: text.parse().unwrap_or(-1) })
    }

    /// Adds the parts of the table to a file.
    pub fn write(&self, to: &mut PartsWriter) {
        to.push((self.prefixes as u64).to_le_bytes().to_vec());
        self.systems.write(to);
        self.table.write(to);
    }

    /// Takes a table from the parts of a file.
    ///
    /// # Errors
    /// They are no such table.
    pub fn read_parts(parts: &mut Parts) -> Result<Self, Damaged> {
        let prefixes = parts.bytes()?;
        let prefixes =
            <[u8; 8]>::try_from(prefixes.as_ref()).map_err(|_| parts.damaged("no number of prefixes"))?;
        let systems = Names::read(parts)?;
        let table = PrefixTable::read(parts, systems.len())?;
        let prefixes = usize::try_from(u64::from_le_bytes(prefixes)).unwrap_or(usize::MAX);
        Ok(Self { table, systems, prefixes, skipped: 0 })
    }

    /// How many lines were used.
    pub fn prefixes(&self) -> usize {
        self.prefixes
    }

    /// How many lines, blank ones apart, were not understood. Worth one warning.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

fn parse(line: &[u8]) -> Option<(IpNet, &str)> {
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    let network: IpNet = words.next()?.parse().ok()?;
    let system = words.next()?;
    (network.prefix_len() > 0).then_some((network, system))
}
